//! Lies told to the thread OS, for tests of its soundness: a hint supplies other values than it should. Whoever
//! proves can tell any such lie; the OS must then fail, or output a statement that says what was claimed.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use cairo_vm::types::relocatable::MaybeRelocatable;
use starknet_types_core::felt::Felt;

use crate::error::OsError;
use crate::hints::OsHints;
use crate::input::OsInput;
use crate::runner::{OsRun, rehearse, run_with_hints};

/// One value that a hint supplies wrongly.
#[derive(Debug, Clone, Copy)]
pub struct Lie {
    /// The hint's name without its prefix; `syscall` for the answer to a contract's syscall, in the order gas, failure
    /// flag, values, what a call returned or error data; `syscall_is_paid` for the decision whether the gas suffices; `contract_…`
    /// for hints of contracts' own.
    pub hint: &'static str,
    /// Which execution of the hint, from zero.
    pub execution: usize,
    /// Which of the cells it writes, from zero.
    pub cell: usize,
    /// The lie, given the truth. Pointers stay true.
    pub bend: fn(Felt) -> Felt,
}

/// Runs the thread OS, telling it lies: in the rehearsal, so that the lies hang together, and in the run to be proven.
///
/// # Errors
/// See [`OsError`].
pub fn run_with_lies(input: &OsInput, lies: &[Lie]) -> Result<OsRun, OsError> {
    let lying = |rehearsal| {
        let mut hints = OsHints::new(input, rehearsal);
        hints.liar.lies = lies.to_vec();
        hints
    };
    let rehearsal = rehearse(lying(None))?;
    run_with_hints(lying(Some(&rehearsal)))
}

/// Where a run can be lied to: for each hint that is executed, the executions and cells in which it supplies a number.
pub type Occasions = BTreeMap<String, Vec<(usize, usize)>>;

/// The occasions for lies that an honest run gives. Of hints that only the rehearsal executes, those of the rehearsal.
///
/// # Errors
/// See [`OsError`].
pub fn occasions(input: &OsInput) -> Result<Occasions, OsError> {
    let watched = |rehearsal| {
        let mut hints = OsHints::new(input, rehearsal);
        let occasions = Rc::<RefCell<Occasions>>::default();
        hints.liar.occasions = Some(Rc::clone(&occasions));
        (hints, occasions)
    };
    let (hints, in_rehearsal) = watched(None);
    let rehearsal = rehearse(hints)?;
    let (hints, in_run) = watched(Some(&rehearsal));
    run_with_hints(hints)?;
    let mut occasions = in_rehearsal.take();
    occasions.append(&mut in_run.borrow_mut());
    Ok(occasions)
}

/// Bends what hints supply; without lies, lets all pass.
#[derive(Default)]
pub(crate) struct Liar {
    pub(crate) lies: Vec<Lie>,
    /// Where occasions for lies are noted, if they are.
    occasions: Option<Rc<RefCell<Occasions>>>,
    /// The hint that runs, and which execution of it.
    hint: (String, usize),
    executions: HashMap<String, usize>,
    /// The lies about the hint that runs.
    current: Vec<Lie>,
    /// Cells that hint has written.
    cell: usize,
}

impl Liar {
    /// A hint begins.
    pub(crate) fn begin(&mut self, hint: &str) {
        if self.lies.is_empty() && self.occasions.is_none() {
            return;
        }
        let execution = self.executions.entry(hint.to_owned()).or_default();
        let lies = self.lies.iter().filter(|lie| lie.hint == hint && lie.execution == *execution);
        self.current = lies.copied().collect();
        self.cell = 0;
        if let Some(occasions) = &self.occasions {
            occasions.borrow_mut().entry(hint.to_owned()).or_default();
            self.hint = (hint.to_owned(), *execution);
        }
        *execution += 1;
    }

    /// A decision that the hint processor takes on its own: a hint of one cell, 1 or 0.
    pub(crate) fn doubt(&mut self, decision: &str, truth: bool) -> bool {
        self.begin(decision);
        self.bend(Felt::from(truth).into()) != Felt::ZERO.into()
    }

    /// What a hint of one number is to supply instead of the truth, which is not known here: lies are given zero.
    pub(crate) fn instead(&mut self, hint: &str) -> Option<Felt> {
        self.begin(hint);
        let MaybeRelocatable::Int(said) = self.bend(Felt::ZERO.into()) else { return None };
        (!self.current.is_empty()).then_some(said)
    }

    /// What the hint supplies in its next cell.
    pub(crate) fn bend(&mut self, truth: MaybeRelocatable) -> MaybeRelocatable {
        let cell = self.cell;
        self.cell += 1;
        if let (MaybeRelocatable::Int(_), Some(occasions)) = (&truth, &self.occasions) {
            let (hint, execution) = &self.hint;
            occasions.borrow_mut().entry(hint.clone()).or_default().push((*execution, cell));
        }
        match (truth, self.current.iter().find(|lie| lie.cell == cell)) {
            (MaybeRelocatable::Int(truth), Some(lie)) => MaybeRelocatable::Int((lie.bend)(truth)),
            (truth, _) => truth,
        }
    }
}

//! Lies told to the thread OS: a hint supplies other values than it should. Whoever proves can tell any such lie; the OS must
//! then fail, or output a statement that says what was claimed.

#![allow(dead_code, unreachable_pub, missing_docs)]

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use cairo_vm::types::relocatable::MaybeRelocatable;
use starknet_types_core::felt::Felt;
use zkthreads_program::input::OsInput;
use zkthreads_runner::{Faults, OsError, OsRun, run_with_faults};

/// One value that a hint supplies wrongly.
#[derive(Debug, Clone, Copy)]
pub struct Lie {
    /// The hint, as [`Faults::begin`] names it; `syscall_is_paid` for the decision whether the gas suffices.
    pub hint: &'static str,
    /// Which execution of the hint, from zero.
    pub execution: usize,
    /// Which of the cells it writes, from zero.
    pub cell: usize,
    /// The lie, given the truth. Pointers stay true.
    pub bend: fn(Felt) -> Felt,
}

/// Runs the thread OS, telling it lies: in the rehearsal, so that the lies hang together, and in the run to be proven.
pub fn run_with_lies(input: &OsInput, lies: &[Lie]) -> Result<OsRun, OsError> {
    let injector = || Box::new(FaultInjector::telling(lies));
    run_with_faults(&with_any_code(input), injector(), injector())
}

/// Where a run can be lied to: for each hint that is executed, the executions and cells in which it supplies a number.
pub type Occasions = BTreeMap<String, Vec<(usize, usize)>>;

/// The occasions for lies that an honest run gives. Of hints that only the rehearsal executes, those of the rehearsal.
pub fn occasions(input: &OsInput) -> Result<Occasions, OsError> {
    let [in_rehearsal, in_run] = [(); 2].map(|()| Rc::<RefCell<Occasions>>::default());
    let watching = |occasions: &Rc<RefCell<Occasions>>| {
        Box::new(FaultInjector { occasions: Some(Rc::clone(occasions)), ..FaultInjector::default() })
    };
    run_with_faults(&with_any_code(input), watching(&in_rehearsal), watching(&in_run))?;
    let mut occasions = in_rehearsal.take();
    occasions.append(&mut in_run.borrow_mut());
    Ok(occasions)
}

/// The same input if nobody knows which code runs: lies may make it another.
fn with_any_code(input: &OsInput) -> OsInput {
    let mut input = input.clone();
    input.classes.values_mut().for_each(|class| class.ran = None);
    input
}

/// Bends what hints supply.
#[derive(Default)]
pub struct FaultInjector {
    lies: Vec<Lie>,
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

impl FaultInjector {
    /// One that tells these lies, and the truth otherwise.
    pub fn telling(lies: &[Lie]) -> Self {
        Self { lies: lies.to_vec(), ..Self::default() }
    }
}

impl Faults for FaultInjector {
    fn begin(&mut self, hint: &str) {
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

    fn supply(&mut self, truth: MaybeRelocatable) -> MaybeRelocatable {
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

    /// Lies are given zero.
    fn instead(&mut self, hint: &str) -> Option<Felt> {
        self.begin(hint);
        let MaybeRelocatable::Int(said) = self.supply(Felt::ZERO.into()) else { return None };
        (!self.current.is_empty()).then_some(said)
    }
}

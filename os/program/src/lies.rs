//! Lies told to the thread OS, for tests of its soundness: a hint supplies other values than it should. Whoever
//! proves can tell any such lie; the OS must then fail, or output a statement that says what was claimed.

use std::collections::HashMap;

use cairo_vm::types::relocatable::MaybeRelocatable;
use starknet_types_core::felt::Felt;

use crate::error::OsError;
use crate::hints::{OsHints, UsedCode};
use crate::input::OsInput;
use crate::runner::{OsRun, count_range_checks, rehearse, run_with_hints};

/// One value that a hint supplies wrongly.
#[derive(Debug, Clone, Copy)]
pub struct Lie {
    /// The hint's name without its prefix; `syscall` for the answer to a contract's syscall, in the order gas, failure
    /// flag, values, what a call returned or error data; `syscall_is_paid` for the decision whether the gas suffices.
    pub hint: &'static str,
    /// Which execution of the hint, from zero.
    pub execution: usize,
    /// Which of the cells it writes, from zero.
    pub cell: usize,
    /// The lie, given the truth. Pointers stay true.
    pub bend: fn(Felt) -> Felt,
}

/// An input that the thread OS runs on honestly, to be run again with lies.
pub struct Victim<'a> {
    input: &'a OsInput,
    used: UsedCode,
    range_checks: usize,
}

/// Range checks that a run with lies may make beyond those of the honest one.
const MORE_RANGE_CHECKS: usize = 10_000;

impl<'a> Victim<'a> {
    /// Runs the OS on `input` honestly, to learn which code of the classes runs.
    ///
    /// # Errors
    /// See [`OsError`].
    pub fn new(input: &'a OsInput) -> Result<Self, OsError> {
        let used = rehearse(input)?;
        let range_checks = count_range_checks(input, &used)? + MORE_RANGE_CHECKS;
        Ok(Self { input, used, range_checks })
    }

    /// Runs the thread OS, telling it lies.
    ///
    /// # Errors
    /// See [`OsError`].
    pub fn run(&self, lies: &[Lie]) -> Result<OsRun, OsError> {
        let mut hints = OsHints::new(self.input, Some(&self.used));
        hints.liar.lies = lies.to_vec();
        hints.range_checks = self.range_checks;
        run_with_hints(hints)
    }
}

/// Bends what hints supply; without lies, lets all pass.
#[derive(Default)]
pub(crate) struct Liar {
    pub(crate) lies: Vec<Lie>,
    executions: HashMap<String, usize>,
    /// The lies about the hint that runs.
    current: Vec<Lie>,
    /// Cells that hint has written.
    cell: usize,
}

impl Liar {
    /// A hint begins.
    pub(crate) fn begin(&mut self, hint: &str) {
        if self.lies.is_empty() {
            return;
        }
        let execution = self.executions.entry(hint.to_owned()).or_default();
        let lies = self.lies.iter().filter(|lie| lie.hint == hint && lie.execution == *execution);
        self.current = lies.copied().collect();
        self.cell = 0;
        *execution += 1;
    }

    /// A decision that the hint processor takes on its own: a hint of one cell, 1 or 0.
    pub(crate) fn doubt(&mut self, decision: &str, truth: bool) -> bool {
        self.begin(decision);
        self.bend(Felt::from(truth).into()) != Felt::ZERO.into()
    }

    /// What the hint supplies in its next cell.
    pub(crate) fn bend(&mut self, truth: MaybeRelocatable) -> MaybeRelocatable {
        let cell = self.cell;
        self.cell += 1;
        match (truth, self.current.iter().find(|lie| lie.cell == cell)) {
            (MaybeRelocatable::Int(truth), Some(lie)) => MaybeRelocatable::Int((lie.bend)(truth)),
            (truth, _) => truth,
        }
    }
}

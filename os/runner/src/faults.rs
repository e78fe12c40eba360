//! Where the tests of soundness come in: whoever proves may let a hint supply anything.

use cairo_vm::types::relocatable::MaybeRelocatable;
use starknet_types_core::felt::Felt;

/// What all that hints supply passes through. Runs that are proven use [`NoFaults`]; the fault injector is in this crate's tests.
pub trait Faults {
    /// A hint begins: its name without its prefix; `syscall` for the answer to a contract's syscall, in the order gas, failure
    /// flag, values, what a call returned or error data; `contract_…` for hints of contracts' own.
    fn begin(&mut self, hint: &str);

    /// What the hint supplies in its next cell.
    fn supply(&mut self, truth: MaybeRelocatable) -> MaybeRelocatable;

    /// A decision that the hint processor takes on its own: a hint of one cell, 1 or 0.
    fn decide(&mut self, decision: &str, truth: bool) -> bool {
        self.begin(decision);
        self.supply(Felt::from(truth).into()) != Felt::ZERO.into()
    }

    /// What a hint of one number supplies instead of the truth, which is not known here.
    fn instead(&mut self, hint: &str) -> Option<Felt>;
}

/// Hints supply what they should.
#[derive(Debug, Clone, Copy)]
pub struct NoFaults;

impl Faults for NoFaults {
    fn begin(&mut self, _: &str) {}

    fn supply(&mut self, truth: MaybeRelocatable) -> MaybeRelocatable {
        truth
    }

    fn instead(&mut self, _: &str) -> Option<Felt> {
        None
    }
}

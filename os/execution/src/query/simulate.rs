//! Executing transactions on a copy of the state; also how fees are estimated.

use starknet_api::block::BlockNumber;
use zkthreads_storage::Receipt;

use super::{FeeEstimate, Trace};
use crate::error::SimulateError;
use crate::executor::Executor;
use crate::transaction::PendingTransaction;

/// What a simulation leaves out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SimulationFlags {
    /// Do not run `__validate__`.
    pub skip_validate: bool,
    /// Charge no fee and do not check balance or bounds.
    pub skip_fee_charge: bool,
}

/// What a transaction would do.
#[derive(Debug)]
pub struct Simulation {
    /// Its receipt.
    pub receipt: Receipt,
    /// Its calls.
    pub trace: Trace,
    /// What it would cost.
    pub fee: FeeEstimate,
}

impl Executor {
    /// Executes `transactions` one after the other on the state after block `at`, as the next block would.
    /// Reverted transactions are results, not errors.
    ///
    /// # Errors
    /// If a transaction could not enter a block at all.
    pub fn simulate(
        &self,
        at: BlockNumber,
        transactions: Vec<PendingTransaction>,
        flags: SimulationFlags,
    ) -> Result<Vec<Simulation>, SimulateError> {
        let _ = (at, transactions, flags);
        todo!()
    }
}

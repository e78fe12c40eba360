//! Executing transactions on a copy of the state; also how fees are estimated.

use blockifier::state::cached_state::StateMaps;
use blockifier::transaction::account_transaction::ExecutionFlags;
use starknet_api::block::BlockNumber;
use starknet_api::execution_resources::GasVector;
use starknet_api::transaction::fields::Tip;
use zkthreads_storage::Receipt;

use super::{FeeEstimate, Trace};
use crate::admit::AdmitError;
use crate::block::session::Session;
use crate::block::{ExecutedTransaction, Refusal};
use crate::context::Capacity;
use crate::error::{ExecutionError, SimulateError};
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
    /// Reverted transactions are results, not errors. A fee estimate is a simulation that charges no fee; its first
    /// transaction's nonce may be ahead, because those before it may still wait for their block.
    ///
    /// # Errors
    /// If a transaction could not enter a block at all.
    pub fn simulate(
        &self,
        at: BlockNumber,
        transactions: Vec<PendingTransaction>,
        flags: SimulationFlags,
    ) -> Result<Vec<Simulation>, SimulateError> {
        self.simulate_with_reads(at, transactions, flags).map(|(simulations, _)| simulations)
    }

    /// As [`Executor::simulate`], with the values that the transactions read of the state after block `at`.
    ///
    /// # Errors
    /// As [`Executor::simulate`].
    pub fn simulate_with_reads(
        &self,
        at: BlockNumber,
        transactions: Vec<PendingTransaction>,
        flags: SimulationFlags,
    ) -> Result<(Vec<Simulation>, StateMaps), SimulateError> {
        let mut session = self.session_on(at)?.ok_or(SimulateError::UnknownBlock(at))?;
        let simulate = |(index, transaction): (usize, PendingTransaction)| {
            let flags = ExecutionFlags {
                only_query: transaction.only_query,
                charge_fee: !flags.skip_fee_charge,
                validate: !flags.skip_validate,
                strict_nonce_check: !flags.skip_fee_charge,
            };
            match session.execute(&transaction, flags) {
                Ok(executed) => Ok(self.simulation(&transaction, executed)),
                Err(refusal) => Err(failure(index, refusal)),
            }
        };
        let simulations = transactions.into_iter().enumerate().map(simulate).collect::<Result<_, _>>()?;
        Ok((simulations, session.initial_reads()?))
    }

    /// The block after `at`, as a simulation sees it; `None` if `at` does not exist.
    pub(crate) fn session_on(&self, at: BlockNumber) -> Result<Option<Session>, ExecutionError> {
        let Some(header) = self.storage().header(at)? else { return Ok(None) };
        let number = at.next().ok_or(ExecutionError::BlockNumberOverflow)?;
        let timestamp = header.block_header_without_hash.timestamp;
        let context = self.config().block_context(number, timestamp, Capacity::Unlimited)?;
        Session::open(self, at, context).map(Some)
    }

    fn simulation(&self, transaction: &PendingTransaction, executed: ExecutedTransaction) -> Simulation {
        let ExecutedTransaction { receipt, trace, .. } = executed;
        let fee = self.estimate(receipt.gas, transaction.tip());
        Simulation { receipt, trace, fee }
    }

    pub(crate) fn estimate(&self, gas: GasVector, tip: Tip) -> FeeEstimate {
        let prices = self.config().gas_prices.strk_gas_prices.clone();
        let overall_fee = gas.cost(&prices, tip);
        FeeEstimate { gas, prices, overall_fee }
    }
}

fn failure(index: usize, refusal: Refusal) -> SimulateError {
    match refusal {
        Refusal::Rejected { reason } => match *reason {
            AdmitError::Internal(error) => SimulateError::Internal(error),
            error => SimulateError::Transaction { index, error: Box::new(error) },
        },
        Refusal::BlockFull => {
            let error = AdmitError::Execution("larger than any block".to_owned());
            SimulateError::Transaction { index, error: Box::new(error) }
        }
    }
}

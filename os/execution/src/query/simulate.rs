//! Executing transactions on a copy of the state; also how fees are estimated.

use blockifier::state::cached_state::StateMaps;
use blockifier::transaction::account_transaction::ExecutionFlags;
use starknet_api::block::GasPriceVector;
use starknet_api::execution_resources::{GasAmount, GasVector};
use starknet_api::transaction::fields::Tip;
use zkthreads_storage::{Receipt, TransactionTrace};

use super::FeeEstimate;
use super::at::StateAt;
use crate::block::Refusal;
use crate::call_stack::CallStack;
use crate::error::AdmitError;
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
    /// Take nonces that are ahead of their account's: those before may still wait for their block.
    pub nonces_may_be_ahead: bool,
}

/// What a transaction would do.
#[derive(Debug)]
pub struct Simulation {
    /// Its receipt.
    pub receipt: Receipt,
    /// Its calls.
    pub trace: TransactionTrace,
    /// Why it is reverted, unless it is a thread.
    pub failure: Option<CallStack>,
    /// What it would cost.
    pub fee: FeeEstimate,
}

impl Executor {
    /// Executes `transactions` one after the other on the state at a moment, as the open block or the next
    /// one would.
    /// Together they have the gas of one transaction: once it is used, none begins any more.
    /// Reverted transactions are results, not errors. A fee estimate is a simulation that charges no fee.
    ///
    /// # Errors
    /// If a transaction could not enter a block at all, or too much gas was used before it.
    pub fn simulate(
        &self,
        at: impl Into<StateAt>,
        transactions: Vec<PendingTransaction>,
        flags: SimulationFlags,
    ) -> Result<Vec<Simulation>, SimulateError> {
        self.simulate_with_reads(at, transactions, flags).map(|(simulations, _)| simulations)
    }

    /// As [`Executor::simulate`], with the values that the transactions read of the state at that moment.
    ///
    /// # Errors
    /// As [`Executor::simulate`].
    pub fn simulate_with_reads(
        &self,
        at: impl Into<StateAt>,
        transactions: Vec<PendingTransaction>,
        flags: SimulationFlags,
    ) -> Result<(Vec<Simulation>, StateMaps), SimulateError> {
        let at = at.into();
        let mut session = self.session_on(&at)?.ok_or_else(|| SimulateError::UnknownBlock(at.number()))?;
        let budget = session.context().versioned_constants().initial_gas_no_user_l2_bound();
        let mut used = GasAmount(0);
        let prices = session.context().block_info().gas_prices.strk_gas_prices.clone();
        let simulate = |(index, transaction): (usize, PendingTransaction)| {
            if used > budget {
                return Err(SimulateError::TooMuchWork { index, used, budget });
            }
            let flags = ExecutionFlags {
                only_query: transaction.only_query,
                charge_fee: !flags.skip_fee_charge,
                validate: !flags.skip_validate && !transaction.impersonated,
                strict_nonce_check: !flags.nonces_may_be_ahead,
            };
            match session.execute_and_explain(&transaction, flags) {
                Ok((receipt, trace, failure)) => {
                    used = GasAmount(used.0.saturating_add(receipt.gas.l2_gas.0));
                    let fee = FeeEstimate::new(receipt.gas, &prices, transaction.tip());
                    Ok(Simulation { receipt, trace, failure, fee })
                }
                Err(refusal) => Err(failure(index, refusal)),
            }
        };
        let simulations = transactions.into_iter().enumerate().map(simulate).collect::<Result<_, _>>()?;
        Ok((simulations, session.initial_reads()?))
    }
}

impl FeeEstimate {
    pub(crate) fn new(gas: GasVector, prices: &GasPriceVector, tip: Tip) -> Self {
        Self { gas, prices: prices.clone(), overall_fee: gas.cost(prices, tip) }
    }
}

fn failure(index: usize, refusal: Refusal) -> SimulateError {
    match refusal {
        Refusal::Rejected { reason } => match *reason {
            AdmitError::Internal(error) => SimulateError::Internal(error),
            error => SimulateError::Transaction { index, error: Box::new(error) },
        },
        Refusal::BlockFull => {
            let error = AdmitError::Execution("larger than any block".to_owned().into());
            SimulateError::Transaction { index, error: Box::new(error) }
        }
    }
}

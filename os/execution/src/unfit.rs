//! Executions that no block can hold: they are dropped, and their sender pays all the same.
//!
//! A transaction that was executed has made us work. If what it did is larger than an empty block, takes too long, or
//! makes blockifier panic, it is treated as blockifier treats one whose cost exceeds its bounds: what `__execute__` did is dropped;
//! validation, nonce and fee stay. Otherwise its sender could have it executed again and again for nothing. Nobody is
//! charged whose `__validate__` did not pass: nobody signed. A DECLARE or DEPLOY_ACCOUNT cannot be reverted.

use std::time::Duration;

use blockifier::context::BlockContext;
use blockifier::execution::call_info::CallInfo;
use blockifier::execution::common_hints::ExecutionMode;
use blockifier::fee::resources::ComputationResources;
use blockifier::transaction::errors::TransactionExecutionError;
use blockifier::transaction::objects::TransactionExecutionInfo;
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::fields::GasVectorComputationMode;

use crate::error::AdmitError;

/// What the VM executes in a second (`thread/constants.rs`).
const GAS_PER_SECOND: u64 = 250_000_000;

/// Steps and Sierra gas of calls that were reverted.
pub(crate) type Reverted = (usize, GasAmount);

/// Why an execution is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Unfit {
    /// What its sender is told.
    pub(crate) reason: String,
    /// What `__execute__` took.
    pub(crate) took: Reverted,
}

impl Unfit {
    pub(crate) fn new(reason: String, info: &TransactionExecutionInfo, block: &BlockContext) -> Self {
        Self { reason, took: took(info, block) }
    }

    /// What it took nobody knows: as much as Sierra gas allows.
    pub(crate) fn panicked(block: &BlockContext) -> Self {
        let most = block.versioned_constants().sierra_gas_limit(&ExecutionMode::Execute);
        Self { reason: "the execution panicked".to_owned(), took: (0, most) }
    }

    /// It was ended because it took so long: what others could have done meanwhile.
    pub(crate) fn too_long(time: Duration) -> Self {
        let gas = time.as_secs().saturating_mul(GAS_PER_SECOND);
        Self { reason: format!("it kept a processor busy for more than {time:?}"), took: (0, GasAmount(gas)) }
    }

    /// L2 gas that is paid for what is dropped. It takes no room in a block.
    pub(crate) fn gas(&self, block: &BlockContext) -> GasAmount {
        let (steps, gas) = self.took;
        let step = block.versioned_constants().os_constants.gas_costs.base.step_gas_cost;
        GasAmount(u64::try_from(steps).unwrap_or(u64::MAX).saturating_mul(step).saturating_add(gas.0))
    }

    /// A transaction that is larger than an empty block; what else it may be, as it is.
    pub(crate) fn too_large(
        error: TransactionExecutionError,
        info: &TransactionExecutionInfo,
        block: &BlockContext,
    ) -> Result<Self, AdmitError> {
        match error {
            TransactionExecutionError::TransactionTooLarge { max_capacity, tx_size } => {
                let exceeded = max_capacity.get_exceeded_weights(*tx_size);
                Ok(Self::new(format!("larger than any block: {exceeded}"), info, block))
            }
            error => Err(error.into()),
        }
    }
}

/// Steps and gas that `__execute__` took, at a receipt's prices.
fn took(info: &TransactionExecutionInfo, block: &BlockContext) -> Reverted {
    let before = &info.receipt.resources.computation;
    let constants = block.versioned_constants();
    let calls = CallInfo::summarize_many(info.execute_call_info.iter(), constants).charged_resources;
    let calls = ComputationResources {
        tx_extended_vm_resources: calls.extended_vm_resources,
        sierra_gas: calls.gas_consumed,
        ..ComputationResources::default()
    };
    let gas = calls.to_gas_vector(constants, &GasVectorComputationMode::All).l2_gas;
    (before.n_reverted_steps, GasAmount(before.reverted_sierra_gas.0.saturating_add(gas.0)))
}

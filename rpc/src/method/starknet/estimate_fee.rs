//! `starknet_estimateFee`.

use serde::Deserialize;
use starknet_rust_core::types::FeeEstimate;
use zkthreads_execution::SimulationFlags;
use zkthreads_storage::ExecutionStatus;

use super::simulate_transactions::prepare;
use crate::context::RpcContext;
use crate::convert::fee::fee_estimate;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;
use crate::wire::broadcast::Broadcast;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    request: Vec<Broadcast>,
    simulation_flags: Vec<EstimateFlag>,
    block_id: BlockId,
}

#[derive(Deserialize)]
enum EstimateFlag {
    #[serde(rename = "SKIP_VALIDATE")]
    SkipValidate,
}

/// What transactions would cost, one executed after the other. A transaction that reverts has no estimate.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Vec<FeeEstimate>, RpcError> {
    let at = context.resolve_state(params.block_id)?;
    let transactions = prepare(context, params.request)?;
    let skip_validate = params.simulation_flags.iter().any(|flag| matches!(flag, EstimateFlag::SkipValidate));
    let flags = SimulationFlags { skip_validate, skip_fee_charge: true };
    let simulations = context.executor.simulate(at, transactions, flags)?;
    let estimate =
        |(index, simulation): (usize, &zkthreads_execution::Simulation)| match &simulation.receipt.status {
            ExecutionStatus::Succeeded => Ok(fee_estimate(&simulation.fee)),
            ExecutionStatus::Reverted { reason } => {
                Err(RpcError::TransactionExecution { index, reason: reason.clone() })
            }
        };
    simulations.iter().enumerate().map(estimate).collect()
}

//! `starknet_estimateFee`.

use serde::Deserialize;
use starknet_rust_core::types::FeeEstimate;
use zkthreads_execution::{Simulation, SimulationFlags};
use zkthreads_storage::ExecutionStatus;

use super::simulate_transactions::{prepare, verified};
use crate::context::RpcContext;
use crate::convert::fee::fee_estimate;
use crate::error::RpcError;
use crate::method::registry::Step;
use crate::submitters::Submitters;
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
pub(super) fn begin(
    context: &RpcContext,
    submitters: &Submitters,
    params: Params,
) -> Result<Step<Vec<FeeEstimate>>, RpcError> {
    let block = params.block_id;
    let at = context.resolve_state(block)?;
    let transactions = prepare(context, params.request)?;
    let skip_validate = params.simulation_flags.iter().any(|flag| matches!(flag, EstimateFlag::SkipValidate));
    let flags = SimulationFlags { skip_validate, skip_fee_charge: true, nonces_may_be_ahead: skip_validate };
    verified(context, submitters, &at, transactions, move |context, transactions| {
        let at = context.resolve_state(block)?;
        let simulations = context.executor.simulate(at, transactions, flags)?;
        simulations.iter().enumerate().map(estimate).collect()
    })
}

fn estimate((index, simulation): (usize, &Simulation)) -> Result<FeeEstimate, RpcError> {
    match &simulation.receipt.status {
        ExecutionStatus::Succeeded => Ok(fee_estimate(&simulation.fee)),
        ExecutionStatus::Reverted { reason } => {
            let stack = simulation.failure.clone().unwrap_or_else(|| reason.clone().into());
            Err(RpcError::TransactionExecution { index, stack })
        }
    }
}

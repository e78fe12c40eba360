//! `starknet_simulateTransactions`.

use serde::{Deserialize, Serialize};
use starknet_rust_core::types::{FeeEstimate, TransactionTrace};
use zkthreads_execution::{PendingTransaction, SimulationFlags};

use crate::context::RpcContext;
use crate::convert::fee::fee_estimate;
use crate::convert::state_diff::state_diff;
use crate::convert::submission;
use crate::convert::trace::transaction_trace;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;
use crate::wire::broadcast::Broadcast;
use crate::wire::flags::SimulationFlag;

/// Most transactions in one request.
const MAX_TRANSACTIONS: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    block_id: BlockId,
    transactions: Vec<Broadcast>,
    simulation_flags: Vec<SimulationFlag>,
}

#[derive(Serialize)]
pub(super) struct SimulatedTransaction {
    transaction_trace: TransactionTrace,
    fee_estimation: FeeEstimate,
}

/// What transactions would do, one executed after the other.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Vec<SimulatedTransaction>, RpcError> {
    let has = |flag| params.simulation_flags.contains(&flag);
    if has(SimulationFlag::ReturnInitialReads) {
        return Err(RpcError::InvalidParams(
            "simulation_flags: RETURN_INITIAL_READS is not supported".into(),
        ));
    }
    let flags = SimulationFlags {
        skip_validate: has(SimulationFlag::SkipValidate),
        skip_fee_charge: has(SimulationFlag::SkipFeeCharge),
    };
    let number = context.resolve(params.block_id)?;
    let transactions = prepare(context, params.transactions)?;
    let simulations = context.executor.simulate(number, transactions.clone(), flags)?;
    let state = context.storage.state_at(number);
    let simulated = transactions.iter().zip(&simulations).map(|(transaction, simulation)| {
        let diff = state_diff(&simulation.trace.state_diff, &state)?;
        Ok(SimulatedTransaction {
            transaction_trace: transaction_trace(&transaction.body, simulation, diff)?,
            fee_estimation: fee_estimate(&simulation.fee),
        })
    });
    simulated.collect()
}

/// Makes transactions out of requests; names the one that fails.
pub(super) fn prepare(
    context: &RpcContext,
    requests: Vec<Broadcast>,
) -> Result<Vec<PendingTransaction>, RpcError> {
    if requests.len() > MAX_TRANSACTIONS {
        let count = requests.len();
        return Err(RpcError::InvalidParams(format!(
            "{count} transactions, at most {MAX_TRANSACTIONS} are taken"
        )));
    }
    let prepare = |(index, request)| {
        let failed = |reason: String| RpcError::TransactionExecution { index, reason };
        let (submission, only_query) = match submission::any(request) {
            Ok(submission) => submission,
            Err(RpcError::InvalidProof(error)) => return Err(failed(error.to_string())),
            Err(RpcError::UnsupportedTransactionVersion { reason }) => return Err(failed(reason)),
            Err(error) => return Err(error),
        };
        context.executor.prepare(submission, only_query).map_err(|error| match error {
            zkthreads_execution::AdmitError::Internal(error) => error.into(),
            error => failed(error.to_string()),
        })
    };
    requests.into_iter().enumerate().map(prepare).collect()
}

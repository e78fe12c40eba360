//! `starknet_simulateTransactions`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use starknet_rust_core::types::{FeeEstimate, InitialReads, TransactionTrace};
use zkthreads_execution::class::MAX_PROGRAM_FELTS;
use zkthreads_execution::verification::KeptVerdict;
use zkthreads_execution::{
    PendingBody, PendingTransaction, Simulation, SimulationFlags, StateAt, Submission,
};
use zkthreads_protocol::PackageContents;
use zkthreads_protocol::limits::MAX_SEGMENTS;

use crate::context::RpcContext;
use crate::convert::fee::fee_estimate;
use crate::convert::initial_reads::initial_reads;
use crate::convert::submission;
use crate::convert::trace::{Traced, Traces};
use crate::error::RpcError;
use crate::jobs::{Lane, LaneSlot};
use crate::limits::MAX_SIMULATED;
use crate::method::registry::Step;
use crate::submitters::Submitters;
use crate::wire::block_id::BlockId;
use crate::wire::broadcast::Broadcast;
use crate::wire::flags::{self, SimulationFlag, TraceFlag};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    block_id: BlockId,
    transactions: Vec<Broadcast>,
    simulation_flags: Vec<SimulationFlag>,
    /// Not in the specification, but starknet.js asks for initial reads here.
    #[serde(default)]
    trace_flags: Option<Vec<TraceFlag>>,
}

#[derive(Serialize)]
pub(super) struct SimulatedTransaction {
    transaction_trace: TransactionTrace,
    fee_estimation: FeeEstimate,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Simulated {
    Plain(Vec<SimulatedTransaction>),
    WithReads { simulated_transactions: Vec<SimulatedTransaction>, initial_reads: InitialReads },
}

/// What transactions would do, one executed after the other, and the state they read if asked.
pub(super) fn begin(
    context: &RpcContext,
    submitters: &Submitters,
    params: Params,
) -> Result<Step<Simulated>, RpcError> {
    let has = |flag| params.simulation_flags.contains(&flag);
    let skip_validate = has(SimulationFlag::SkipValidate);
    // A thread charges nothing, so its users offer nothing.
    let skip_fee_charge = has(SimulationFlag::SkipFeeCharge) || context.thread.is_some();
    // Who does not have it validated need not be able to send it yet.
    let flags = SimulationFlags { skip_validate, skip_fee_charge, nonces_may_be_ahead: skip_validate };
    let with_reads = has(SimulationFlag::ReturnInitialReads)
        || flags::has(&params.trace_flags, TraceFlag::ReturnInitialReads);
    let block = params.block_id;
    let at = context.resolve_state(block)?;
    let transactions = prepare(context, params.transactions)?;
    verified(context, submitters, &at, transactions, move |context, transactions| {
        simulate(context, &context.resolve_state(block)?, transactions, flags, with_reads)
    })
}

fn simulate(
    context: &RpcContext,
    at: &StateAt,
    transactions: Vec<PendingTransaction>,
    flags: SimulationFlags,
    with_reads: bool,
) -> Result<Simulated, RpcError> {
    let (simulations, reads) =
        context.executor.simulate_with_reads(at.clone(), transactions.clone(), flags)?;
    let before = context.executor.state(at);
    let mut traces = Traces::new(|contract| before.class_hash(contract));
    let simulated = transactions.iter().zip(&simulations).map(|(transaction, simulation)| {
        let settled = settled(&transaction.body, simulation);
        let Simulation { trace, receipt, .. } = simulation;
        let kind = (&transaction.body).into();
        let traced = Traced { kind, trace, receipt, settled: settled.as_ref() };
        Ok(SimulatedTransaction {
            transaction_trace: traces.convert(&traced)?,
            fee_estimation: fee_estimate(&simulation.fee),
        })
    });
    let simulated_transactions = simulated.collect::<Result<_, RpcError>>()?;
    if with_reads {
        return Ok(Simulated::WithReads { simulated_transactions, initial_reads: initial_reads(&reads) });
    }
    Ok(Simulated::Plain(simulated_transactions))
}

/// Does what was asked once the verdicts on the proofs in it are known: at once, if they are.
pub(super) fn verified<R: 'static>(
    context: &RpcContext,
    submitters: &Submitters,
    at: &StateAt,
    transactions: Vec<PendingTransaction>,
    rest: impl FnOnce(&RpcContext, Vec<PendingTransaction>) -> Result<R, RpcError> + Send + 'static,
) -> Result<Step<R>, RpcError> {
    let verification = context.executor.verification();
    let mut known = Vec::new();
    let mut unknown = Vec::new();
    for transaction in &transactions {
        let PendingBody::Thread(thread) = &transaction.body else { continue };
        match verification.keep_known(thread) {
            Some(verdict) => known.push(verdict),
            None => unknown.push(Arc::clone(thread)),
        }
    }
    if unknown.is_empty() {
        return rest(context, transactions).map(Step::Answer);
    }
    let segments =
        unknown.iter().map(|thread| thread.package().segments.len()).fold(0, usize::saturating_add);
    if segments > MAX_SEGMENTS {
        let reason = format!("{segments} proofs to verify, at most {MAX_SEGMENTS} are for one request");
        return Err(RpcError::TooMuchWork { reason });
    }
    let account = match (unknown.as_slice(), transactions.len()) {
        ([thread], 1) => submitters.asks(&context.executor, at, thread.envelope(), thread.package_bytes())?,
        _ => None,
    };
    let submitters = submitters.clone();
    Ok(Step::then(LaneSlot::Proofs { account }, move |context| {
        let verification = context.executor.verification();
        known.extend(unknown.iter().map(|thread| verification.keep(thread)));
        if let Some(account) = account.filter(|_| !known.iter().all(KeptVerdict::is_accepted)) {
            submitters.is_strange(account);
        }
        Ok(Step::then(LaneSlot::Lane(Lane::Execution), move |context| {
            let answer = rest(context, transactions);
            drop(known);
            answer.map(Step::Answer)
        }))
    }))
}

/// What settled of a thread's package.
fn settled(body: &PendingBody, simulation: &Simulation) -> Option<PackageContents> {
    let PendingBody::Thread(thread) = body else { return None };
    let outcome = simulation.receipt.thread.as_ref().filter(|outcome| outcome.has_settled())?;
    Some(thread.package().contents(outcome.settled()))
}

/// Makes transactions out of requests; names the one that fails.
pub(super) fn prepare(
    context: &RpcContext,
    requests: Vec<Broadcast>,
) -> Result<Vec<PendingTransaction>, RpcError> {
    if requests.len() > MAX_SIMULATED {
        let count = requests.len();
        return Err(RpcError::InvalidParams(format!(
            "{count} transactions, at most {MAX_SIMULATED} are taken"
        )));
    }
    let mut felts = 0_usize;
    let prepare = |(index, request)| {
        let failed = |reason: String| RpcError::TransactionExecution { index, stack: reason.into() };
        let (submission, only_query) = match submission::any(request) {
            Ok(submission) => submission,
            Err(RpcError::InvalidProof(error)) => return Err(failed(error.to_string())),
            Err(RpcError::UnsupportedTransactionVersion { reason }) => return Err(failed(reason)),
            Err(error) => return Err(error),
        };
        if let Submission::Declare { class, .. } = &submission {
            felts = felts.saturating_add(class.sierra_program.len());
            if felts > MAX_PROGRAM_FELTS {
                let reason = format!(
                    "up to transaction {index} the classes have {felts} felts to compile, more than {MAX_PROGRAM_FELTS}"
                );
                return Err(RpcError::TooMuchWork { reason });
            }
        }
        context.executor.prepare_question(submission, only_query).map_err(|error| match error {
            zkthreads_execution::AdmitError::Internal(error) => error.into(),
            zkthreads_execution::AdmitError::CompilerBusy => RpcError::Busy { lane: "compilation" },
            error => failed(error.to_string()),
        })
    };
    requests.into_iter().enumerate().map(prepare).collect()
}

//! `zkthread_checkThread`.

use serde::{Deserialize, Serialize};
use starknet_api::transaction::InvokeTransactionV3;
use starknet_rust_core::types::FeeEstimate;
use starknet_types_core::felt::Felt;
use zkthreads_execution::thread::check::question;
use zkthreads_execution::{AdmitError, Submission};
use zkthreads_protocol::{EnvelopeError, ThreadFacts, ThreadTransaction};

use crate::context::RpcContext;
use crate::convert::fee::fee_estimate;
use crate::convert::submission;
use crate::error::RpcError;
use crate::jobs::{Lane, LaneSlot};
use crate::method::registry::Step;
use crate::submitters::Submitters;
use crate::thread_error::ThreadError;
use crate::wire::block_id::BlockId;
use crate::wire::broadcast::BroadcastInvoke;
use crate::wire::thread::{CheckOut, ConflictOut, conflicts};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    invoke_transaction: BroadcastInvoke,
}

#[derive(Serialize)]
pub(super) struct Check {
    would_settle: bool,
    errors: Vec<CheckOut>,
    conflicts: Vec<ConflictOut>,
    segments: Vec<SegmentCheck>,
    fee_estimate: FeeEstimate,
}

#[derive(Serialize)]
struct SegmentCheck {
    would_settle: bool,
    errors: Vec<CheckOut>,
    conflicts: Vec<ConflictOut>,
}

/// Would it settle now, as the next transaction? Every check that fails, every conflicting key, and the fee. The envelope need
/// not be signed or paid for, and its own calls are not looked at. But submitters who sign do not wait behind strangers.
pub(super) fn begin(
    context: &RpcContext,
    submitters: &Submitters,
    params: Params,
) -> Result<Step<Check>, RpcError> {
    let submission = submission::thread_invoke(params.invoke_transaction).map_err(RpcError::Thread)?;
    let Submission::Thread { envelope, package } = submission else {
        return Err(RpcError::Thread(ThreadError::NotAThread));
    };
    let at = context.resolve(BlockId::PreConfirmed)?;
    let account = submitters.asks(&context.executor, &at, &envelope, package.len())?;
    let submitters = submitters.clone();
    Ok(Step::then(LaneSlot::Proofs { account }, move |context| {
        verify(context, &submitters, account, &envelope, &package)
    }))
}

/// Makes the verdict on the proof known.
fn verify(
    context: &RpcContext,
    submitters: &Submitters,
    account: Option<Felt>,
    envelope: &InvokeTransactionV3,
    package: &[u8],
) -> Result<Step<Check>, RpcError> {
    let refused = |error: EnvelopeError| RpcError::Thread(error.into());
    let facts = ThreadFacts::try_from(&envelope.proof_facts).map_err(refused)?;
    let thread = question(envelope.sender_address, facts, package).map_err(refused)?;
    let refusal =
        |error: AdmitError| RpcError::Thread(ThreadError::InnerTransaction { reason: error.to_string() });
    context.executor.check_inner_transactions(&thread).map_err(refusal)?;
    let verdict = context.executor.verification().keep(&thread);
    if let Some(account) = account.filter(|_| !verdict.is_accepted()) {
        submitters.is_strange(account);
    }
    Ok(Step::then(LaneSlot::Lane(Lane::Execution), move |context| {
        let check = check(context, &thread);
        drop(verdict);
        check.map(Step::Answer)
    }))
}

fn check(context: &RpcContext, thread: &ThreadTransaction) -> Result<Check, RpcError> {
    let at = context.resolve(BlockId::PreConfirmed)?;
    let check = context.executor.check_thread_at(&at, thread)?;
    let segments = (0_u32..).zip(0..check.segments).map(|(segment, index)| {
        let of_segment = || check.errors.iter().filter(|error| error.segment == segment);
        SegmentCheck {
            would_settle: index < check.settled_segments,
            errors: of_segment().map(CheckOut::from).collect(),
            conflicts: of_segment().flat_map(conflicts).collect(),
        }
    });
    Ok(Check {
        segments: segments.collect(),
        would_settle: check.would_settle,
        errors: check.errors.iter().map(CheckOut::from).collect(),
        conflicts: check.errors.iter().flat_map(conflicts).collect(),
        fee_estimate: fee_estimate(&check.fee),
    })
}

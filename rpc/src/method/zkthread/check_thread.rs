//! `zkthread_checkThread`.

use serde::{Deserialize, Serialize};
use starknet_rust_core::types::FeeEstimate;
use zkthreads_execution::Submission;
use zkthreads_execution::thread::check::CheckError;
use zkthreads_protocol::ThreadTransaction;

use crate::context::RpcContext;
use crate::convert::fee::fee_estimate;
use crate::convert::submission;
use crate::error::RpcError;
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
/// not be signed or paid for, and its own calls are not looked at.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Check, RpcError> {
    let submission = submission::thread_invoke(params.invoke_transaction).map_err(RpcError::Thread)?;
    let Submission::Thread { envelope, package } = submission else {
        return Err(RpcError::Thread(ThreadError::NotAThread));
    };
    let thread =
        ThreadTransaction::new(envelope, &package).map_err(|error| RpcError::Thread(error.into()))?;
    let facts = thread.facts();
    let submitter = thread.envelope().sender_address;
    let at = context.resolve(BlockId::PreConfirmed)?;
    let check = context.executor.check_thread_at(&at, submitter, facts.os_program_hash, &package);
    let check = check.map_err(|error| match error {
        CheckError::Package(error) => RpcError::Thread(error.into()),
        CheckError::Internal(error) => error.into(),
    })?;
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

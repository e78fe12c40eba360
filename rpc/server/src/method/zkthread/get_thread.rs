//! `zkthread_getThread`.

use serde::Serialize;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::ProofPart;
use zkthreads_storage::ThreadOutcome;

use super::ThreadParams;
use super::found::FoundThread;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::inner::{InnerTransactionOut, inner_transactions};
use crate::wire::thread::{CheckOut, ConflictOut, StatementOut, conflicts};

#[derive(Serialize)]
pub(super) struct Thread {
    transaction_hash: Felt,
    status: &'static str,
    block_hash: Option<Felt>,
    block_number: Option<u64>,
    submitter: Felt,
    os_program_hash: Felt,
    package_digest: Felt,
    package_bytes: usize,
    proof_bytes: usize,
    verify_micros: Option<u64>,
    error: Option<CheckOut>,
    conflicts: Vec<ConflictOut>,
    /// The first segment's.
    statement: Option<StatementOut>,
    /// Of all segments.
    inner_transactions: Vec<InnerTransactionOut>,
    segments: Vec<SegmentOut>,
}

#[derive(Serialize)]
struct SegmentOut {
    statement: StatementOut,
    /// How many.
    inner_transactions: usize,
    proof_bytes: usize,
    settled: bool,
}

/// Everything about a thread transaction: what it says, what it holds, and what became of it.
pub(super) fn answer(context: &RpcContext, params: ThreadParams) -> Result<Thread, RpcError> {
    let found = FoundThread::by_hash(context, TransactionHash(params.transaction_hash.0))?;
    let error = found.error();
    let settled = found.outcome.as_ref().map_or(0, ThreadOutcome::settled);
    let package = found.contents(context, usize::MAX)?;
    let segments = package.segments.iter().enumerate().map(|(index, segment)| SegmentOut {
        statement: StatementOut::from(&segment.statement),
        inner_transactions: segment.inner_transactions.len(),
        proof_bytes: segment.proof.proof_bytes(),
        settled: index < settled,
    });
    Ok(Thread {
        transaction_hash: found.hash.0,
        status: found.status(),
        block_hash: found.place.and_then(|place| place.hash).map(|hash| hash.0),
        block_number: found.place.map(|place| place.number.0),
        submitter: *found.submitter.0.key(),
        os_program_hash: found.facts.os_program_hash.0,
        package_digest: found.facts.package_digest.0,
        package_bytes: found.package_bytes,
        proof_bytes: package.proof_bytes(),
        verify_micros: found.outcome.as_ref().and_then(|outcome| outcome.verify_micros),
        error: error.as_ref().map(CheckOut::from),
        conflicts: error.as_ref().map(conflicts).unwrap_or_default(),
        statement: package.segments.first().map(|segment| StatementOut::from(&segment.statement)),
        inner_transactions: inner_transactions(&package),
        segments: segments.collect(),
    })
}

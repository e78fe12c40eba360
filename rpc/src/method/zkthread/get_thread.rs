//! `zkthread_getThread`.

use serde::Serialize;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;

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
    statement: StatementOut,
    inner_transactions: Vec<InnerTransactionOut>,
}

/// Everything about a thread transaction: what it says, what it holds, and what became of it.
pub(super) fn answer(context: &RpcContext, params: ThreadParams) -> Result<Thread, RpcError> {
    let found = FoundThread::by_hash(context, TransactionHash(params.transaction_hash.0))?;
    let error = found.outcome.as_ref().and_then(|outcome| outcome.error.as_ref());
    Ok(Thread {
        transaction_hash: found.hash.0,
        status: found.status(),
        block_hash: found.place.and_then(|place| place.hash).map(|hash| hash.0),
        block_number: found.place.map(|place| place.number.0),
        submitter: *found.submitter.0.key(),
        os_program_hash: found.facts.os_program_hash.0,
        package_digest: found.facts.package_digest.0,
        package_bytes: found.package_bytes,
        proof_bytes: found.package.proof.len(),
        verify_micros: found.outcome.as_ref().and_then(|outcome| outcome.verify_micros),
        error: error.map(CheckOut::from),
        conflicts: error.map(conflicts).unwrap_or_default(),
        statement: StatementOut::from(&found.package.statement),
        inner_transactions: inner_transactions(&found.package),
    })
}

//! A thread transaction wherever it is: in the pool or in a block.

use starknet_api::core::ContractAddress;
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::PendingBody;
use zkthreads_protocol::{Package, ThreadFacts, Transaction};
use zkthreads_storage::ThreadOutcome;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::lookup::{Found, InBlock, decode};
use crate::thread_error::ThreadError;
use crate::wire::place::BlockPlace;
use crate::wire::thread::Failed;

/// A thread transaction that the node knows.
pub(super) struct FoundThread {
    pub(super) hash: TransactionHash,
    pub(super) facts: ThreadFacts,
    /// Who signed the envelope.
    pub(super) submitter: ContractAddress,
    /// None while it waits in the pool.
    pub(super) place: Option<BlockPlace>,
    /// None while it waits in the pool.
    pub(super) outcome: Option<ThreadOutcome>,
    pub(super) package: Package,
    pub(super) package_bytes: usize,
}

impl FoundThread {
    /// The thread transaction of this hash.
    pub(super) fn by_hash(context: &RpcContext, hash: TransactionHash) -> Result<Self, RpcError> {
        match context.find(hash)? {
            Found::Pending(pending) => match &pending.body {
                PendingBody::Thread { thread, .. } => Ok(Self {
                    hash,
                    facts: thread.facts(),
                    submitter: pending.sender(),
                    place: None,
                    outcome: None,
                    package: thread.package().clone(),
                    package_bytes: thread.package_bytes(),
                }),
                _ => Err(RpcError::Thread(ThreadError::NotAThread)),
            },
            Found::Inner(_) => Err(RpcError::Thread(ThreadError::NotAThread)),
            Found::InBlock(found) => Self::in_block(context, *found),
        }
    }

    /// The thread transaction that was found in a block.
    pub(super) fn in_block(context: &RpcContext, found: InBlock) -> Result<Self, RpcError> {
        let bytes = context.package_bytes(&found)?;
        let InBlock { place, transaction, .. } = found;
        let Transaction::Thread { envelope, facts } = transaction.body else {
            return Err(RpcError::Thread(ThreadError::NotAThread));
        };
        Ok(Self {
            hash: transaction.hash,
            facts,
            submitter: envelope.sender_address,
            place: Some(place),
            outcome: transaction.receipt.thread,
            package: decode(transaction.hash, &bytes)?,
            package_bytes: bytes.len(),
        })
    }

    /// Why it, or its first segment that did not, has not settled.
    pub(super) fn error(&self) -> Option<Failed<'_>> {
        let outcome = self.outcome.as_ref()?;
        let error = outcome.error.as_ref()?;
        Some(Failed { segment: outcome.failed_segment, error })
    }

    /// `PENDING`, `SETTLED`, `PARTLY_SETTLED` or `REVERTED`.
    pub(super) fn status(&self) -> &'static str {
        match &self.outcome {
            None => "PENDING",
            Some(ThreadOutcome { error: None, .. }) => "SETTLED",
            Some(outcome) if outcome.has_settled() => "PARTLY_SETTLED",
            Some(_) => "REVERTED",
        }
    }
}

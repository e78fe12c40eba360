//! A thread transaction wherever it is: in the pool or in a block.

use std::sync::Arc;

use starknet_api::core::ContractAddress;
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::PendingBody;
use zkthreads_protocol::{PackageContents, ThreadFacts, ThreadTransaction, Transaction};
use zkthreads_storage::{PackageSummary, ThreadOutcome};

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::lookup::{Found, InBlock, package_is_missing};
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
    /// How its package is made up.
    pub(super) summary: PackageSummary,
    pub(super) package_bytes: usize,
    /// The transaction itself, unless its block is stored.
    in_memory: Option<Arc<ThreadTransaction>>,
}

impl FoundThread {
    /// The thread transaction of this hash.
    pub(super) fn by_hash(context: &RpcContext, hash: TransactionHash) -> Result<Self, RpcError> {
        match context.find(hash)? {
            Found::Pending(pending) => match &pending.body {
                PendingBody::Thread(thread) => Ok(Self {
                    hash,
                    facts: thread.facts(),
                    submitter: pending.sender(),
                    place: None,
                    outcome: None,
                    summary: PackageSummary::of(thread.package()),
                    package_bytes: thread.package_bytes(),
                    in_memory: Some(Arc::clone(thread)),
                }),
                _ => Err(RpcError::Thread(ThreadError::NotAThread)),
            },
            Found::Inner(_) => Err(RpcError::Thread(ThreadError::NotAThread)),
            Found::InBlock(found) => Self::in_block(context, *found),
        }
    }

    /// The thread transaction that was found in a block.
    pub(super) fn in_block(context: &RpcContext, found: InBlock) -> Result<Self, RpcError> {
        let InBlock { place, index, transaction, open } = found;
        let Transaction::Thread { envelope, facts } = transaction.body else {
            return Err(RpcError::Thread(ThreadError::NotAThread));
        };
        let in_memory = open.and_then(|block| block.transaction(index)?.thread.clone());
        let summary = match &in_memory {
            Some(thread) => Some(PackageSummary::of(thread.package())),
            None => context.storage.package_summary(facts.package_digest)?,
        };
        let outcome = transaction.receipt.thread;
        let package_bytes = outcome.as_ref().map_or(0, |outcome| outcome.package_bytes);
        Ok(Self {
            hash: transaction.hash,
            facts,
            submitter: envelope.sender_address,
            place: Some(place),
            outcome,
            summary: summary.ok_or_else(|| package_is_missing(transaction.hash))?,
            package_bytes: usize::try_from(package_bytes).unwrap_or(usize::MAX),
            in_memory,
        })
    }

    /// The first `count` segments of its package, or all if there are fewer.
    pub(super) fn contents(&self, context: &RpcContext, count: usize) -> Result<PackageContents, RpcError> {
        let contents = match &self.in_memory {
            Some(thread) => Some(thread.package().contents(count)),
            None => context.storage.package_contents(self.facts.package_digest, count)?,
        };
        contents.ok_or_else(|| package_is_missing(self.hash))
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

//! A thread transaction wherever it is: in the pool or in a block.

use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::ContractAddress;
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::PendingBody;
use zkthreads_protocol::{Package, ThreadFacts, Transaction};
use zkthreads_storage::ThreadOutcome;

use crate::context::{Found, RpcContext};
use crate::error::RpcError;
use crate::thread_error::ThreadError;

/// A thread transaction that the node knows.
pub(super) struct FoundThread {
    pub(super) hash: TransactionHash,
    pub(super) facts: ThreadFacts,
    /// Who signed the envelope.
    pub(super) submitter: ContractAddress,
    /// None while it waits in the pool.
    pub(super) block: Option<(BlockHash, BlockNumber)>,
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
                    block: None,
                    outcome: None,
                    package: thread.package().clone(),
                    package_bytes: thread.package_bytes(),
                }),
                _ => Err(RpcError::Thread(ThreadError::NotAThread)),
            },
            Found::InBlock(number, transaction) => {
                let Transaction::Thread { envelope, facts } = transaction.body else {
                    return Err(RpcError::Thread(ThreadError::NotAThread));
                };
                let bytes = context.storage.package(hash)?.ok_or_else(|| RpcError::Internal {
                    reason: format!("the package of thread transaction {hash} is missing"),
                })?;
                let package = Package::decode(&bytes).map_err(|error| RpcError::Internal {
                    reason: format!("the stored package of thread transaction {hash}: {error}"),
                })?;
                Ok(Self {
                    hash,
                    facts,
                    submitter: envelope.sender_address,
                    block: Some((context.header_at(number)?.block_hash, number)),
                    outcome: transaction.receipt.thread,
                    package,
                    package_bytes: bytes.len(),
                })
            }
        }
    }

    /// `PENDING`, `SETTLED` or `REVERTED`.
    pub(super) fn status(&self) -> &'static str {
        match &self.outcome {
            None => "PENDING",
            Some(ThreadOutcome { error: None, .. }) => "SETTLED",
            Some(ThreadOutcome { error: Some(_), .. }) => "REVERTED",
        }
    }
}

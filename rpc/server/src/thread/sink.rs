//! A thread as the write side of the methods that know of no thread.

use std::sync::Arc;

use jsonrpsee::core::async_trait;
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::{Executor, PendingTransaction, Submission};

use zkthreads_rpc_api::{PoolStatus, SubmitError, ThreadControl, TransactionSink};

/// What a thread knows of its transactions, where a node's methods ask their pool.
pub struct ThreadSink {
    thread: Arc<dyn ThreadControl>,
    executor: Executor,
}

impl ThreadSink {
    /// The sink of `thread`. Its transactions are put into form by `executor`.
    #[must_use]
    pub fn new(thread: Arc<dyn ThreadControl>, executor: Executor) -> Self {
        Self { thread, executor }
    }
}

#[async_trait]
impl TransactionSink for ThreadSink {
    /// The methods of a thread hand it inner transactions or pass what they got on to the node.
    async fn submit(&self, _: PendingTransaction) -> Result<TransactionHash, SubmitError> {
        let reason = "a thread takes inner transactions only".to_owned();
        Err(SubmitError::Unavailable { reason })
    }

    fn status(&self, hash: TransactionHash) -> Option<PoolStatus> {
        self.thread.pool_status(hash)
    }

    fn pending(&self, hash: TransactionHash) -> Option<PendingTransaction> {
        let invoke = self.thread.waiting(hash)?.as_invoke().clone();
        self.executor.prepare(Submission::Invoke(invoke), false).ok()
    }

    /// What is executed is part of the pre-confirmed state, and what waits does so for an earlier nonce.
    fn pending_nonce(&self, _: ContractAddress) -> Option<Nonce> {
        None
    }

    fn refuses(&self) -> Option<String> {
        self.thread.refuses()
    }
}

//! What others read of the sequencer without asking it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use parking_lot::{Mutex, RwLock};
use starknet_api::block::{BlockHash, BlockHeader, BlockNumber};
use starknet_api::core::ChainId;
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::InnerTransaction;
use zkthreads_rpc_api::thread::ProverStatus;
use zkthreads_rpc_api::{PoolStatus, ThreadStatus};
use zkthreads_storage::{JournalPlace, ThreadJournal};
use zkthreads_workers::ProverFigures;

use super::config::Provers;
use super::figures::Figures;

/// What others read of the sequencer without asking it.
pub(super) struct Shared {
    pub(super) chain_id: ChainId,
    pub(super) journal: Arc<ThreadJournal>,
    pub(super) provers: Provers,
    /// Transactions on their way to the sequencer.
    pub(super) queued: AtomicUsize,
    pub(super) head: RwLock<(BlockNumber, BlockHash)>,
    /// Transactions that wait for those before them.
    pub(super) waiting: RwLock<HashMap<TransactionHash, InnerTransaction>>,
    pub(super) figures: Mutex<Figures>,
    /// The status, but for what passes by itself: rates and the provers.
    pub(super) status: RwLock<ThreadStatus>,
}

impl Shared {
    pub(super) fn head(&self) -> (BlockNumber, BlockHash) {
        *self.head.read()
    }

    pub(super) fn set_head(&self, head: &BlockHeader) {
        *self.head.write() = (head.block_header_without_hash.block_number, head.block_hash);
    }

    pub(super) fn status(&self) -> ThreadStatus {
        let mut status = self.status.read().clone();
        status.throughput = self.figures.lock().throughput(Instant::now());
        status.provers = (self.provers)().iter().map(prover).collect();
        status
    }

    pub(super) fn pool_status(&self, hash: TransactionHash) -> Option<PoolStatus> {
        if self.waiting.read().contains_key(&hash) {
            return Some(PoolStatus::Received);
        }
        match self.journal.find(hash).ok()??.place {
            JournalPlace::Waiting => Some(PoolStatus::Received),
            JournalPlace::Rejected { reason, .. } => Some(PoolStatus::Rejected { reason }),
            JournalPlace::In { .. }
            | JournalPlace::Settled { .. }
            | JournalPlace::OnChain { .. }
            | JournalPlace::Forwarded => None,
        }
    }

    pub(super) fn waiting(&self, hash: TransactionHash) -> Option<InnerTransaction> {
        self.waiting.read().get(&hash).cloned()
    }
}

fn prover(figures: &ProverFigures) -> ProverStatus {
    ProverStatus {
        pid: figures.pid,
        stage: figures.stage.map(|stage| stage.to_string()),
        sub_block: figures.job,
        memory_bytes: figures.memory_bytes,
    }
}

//! Work that the sequencer hands out: sub-blocks to prove, packages to settle, transactions to forward.

use std::sync::Arc;

use starknet_api::block::BlockNumber;
use starknet_api::core::Nonce;
use starknet_api::transaction::TransactionHash;
use tokio::sync::watch;
use zkthreads_protocol::{Conflict, InnerTransaction, Package};
use zkthreads_sub_block::ExecutedSubBlock;

use super::SubBlockId;
use super::lease::Lease;

/// A sub-block to prove. If it is dropped before the sequencer has heard of a result, somebody else gets it.
#[derive(Debug)]
pub struct Job {
    /// The sub-block.
    pub id: SubBlockId,
    /// Counts how often it was executed: a proof of an earlier attempt proves nothing.
    pub attempt: u32,
    /// What to prove.
    pub executed: Arc<ExecutedSubBlock>,
    pub(super) alive: watch::Receiver<()>,
    pub(super) _lease: Lease,
}

impl Job {
    /// Ends when the job is obsolete: its sub-block was executed again, or is settled.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut attempt = self.alive.clone();
        // Nothing is ever sent: the sender goes with the attempt.
        async move { while attempt.changed().await.is_ok() {} }
    }
}

/// Proven sub-blocks to settle with one thread transaction. If it is dropped before
/// [`submitting`](super::ThreadHandle::submitting) or [`bundle_failed`](super::ThreadHandle::bundle_failed), its
/// sub-blocks are offered again.
#[derive(Debug)]
pub struct Bundle {
    /// The sub-blocks in order, each with its attempt.
    pub sub_blocks: Vec<(SubBlockId, u32)>,
    /// One segment of each.
    pub package: Package,
    pub(super) alive: Vec<watch::Receiver<()>>,
    pub(super) _lease: Lease,
}

impl Bundle {
    /// Whether a sub-block of it was executed again in the meantime, so that it should not be sent any more.
    #[must_use]
    pub fn is_obsolete(&self) -> bool {
        self.alive.iter().any(|attempt| attempt.has_changed().is_err())
    }
}

/// A bundle that was handed to the node before this program was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFlight {
    /// The thread transaction.
    pub hash: TransactionHash,
    /// The submitter's nonce in it.
    pub nonce: Nonce,
    /// Its sub-blocks in order, each with its attempt.
    pub sub_blocks: Vec<(SubBlockId, u32)>,
}

/// Why a bundle is not settled, nor on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BundleFailure {
    /// It was not sent: the node cannot be asked, or does not take it now. It is offered again.
    NotSent {
        /// Why.
        reason: String,
    },
    /// The node says that preconditions do not hold on a state newer than the thread's. It is offered again once the
    /// thread has that state, unless it conflicts there, too.
    Conflicts(Vec<Conflict>),
    /// The node says that its time, or its base block, is too old. It is executed and proven again at once, at a later one.
    TooLate {
        /// Why.
        reason: String,
    },
    /// The node says that it lists something that is newer than its base block, though it holds what it held. It is executed and
    /// proven again over a newer block, as soon as the thread has one.
    StaleBase {
        /// Why.
        reason: String,
    },
    /// The node says that it would revert for another reason. It is executed and proven again.
    WouldRevert {
        /// Why.
        reason: String,
    },
    /// The node does not know the thread transaction any more, nor does a block have it. It is offered again.
    Vanished {
        /// The thread transaction.
        hash: TransactionHash,
    },
}

/// A transaction to send to the node as it is. If it is dropped before
/// [`forwarded`](super::ThreadHandle::forwarded), it is offered again.
#[derive(Debug)]
pub struct Forward {
    /// Its hash.
    pub hash: TransactionHash,
    /// What the user signed.
    pub transaction: InnerTransaction,
    pub(super) _lease: Lease,
}

/// The node's refusal of a [`Forward`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardRefused {
    /// Why.
    pub reason: String,
    /// The node's newest block after the refusal. A block up to this one may have the transaction, or another one of its
    /// nonce, which the refusal is about then.
    pub latest: BlockNumber,
}

/// Whether the node answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeHealth {
    /// It does.
    Reachable,
    /// It does not.
    Away {
        /// Why.
        reason: String,
    },
}

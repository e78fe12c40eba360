//! What happens on the chain, as it happens: the block producer and the pool publish, the RPC listens.

use std::sync::Arc;

use parking_lot::RwLock;
use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::ContractAddress;
use starknet_api::transaction::TransactionHash;
use tokio::sync::broadcast;
use zkthreads_execution::{ExecutedInBlock, PendingTransaction, PreConfirmed};
use zkthreads_protocol::Transaction;

/// Most events kept for a listener that lags behind. One that lags further is told so and must start over.
pub const MAX_LAG: usize = 4096;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum ChainEvent {
    /// The pool took a transaction. Published by [`ChainFeed::received`].
    Received {
        /// Its hash.
        hash: TransactionHash,
        /// Who sent it.
        sender: ContractAddress,
        /// As a block would hold it.
        transaction: Arc<Transaction>,
    },
    /// The pool or the producer dropped a transaction for good.
    Rejected {
        /// Its hash.
        hash: TransactionHash,
        /// Why.
        reason: String,
    },
    /// The open block executed a transaction: [`ChainFeed::pre_confirmed`] holds it already.
    PreConfirmed {
        /// The open block's number.
        number: BlockNumber,
        /// The transaction's place in it.
        index: usize,
        /// The transaction, and what it did.
        transaction: Arc<ExecutedInBlock>,
    },
    /// A block was committed: it can be read from storage already.
    Block(BlockNumber, BlockHash),
    /// The blocks up to this one are accepted on L1 now.
    L1Accepted(BlockNumber),
    /// The chain has begun anew, with its first block. Nobody is told of what is gone: subscriptions end.
    Restarted,
    /// Blocks were reverted: they are gone from storage already.
    Reorg {
        /// The first block that is gone.
        first: (BlockHash, BlockNumber),
        /// The last one.
        last: (BlockHash, BlockNumber),
    },
}

/// The chain's events. Cheap to clone; all clones are one feed.
#[derive(Debug, Clone)]
pub struct ChainFeed {
    events: broadcast::Sender<ChainEvent>,
    pre_confirmed: Arc<RwLock<Option<PreConfirmed>>>,
}

impl Default for ChainFeed {
    fn default() -> Self {
        Self { events: broadcast::Sender::new(MAX_LAG), pre_confirmed: Arc::default() }
    }
}

impl ChainFeed {
    /// The open block as it is now; `None` while there is none.
    #[must_use]
    pub fn pre_confirmed(&self) -> Option<PreConfirmed> {
        self.pre_confirmed.read().clone()
    }

    /// Shows the open block to everyone who asks from now on.
    pub fn set_pre_confirmed(&self, block: Option<PreConfirmed>) {
        *self.pre_confirmed.write() = block;
    }

    /// Every event published from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<ChainEvent> {
        self.events.subscribe()
    }

    /// Tells all listeners. Never waits; without listeners the event is dropped.
    pub fn publish(&self, event: ChainEvent) {
        // The only error is that nobody listens.
        let _ = self.events.send(event);
    }

    /// Publishes that the pool took `transaction`.
    pub fn received(&self, transaction: &PendingTransaction) {
        if self.events.receiver_count() == 0 {
            return;
        }
        self.publish(ChainEvent::Received {
            hash: transaction.hash,
            sender: transaction.sender(),
            transaction: Arc::new(transaction.to_transaction()),
        });
    }
}

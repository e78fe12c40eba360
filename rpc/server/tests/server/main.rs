//! The RPC server over real sockets: WebSocket subscriptions, limits, and clients that mean no good.

#[allow(dead_code, reason = "shared with the tests of the methods")]
#[path = "../rpc/chain.rs"]
mod chain;
#[allow(dead_code, reason = "shared with the tests of the methods")]
#[path = "../rpc/client.rs"]
mod client;
#[allow(dead_code, reason = "shared with the tests of the methods")]
#[path = "../rpc/package.rs"]
mod package;
#[allow(dead_code, reason = "shared with the tests of the methods")]
#[path = "../rpc/sink.rs"]
mod sink;
#[allow(dead_code, reason = "shared with the tests of the methods")]
#[path = "../rpc/spec/mod.rs"]
mod spec;
#[allow(dead_code, reason = "shared with the tests of the methods")]
#[path = "../rpc/transactions.rs"]
mod transactions;

mod bodies;
mod crowd;
mod events;
mod heads;
mod health;
mod inner;
mod lanes;
mod metrics;
mod page;
mod random;
mod reorg;
mod slow;
mod socket;
mod stages;
mod unread;
mod websocket;

use std::time::Duration;

use starknet_api::block::BlockNumber;
use zkthreads_rpc::{ServerLimits, WebSocketLimits};
use zkthreads_rpc_api::ChainEvent;

use chain::{Chain, commit_genesis};
use sink::Pool;

impl Chain {
    /// A chain with its first block, behind a server with limits of the test's own.
    async fn start_with(limits: ServerLimits) -> Self {
        Self::serve(commit_genesis, limits).await
    }

    /// A chain whose subscribers may take their time: a test that reads one after the other, or does something else first.
    async fn start_patient() -> Self {
        let websocket =
            WebSocketLimits { send_timeout: Duration::from_secs(600), ..WebSocketLimits::default() };
        Self::start_with(ServerLimits { websocket, ..ServerLimits::default() }).await
    }

    /// Makes empty blocks.
    fn make_blocks(&self, count: usize) {
        (0..count).for_each(|_| self.pool.release());
    }
}

impl Pool {
    /// Takes all blocks after this one back.
    fn revert_to(&self, number: u64) {
        let reverted = self.executor.storage().revert_to(BlockNumber(number)).unwrap().unwrap();
        self.feed.publish(ChainEvent::Reorg { first: reverted.first, last: reverted.last });
    }

    /// Goes back to the first block, of which nobody is told.
    fn restart(&self) {
        self.executor.storage().revert_to(BlockNumber(0)).unwrap();
        self.feed.publish(ChainEvent::Restarted);
    }

    /// Has all blocks up to this one accepted on L1.
    fn accept_on_l1(&self, number: u64) {
        self.executor.storage().accept_on_l1(BlockNumber(number)).unwrap();
        self.feed.publish(ChainEvent::L1Accepted(BlockNumber(number)));
    }

    /// From now on, takes no transactions.
    fn close(&self, reason: &str) {
        *self.closed.lock().unwrap() = Some(reason.to_owned());
    }
}

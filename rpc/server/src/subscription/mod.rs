//! Subscriptions over WebSocket.
//!
//! A kind of subscription ([`Subscription`], one file each) says what to tell of a block, a transaction or an event;
//! it knows nothing of connections. Each connection has one [`notifier`], which listens to the chain's feed, brings
//! subscriptions up to date and tells them what is new, one block at a time, as fast as the client reads. Where a
//! subscription stands is a [`cursor::Cursor`]: blocks are told in order, each once, whether they are old or new, and
//! so there is no seam between catching up and following.
//!
//! Subscribing is an ordinary method to the dispatcher. Over a WebSocket its extensions hold a [`Session`]; without
//! one the answer is that a WebSocket is needed.

mod blocks;
mod cursor;
mod events;
mod filter;
mod new_heads;
mod new_transaction_receipts;
mod new_transactions;
mod notification;
mod notifier;
mod origin_block;
mod session;
mod start;
mod transaction_status;
mod unsubscribe;

use jsonrpsee::server::RegisterMethodError;
use starknet_api::block::BlockHeader;
use zkthreads_rpc_api::ChainEvent;
use zkthreads_storage::BlockTransaction;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::method::registry::Registry;
use crate::settled::Settled;
use crate::wire::place::BlockPlace;

pub(crate) use blocks::Blocks;
pub(crate) use cursor::Cursor;
pub(crate) use notification::Notification;
pub(crate) use notifier::{Notifier, Stop};
pub(crate) use origin_block::OriginBlock;
pub(crate) use session::{Answered, Change, Session};

/// One kind of subscription, as one client asked for it.
///
/// What is told is [`Notification`]: a notification's `result`.
pub(crate) trait Subscription: Send + Sync {
    /// The notification's method.
    fn method(&self) -> &'static str;

    /// What metrics call it.
    fn kind(&self) -> &'static str;

    /// What is told first, before any block.
    fn on_open(&mut self, _context: &RpcContext) -> Result<Option<Notification>, RpcError> {
        Ok(None)
    }

    /// What is told of a stored block as a whole.
    fn on_block(
        &mut self,
        _context: &RpcContext,
        _header: &BlockHeader,
    ) -> Result<Option<Notification>, RpcError> {
        Ok(None)
    }

    /// What is told of a block from before this chain was forked off.
    fn on_origin_block(&mut self, _block: &OriginBlock) -> Result<Vec<Notification>, RpcError> {
        Ok(Vec::new())
    }

    /// Whether [`Self::on_transaction`] may have something to tell of this block.
    fn wants_transactions(&self, _header: &BlockHeader) -> bool {
        false
    }

    /// Whether [`Self::on_transaction`] may have something to tell of the open block.
    fn wants_pre_confirmed(&self) -> bool {
        false
    }

    /// Whether it is told what the open block held before it began.
    fn replays_pre_confirmed(&self) -> bool {
        false
    }

    /// What is told of a transaction in a block, stored or open, and of the inner transactions that it settled.
    fn on_transaction(&mut self, _seen: &Seen<'_>) -> Result<Vec<Notification>, RpcError> {
        Ok(Vec::new())
    }

    /// What is told of an event other than blocks, reverted blocks and transactions in the open one.
    fn on_event(
        &mut self,
        _context: &RpcContext,
        _event: &ChainEvent,
    ) -> Result<Option<Notification>, RpcError> {
        Ok(None)
    }

    /// Forgets what reverted blocks made it remember.
    fn on_reorg(&mut self) {}
}

/// A transaction in a block.
pub(crate) struct Seen<'a> {
    /// The block.
    pub(crate) place: BlockPlace,
    /// The transaction's index in it.
    pub(crate) index: usize,
    /// The transaction, with the inner transactions that it settled.
    pub(crate) settled: &'a Settled,
}

impl Seen<'_> {
    /// What took place: the inner transactions of a thread in order, then the transaction itself.
    pub(crate) fn transactions(&self) -> impl Iterator<Item = &BlockTransaction> {
        self.settled.inner.iter().chain([&self.settled.transaction])
    }
}

/// A subscription and where it begins.
pub(crate) struct Opening {
    pub(crate) subscription: Box<dyn Subscription>,
    pub(crate) cursor: Cursor,
}

impl Opening {
    fn new(subscription: impl Subscription + 'static, cursor: Cursor) -> Self {
        Self { subscription: Box::new(subscription), cursor }
    }
}

/// Registers the methods.
pub(crate) fn register(registry: &mut Registry) -> Result<(), RegisterMethodError> {
    registry
        .session_method("starknet_subscribeEvents", subscribe(events::open))?
        .session_method("starknet_subscribeNewHeads", subscribe(new_heads::open))?
        .session_method(
            "starknet_subscribeNewTransactionReceipts",
            subscribe(new_transaction_receipts::open),
        )?
        .session_method("starknet_subscribeNewTransactions", subscribe(new_transactions::open))?
        .session_method("starknet_subscribeTransactionStatus", subscribe(transaction_status::open))?
        .session_method("starknet_unsubscribe", unsubscribe::answer)?;
    Ok(())
}

/// A method that opens a subscription and answers its id.
fn subscribe<P>(
    open: fn(&RpcContext, P) -> Result<Opening, RpcError>,
) -> impl Fn(&RpcContext, &Session, P) -> Result<String, RpcError> + Clone + Send + Sync + 'static
where
    P: 'static,
{
    move |context, session, params| session.open(|| open(context, params))
}

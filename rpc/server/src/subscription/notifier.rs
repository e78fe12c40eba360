//! Tells one connection's subscriptions what happens.

use std::future::ready;
use std::sync::Arc;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use zkthreads_execution::{ExecutedInBlock, PreConfirmed};
use zkthreads_rpc_api::ChainEvent;

use super::blocks::Block;
use super::cursor::Reverted;
use super::{Answered, Blocks, Change, Cursor, Notification, Opening, Seen, Session, Subscription};
use crate::error::RpcError;
use crate::metrics::Counted;
use crate::outbox::{Closed, Outbox};
use crate::wire::place::{BlockPlace, Finality};

/// The notification of reverted blocks, whatever the kind of subscription.
const REORG: &str = "starknet_subscriptionReorg";

/// Listens to the feed for one connection. It holds one block at a time, and waits for the client to read.
pub(crate) struct Notifier {
    blocks: Blocks,
    line: Line,
    /// Answers that change what is told.
    answers: mpsc::Receiver<Answered>,
    /// Only while there are subscriptions.
    events: Option<Receiver<ChainEvent>>,
    open: Vec<Open>,
}

/// Why telling ends.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The connection is gone.
    Gone,
    /// More happened than could be told.
    Lagged,
    /// The node failed.
    Failed(RpcError),
}

/// The way to the client.
struct Line {
    session: Session,
    outbox: Outbox,
}

/// An open subscription.
struct Open {
    id: String,
    subscription: Box<dyn Subscription>,
    cursor: Cursor,
    /// It knows all old blocks, and is told of events as they come.
    live: bool,
    /// The open block whose transactions were told from what the feed showed, before their events.
    replayed: Option<PreConfirmed>,
    _counted: Counted,
}

impl Notifier {
    pub(crate) fn new(
        blocks: Blocks,
        session: Session,
        outbox: Outbox,
        answers: mpsc::Receiver<Answered>,
    ) -> Self {
        Self { blocks, line: Line { session, outbox }, answers, events: None, open: Vec::new() }
    }

    /// Tells until the connection ends. What happens now comes before what happened long ago, so that however much
    /// there is to catch up with, events do not pile up.
    pub(crate) async fn run(mut self) -> Stop {
        loop {
            let behind = self.open.iter().any(|open| !open.live);
            let told = tokio::select! {
                biased;
                answered = self.answers.recv() => match answered {
                    Some(answered) => self.answer(answered).await,
                    None => Err(Stop::Gone),
                },
                event = next(&mut self.events) => match event {
                    Ok(event) => self.on_event(event).await,
                    Err(stop) => Err(stop),
                },
                () = ready(()), if behind => self.catch_up().await,
            };
            if let Err(stop) = told {
                return stop;
            }
        }
    }

    /// Sends an answer, and does what it says. Whoever has it is told of all that happens from then on, so events are kept
    /// before it goes out; what happened before is seen by looking.
    async fn answer(&mut self, Answered { answer, changes }: Answered) -> Result<(), Stop> {
        if changes.iter().any(|change| matches!(change, Change::Open(..))) {
            self.catch_up_with_events().await?;
            self.events.get_or_insert_with(|| self.blocks.context().feed.subscribe());
        }
        if let Some((text, share)) = answer {
            self.line.outbox.send(text, Some(share)).await.map_err(|Closed| Stop::Gone)?;
        }
        for change in changes {
            match change {
                Change::Open(id, opening) => self.begin(id, opening).await?,
                Change::Close(id) => self.open.retain(|open| open.id != id),
            }
        }
        if self.open.is_empty() {
            self.events = None;
        }
        Ok(())
    }

    /// Tells what has happened by now: a subscription that begins after a restart is not one that ends with it.
    async fn catch_up_with_events(&mut self) -> Result<(), Stop> {
        let happened = self.events.as_ref().map_or(0, Receiver::len);
        for _ in 0..happened {
            // There are none any more if the chain was begun anew.
            if self.events.is_none() {
                break;
            }
            let event = next(&mut self.events).await?;
            self.on_event(event).await?;
        }
        Ok(())
    }

    async fn begin(&mut self, id: String, opening: Opening) -> Result<(), Stop> {
        let Opening { mut subscription, mut cursor } = opening;
        cursor.begin(self.blocks.context())?;
        let first = subscription.on_open(self.blocks.context())?;
        let _counted = Counted::subscription(subscription.kind());
        let mut open = Open { id, subscription, cursor, live: false, replayed: None, _counted };
        self.line.tell(&open, first).await?;
        open.advance(&self.blocks, &self.line).await?;
        self.open.push(open);
        Ok(())
    }

    /// Tells each subscription that is behind of one block.
    async fn catch_up(&mut self) -> Result<(), Stop> {
        for open in self.open.iter_mut().filter(|open| !open.live) {
            open.advance(&self.blocks, &self.line).await?;
        }
        Ok(())
    }

    async fn on_event(&mut self, event: ChainEvent) -> Result<(), Stop> {
        if matches!(event, ChainEvent::Restarted) {
            for Open { id, .. } in self.open.drain(..) {
                self.line.session.forget(&id);
            }
            self.events = None;
            return Ok(());
        }
        let context = self.blocks.context();
        for open in &mut self.open {
            match &event {
                ChainEvent::Block(number, _) => {
                    open.cursor.made(*number);
                    while open.live && open.cursor.pending().is_some() {
                        open.step(&self.blocks, &self.line).await?;
                    }
                }
                ChainEvent::Reorg { first, last } => {
                    if open.cursor.revert(context, first.1)? == Reverted::WentBack {
                        open.subscription.on_reorg();
                        let told = Notification::reorg(*first, *last)?;
                        self.line.send(REORG, &open.id, &told).await?;
                    }
                    open.live = false;
                }
                ChainEvent::PreConfirmed { number, index, transaction } => {
                    let place = BlockPlace { number: *number, hash: None, finality: Finality::PreConfirmed };
                    if open.live
                        && open.subscription.wants_pre_confirmed()
                        && !open.was_replayed(*index, transaction)
                    {
                        let settled = self.blocks.open(transaction)?;
                        let seen = Seen { place, index: *index, settled: &settled };
                        open.tell_transaction(&seen, &self.line).await?;
                    }
                }
                ChainEvent::Received { .. }
                | ChainEvent::Rejected { .. }
                | ChainEvent::L1Accepted(_)
                | ChainEvent::Restarted => {}
            }
            let told = open.subscription.on_event(context, &event)?;
            self.line.tell(open, told).await?;
        }
        Ok(())
    }
}

impl Open {
    /// Whether it was told of what the open block executed, before it hears of it. What is executed once more is another thing.
    fn was_replayed(&self, index: usize, executed: &Arc<ExecutedInBlock>) -> bool {
        let told = self.replayed.as_ref().and_then(|block| block.transaction(index));
        told.is_some_and(|told| Arc::ptr_eq(told, executed))
    }

    /// Tells of the next block if there is one; if not, goes live.
    async fn advance(&mut self, blocks: &Blocks, line: &Line) -> Result<(), Stop> {
        if self.cursor.pending().is_none() {
            self.cursor.look(blocks.context())?;
        }
        match self.cursor.pending() {
            Some(_) => self.step(blocks, line).await,
            None => self.go_live(blocks, line).await,
        }
    }

    /// Tells of the next block.
    async fn step(&mut self, blocks: &Blocks, line: &Line) -> Result<(), Stop> {
        if self.cursor.next() < blocks.context().first() {
            let block = blocks.origins(self.cursor.next()).await?;
            for told in self.subscription.on_origin_block(&block)? {
                line.tell(self, Some(told)).await?;
            }
            self.cursor.pass_origins(&block);
            return Ok(());
        }
        let subscription = &self.subscription;
        let block = blocks.read(self.cursor.next(), |header| subscription.wants_transactions(header)).await?;
        let header = block.as_ref().map(|block| &block.header);
        match block.as_ref().filter(|_| self.cursor.follows(header)) {
            Some(block) => self.tell_block(block, blocks, line).await,
            // Until the feed says what became of the chain, there is nothing to catch up with.
            None => {
                self.live = true;
                Ok(())
            }
        }
    }

    async fn tell_block(&mut self, block: &Block, blocks: &Blocks, line: &Line) -> Result<(), Stop> {
        let Block { header, place, transactions } = block;
        let told = self.subscription.on_block(blocks.context(), header)?;
        line.tell(self, told).await?;
        for (index, settled) in transactions.iter().enumerate() {
            self.tell_transaction(&Seen { place: *place, index, settled }, line).await?;
        }
        self.cursor.pass(header);
        Ok(())
    }

    async fn tell_transaction(&mut self, seen: &Seen<'_>, line: &Line) -> Result<(), Stop> {
        for told in self.subscription.on_transaction(seen)? {
            line.tell(self, Some(told)).await?;
        }
        Ok(())
    }

    /// All stored blocks are told: the open one is next, and events from then on.
    async fn go_live(&mut self, blocks: &Blocks, line: &Line) -> Result<(), Stop> {
        self.live = true;
        self.replayed = None;
        let shown = blocks.context().shown()?;
        let Some(block) = shown.filter(|block| block.number() == self.cursor.next()) else { return Ok(()) };
        if !self.subscription.replays_pre_confirmed() {
            return Ok(());
        }
        let place = BlockPlace { number: block.number(), hash: None, finality: Finality::PreConfirmed };
        for (index, executed) in block.transactions().enumerate() {
            self.tell_transaction(&Seen { place, index, settled: &*blocks.open(executed)? }, line).await?;
        }
        self.replayed = Some(block);
        Ok(())
    }
}

impl Line {
    async fn tell(&self, open: &Open, told: Option<Notification>) -> Result<(), Stop> {
        match told {
            Some(told) => self.send(open.subscription.method(), &open.id, &told).await,
            None => Ok(()),
        }
    }

    async fn send(&self, method: &'static str, id: &str, told: &Notification) -> Result<(), Stop> {
        if !self.session.is_open(id) {
            return Ok(());
        }
        let message = told.to_message(method, id)?;
        self.outbox.send(message, None).await.map_err(|Closed| Stop::Gone)
    }
}

/// The next event; waits for ever while nobody listens.
async fn next(events: &mut Option<Receiver<ChainEvent>>) -> Result<ChainEvent, Stop> {
    let Some(events) = events else { return std::future::pending().await };
    events.recv().await.map_err(|error| match error {
        RecvError::Lagged(_) => Stop::Lagged,
        RecvError::Closed => Stop::Gone,
    })
}

impl From<RpcError> for Stop {
    fn from(error: RpcError) -> Self {
        Self::Failed(error)
    }
}

//! `starknet_getEvents`.

use std::fmt;

use serde::{Deserialize, Serialize};
use starknet_api::block::BlockNumber;
use zkthreads_execution::{PreConfirmed, StateAt};
use zkthreads_rpc_api::number::FeltHex;
use zkthreads_storage::{BlockTransaction, ThreadOutcome};

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::limits::{MAX_BLOCKS_OF_EVENTS, MAX_EVENTS};
use crate::lookup::{open_place, package_in};
use crate::missing::Missing;
use crate::settled::Owners;
use crate::wire::block_id::BlockId;
use crate::wire::event::{Addresses, EmittedEvent, EventFilter};
use crate::wire::place::BlockPlace;

/// Most packages that one page reads to say whose events they are; the page may end early for that, too.
const MAX_PACKAGES: usize = 128;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    filter: Filter,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    #[serde(default)]
    from_block: Option<BlockId>,
    #[serde(default)]
    to_block: Option<BlockId>,
    #[serde(default)]
    address: Option<Addresses>,
    #[serde(default)]
    keys: Option<Vec<Vec<FeltHex>>>,
    #[serde(default)]
    continuation_token: Option<String>,
    chunk_size: u64,
}

#[derive(Serialize)]
pub(super) struct EventsChunk {
    events: Vec<EmittedEvent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_token: Option<String>,
}

/// Where a page begins: a block, and how many of its events (matching or not) came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    block: u64,
    skip: usize,
}

/// The events of a range of blocks that match a filter, in order, by pages. Those of inner transactions carry the hashes
/// of these.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<EventsChunk, RpcError> {
    let filter = params.filter;
    let matcher = EventFilter::new(filter.address, filter.keys)?;
    let chunk_size = match filter.chunk_size {
        0 => return Err(RpcError::InvalidParams("chunk_size: 0, at least 1 is expected".to_owned())),
        size if size > MAX_EVENTS => return Err(RpcError::PageSizeTooBig),
        size => usize::try_from(size).map_err(|_| RpcError::PageSizeTooBig)?,
    };
    let to = end(context, filter.to_block)?;
    let token = filter.continuation_token.as_deref();
    let from = begin(context, filter.from_block, token)?;
    let start = match token {
        None => Cursor { block: from.0, skip: 0 },
        Some(token) => {
            let cursor = Cursor::parse(token).ok_or(RpcError::InvalidContinuationToken)?;
            if cursor.block < from.0 || cursor.block > to.number().0 {
                return Err(RpcError::InvalidContinuationToken);
            }
            cursor
        }
    };
    page(context, &matcher, start, &to, chunk_size)
}

/// The last block to look at: the open one, unless the range ends before.
fn end(context: &RpcContext, to: Option<BlockId>) -> Result<StateAt, RpcError> {
    match to {
        Some(id @ BlockId::Number(number)) if is_to_come(context, id) => {
            let open = context.resolve(BlockId::PreConfirmed)?;
            // It may have been sealed meanwhile.
            if open.number() > number { context.resolve(id) } else { Ok(open) }
        }
        to => context.resolve(to.unwrap_or(BlockId::PreConfirmed)),
    }
}

/// Whether it is no block that is stored yet: the open one or a later one. (Of later ones a thread asks its node.)
fn is_to_come(context: &RpcContext, id: BlockId) -> bool {
    let (BlockId::Number(number), Ok(latest)) = (id, context.latest()) else { return false };
    number > latest && (context.thread.is_none() || latest.next() == Some(number))
}

/// The first block of ours to look at. On a fork, a range may begin before that.
fn begin(context: &RpcContext, from: Option<BlockId>, token: Option<&str>) -> Result<BlockNumber, RpcError> {
    if let Some(id @ BlockId::Number(number)) = from
        && is_to_come(context, id)
    {
        return Ok(number);
    }
    let before_fork = match from.map(|id| context.resolve(id)) {
        Some(Ok(at)) => return Ok(at.number()),
        Some(Err(RpcError::Missing(Missing::Block(number)))) if number < context.first() => {
            Missing::events(None, token)
        }
        Some(Err(RpcError::Missing(Missing::L1Accepted))) => match context.l1_accepted_at_origin()? {
            None => return Err(RpcError::BlockNotFound),
            Some(number) if number >= context.first() && context.thread.is_some() => return Ok(number),
            Some(_) => Missing::events(None, token),
        },
        Some(Err(RpcError::Missing(Missing::BlockHash(hash)))) => Missing::events(Some(hash), token),
        Some(Err(error)) => return Err(error),
        None if context.storage.fork().is_some() => Missing::events(None, token),
        None => None,
    };
    before_fork.map_or_else(|| Ok(context.first()), |events| Err(context.missing(events)))
}

fn page(
    context: &RpcContext,
    filter: &EventFilter,
    start: Cursor,
    to: &StateAt,
    chunk_size: usize,
) -> Result<EventsChunk, RpcError> {
    let mut events = Vec::new();
    let (mut looked_through, mut packages) = (0, 0);
    for block in start.block..=to.number().0 {
        let skip = if block == start.block { start.skip } else { 0 };
        let Some(source) = Source::new(context, BlockNumber(block), to)? else { continue };
        let next = if looked_through == MAX_BLOCKS_OF_EVENTS {
            Some(0)
        } else {
            looked_through += 1;
            source.scan(context, filter, skip, chunk_size, &mut packages, &mut events)?
        };
        if let Some(next) = next {
            let continuation_token = Some(Cursor { block, skip: next }.to_string());
            return Ok(EventsChunk { events, continuation_token });
        }
    }
    Ok(EventsChunk { events, continuation_token: None })
}

/// A block with events.
struct Source {
    place: BlockPlace,
    transactions: Transactions,
}

/// The transactions of a block.
enum Transactions {
    Stored(Vec<BlockTransaction>),
    Open(PreConfirmed),
}

impl Source {
    /// The block of this number, which is stored or `last` itself; `None` if it has no events.
    fn new(context: &RpcContext, number: BlockNumber, last: &StateAt) -> Result<Option<Self>, RpcError> {
        if let StateAt::PreConfirmed(block) = last
            && block.number() == number
        {
            return Ok(Some(Self {
                place: open_place(block),
                transactions: Transactions::Open(block.clone()),
            }));
        }
        if context.header_at(number)?.n_events == 0 {
            return Ok(None);
        }
        let transactions = Transactions::Stored(context.transactions_at(number)?);
        Ok(Some(Self { place: context.place(number)?, transactions }))
    }

    /// Adds the matching events after the first `skip`. Stops before the first match that no longer fits, or takes one
    /// package too many to read, and says how many events came before it.
    fn scan(
        &self,
        context: &RpcContext,
        filter: &EventFilter,
        skip: usize,
        chunk_size: usize,
        packages: &mut usize,
        found: &mut Vec<EmittedEvent>,
    ) -> Result<Option<usize>, RpcError> {
        let mut seen = 0;
        for (index, transaction) in self.transactions.iter().enumerate() {
            // Looked up only once an event matches.
            let mut owners = None;
            for (event_index, event) in transaction.receipt.events.iter().enumerate() {
                seen += 1;
                if seen <= skip || !filter.matches(event) {
                    continue;
                }
                let thread = transaction.receipt.thread.as_ref();
                let reads = owners.is_none() && thread.is_some_and(ThreadOutcome::has_settled);
                if found.len() == chunk_size || (reads && *packages == MAX_PACKAGES) {
                    return Ok(Some(seen - 1));
                }
                *packages += usize::from(reads);
                let owners = match &mut owners {
                    Some(owners) => owners,
                    none => none.insert(self.transactions.owners(context, index, transaction)?),
                };
                let (hash, event_index) = owners.of_event(transaction.hash, event_index);
                found.push(EmittedEvent::new(event, &self.place, (hash, index), event_index));
            }
        }
        Ok(None)
    }
}

impl Transactions {
    fn iter(&self) -> Box<dyn Iterator<Item = &BlockTransaction> + '_> {
        match self {
            Self::Stored(transactions) => Box::new(transactions.iter()),
            Self::Open(block) => Box::new(block.transactions().map(|executed| &executed.transaction)),
        }
    }

    /// Whose the events are of the transaction at `index`.
    fn owners(
        &self,
        context: &RpcContext,
        index: usize,
        transaction: &BlockTransaction,
    ) -> Result<Owners, RpcError> {
        let package = match self {
            Self::Stored(_) => context.package_of_settled(transaction)?,
            Self::Open(block) => {
                block.transaction(index).map(|executed| package_in(executed)).transpose()?.flatten()
            }
        };
        Ok(package.map(|package| Owners::of(transaction, &package)).unwrap_or_default())
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.block, self.skip)
    }
}

impl Cursor {
    fn parse(token: &str) -> Option<Self> {
        let (block, skip) = token.split_once('-')?;
        let cursor = Self { block: block.parse().ok()?, skip: skip.parse().ok()? };
        (cursor.to_string() == token).then_some(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_canonical() {
        let cursor = Cursor { block: 12, skip: 3 };
        assert_eq!(cursor.to_string(), "12-3");
        assert_eq!(Cursor::parse("12-3"), Some(cursor));
        for bad in ["", "-", "12", "12-", "+12-3", "012-3", "12-3-4", "a-b", "99999999999999999999-0"] {
            assert_eq!(Cursor::parse(bad), None, "{bad}");
        }
    }
}

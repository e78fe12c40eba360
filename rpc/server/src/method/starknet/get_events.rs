//! `starknet_getEvents`.

mod page;

use serde::{Deserialize, Serialize};
use starknet_api::block::BlockNumber;
use zkthreads_execution::StateAt;
use zkthreads_rpc_api::number::FeltHex;
use zkthreads_storage::EventPlace;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::limits::MAX_EVENTS;
use crate::missing::Missing;
use crate::wire::block_id::BlockId;
use crate::wire::event::{Addresses, EmittedEvent, EventFilter};
use crate::wire::event_cursor::EventCursor;

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
        None => EventPlace::first_of(from),
        Some(token) => {
            let EventCursor(start) = EventCursor::parse(token).ok_or(RpcError::InvalidContinuationToken)?;
            if start.block < from || start.block > to.number() {
                return Err(RpcError::InvalidContinuationToken);
            }
            start
        }
    };
    let (events, next) = page::read(context, &matcher, start, &to, chunk_size)?;
    Ok(EventsChunk { events, continuation_token: next.map(|next| EventCursor(next).to_string()) })
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

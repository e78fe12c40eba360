//! `starknet_getEvents`.

use std::collections::HashSet;
use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::ContractAddress;
use starknet_api::transaction::{Event, TransactionHash};
use starknet_types_core::felt::Felt;
use zkthreads_execution::StateAt;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;
use crate::wire::number::{AddressHex, FeltHex};
use crate::wire::receipt::EventOut;

/// Most events in one page.
const MAX_CHUNK_SIZE: u64 = 1024;

/// Most values in `keys`, all positions together.
const MAX_KEYS: usize = 256;

/// Most addresses in a filter.
const MAX_ADDRESSES: usize = 256;

/// Most blocks with events that one page looks through; the page may then hold fewer events than asked for, and a
/// token to go on.
const MAX_BLOCKS: usize = 1024;

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

/// One address or a list.
struct Addresses(Vec<AddressHex>);

#[derive(Serialize)]
pub(super) struct EventsChunk {
    events: Vec<EmittedEvent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_token: Option<String>,
}

#[derive(Serialize)]
struct EmittedEvent {
    #[serde(flatten)]
    event: EventOut,
    /// Absent while the block is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    block_hash: Option<Felt>,
    block_number: u64,
    transaction_hash: Felt,
    transaction_index: usize,
    event_index: usize,
}

/// Where a page begins: a block, and how many of its events (matching or not) came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    block: u64,
    skip: usize,
}

/// The events of a range of blocks that match a filter, in order, by pages.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<EventsChunk, RpcError> {
    let filter = params.filter;
    let matcher = Matcher::new(&filter)?;
    let chunk_size = match filter.chunk_size {
        0 => return Err(RpcError::InvalidParams("chunk_size: 0, at least 1 is expected".to_owned())),
        size if size > MAX_CHUNK_SIZE => return Err(RpcError::PageSizeTooBig),
        size => usize::try_from(size).map_err(|_| RpcError::PageSizeTooBig)?,
    };
    let first = context.first();
    let from = filter.from_block.map_or(Ok(first), |id| context.resolve(id).map(|at| at.number()))?;
    let to = context.resolve(filter.to_block.unwrap_or(BlockId::Latest))?;
    let start = match &filter.continuation_token {
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

fn page(
    context: &RpcContext,
    matcher: &Matcher,
    start: Cursor,
    to: &StateAt,
    chunk_size: usize,
) -> Result<EventsChunk, RpcError> {
    let mut events = Vec::new();
    let mut looked_through = 0;
    for block in start.block..=to.number().0 {
        let skip = if block == start.block { start.skip } else { 0 };
        let Some(source) = Source::new(context, BlockNumber(block), to)? else { continue };
        if looked_through == MAX_BLOCKS {
            return Ok(EventsChunk {
                events,
                continuation_token: Some(Cursor { block, skip: 0 }.to_string()),
            });
        }
        looked_through += 1;
        if let Some(next) = source.scan(matcher, skip, chunk_size, &mut events) {
            return Ok(EventsChunk {
                events,
                continuation_token: Some(Cursor { block, skip: next }.to_string()),
            });
        }
    }
    Ok(EventsChunk { events, continuation_token: None })
}

/// A block with events.
struct Source {
    number: BlockNumber,
    hash: Option<BlockHash>,
    transactions: Vec<Emitter>,
}

/// A transaction with its events.
struct Emitter {
    hash: TransactionHash,
    events: Vec<Event>,
}

impl Source {
    /// The block of this number, which is stored or `last` itself; `None` if it has no events.
    fn new(context: &RpcContext, number: BlockNumber, last: &StateAt) -> Result<Option<Self>, RpcError> {
        if let StateAt::PreConfirmed(block) = last
            && block.number() == number
        {
            let transactions = block.transactions().map(|executed| &executed.transaction);
            let transactions = transactions.map(|transaction| Emitter {
                hash: transaction.hash,
                events: transaction.receipt.events.clone(),
            });
            return Ok(Some(Self { number, hash: None, transactions: transactions.collect() }));
        }
        let header = context.header_at(number)?;
        if header.n_events == 0 {
            return Ok(None);
        }
        let transactions = context.transactions_at(number)?.into_iter();
        let transactions = transactions
            .map(|transaction| Emitter { hash: transaction.hash, events: transaction.receipt.events });
        Ok(Some(Self { number, hash: Some(header.block_hash), transactions: transactions.collect() }))
    }

    /// Adds the matching events after the first `skip`. Stops before the first match that no longer fits, and says
    /// how many events came before it.
    fn scan(
        &self,
        matcher: &Matcher,
        skip: usize,
        chunk_size: usize,
        events: &mut Vec<EmittedEvent>,
    ) -> Option<usize> {
        let mut seen = 0;
        for (transaction_index, transaction) in self.transactions.iter().enumerate() {
            for (event_index, event) in transaction.events.iter().enumerate() {
                seen += 1;
                if seen <= skip || !matcher.matches(event) {
                    continue;
                }
                if events.len() == chunk_size {
                    return Some(seen - 1);
                }
                events.push(EmittedEvent {
                    event: event.into(),
                    block_hash: self.hash.map(|hash| hash.0),
                    block_number: self.number.0,
                    transaction_hash: transaction.hash.0,
                    transaction_index,
                    event_index,
                });
            }
        }
        None
    }
}

/// What a filter lets through.
struct Matcher {
    /// Empty: any.
    addresses: HashSet<ContractAddress>,
    /// By position; an empty list: any.
    keys: Vec<Vec<Felt>>,
}

impl Matcher {
    fn new(filter: &Filter) -> Result<Self, RpcError> {
        let addresses: HashSet<_> =
            filter.address.iter().flat_map(|list| &list.0).map(|address| address.0).collect();
        if addresses.len() > MAX_ADDRESSES {
            let count = addresses.len();
            let reason = format!("address: {count} addresses, at most {MAX_ADDRESSES} are taken");
            return Err(RpcError::InvalidParams(reason));
        }
        let keys: Vec<Vec<Felt>> =
            filter.keys.iter().flatten().map(|values| values.iter().map(|felt| felt.0).collect()).collect();
        if keys.len() > MAX_KEYS || keys.iter().map(Vec::len).sum::<usize>() > MAX_KEYS {
            return Err(RpcError::TooManyKeysInFilter);
        }
        Ok(Self { addresses, keys })
    }

    fn matches(&self, event: &Event) -> bool {
        let address = self.addresses.is_empty() || self.addresses.contains(&event.from_address);
        address
            && self.keys.iter().enumerate().all(|(position, values)| {
                values.is_empty()
                    || event.content.keys.get(position).is_some_and(|key| values.contains(&key.0))
            })
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

impl<'de> Deserialize<'de> for Addresses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Addresses;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address or a list of addresses")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Addresses, E> {
                AddressHex::deserialize(text.into_deserializer()).map(|address| Addresses(vec![address]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Addresses, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Addresses)
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

#[cfg(test)]
mod tests {
    use starknet_api::transaction::{EventContent, EventData, EventKey};

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

    #[test]
    fn filters_match_by_position() {
        let event = |address: u64, keys: &[u64]| Event {
            from_address: ContractAddress::from(address),
            content: EventContent {
                keys: keys.iter().map(|key| EventKey((*key).into())).collect(),
                data: EventData(vec![]),
            },
        };
        let matcher = |text: &str| Matcher::new(&serde_json::from_str(text).unwrap()).unwrap();
        let any = matcher(r#"{"chunk_size": 1}"#);
        assert!(any.matches(&event(1, &[])));
        let one = matcher(r#"{"chunk_size": 1, "address": "0x1", "keys": [[], ["0x5", "0x6"]]}"#);
        assert!(one.matches(&event(1, &[9, 5])));
        assert!(one.matches(&event(1, &[9, 6, 7])));
        assert!(!one.matches(&event(2, &[9, 5])));
        assert!(!one.matches(&event(1, &[5])));
        assert!(!one.matches(&event(1, &[5, 9])));
        let many = matcher(r#"{"chunk_size": 1, "address": ["0x1", "0x2"]}"#);
        assert!(many.matches(&event(2, &[])) && !many.matches(&event(3, &[])));
    }
}

//! Events with where they were emitted, and filters of events.

use std::collections::HashSet;
use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use starknet_api::core::ContractAddress;
use starknet_api::transaction::{Event, TransactionHash};
use starknet_types_core::felt::Felt;
use zkthreads_rpc_api::number::{AddressHex, FeltHex};
use zkthreads_storage::EventQuery;

use super::place::BlockPlace;
use super::receipt::EventOut;
use crate::error::RpcError;
use crate::limits::{MAX_EVENT_ADDRESSES, MAX_EVENT_KEYS};

/// An event, and where it was emitted.
#[derive(Debug, Serialize)]
pub(crate) struct EmittedEvent {
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

/// One address or a list.
#[derive(Debug)]
pub(crate) struct Addresses(Vec<AddressHex>);

/// What a filter lets through.
#[derive(Debug)]
pub(crate) struct EventFilter {
    /// Empty: any.
    addresses: HashSet<ContractAddress>,
    /// By position; an empty list: any.
    keys: Vec<Vec<Felt>>,
}

impl EmittedEvent {
    /// The event at `event_index` of the transaction at `transaction_index` of a block.
    pub(crate) fn new(
        event: &Event,
        place: &BlockPlace,
        transaction: (TransactionHash, usize),
        event_index: usize,
    ) -> Self {
        Self {
            event: event.into(),
            block_hash: place.hash.map(|hash| hash.0),
            block_number: place.number.0,
            transaction_hash: transaction.0.0,
            transaction_index: transaction.1,
            event_index,
        }
    }
}

impl EventFilter {
    /// Events of some contracts, whose keys are among some values position by position.
    pub(crate) fn new(
        addresses: Option<Addresses>,
        keys: Option<Vec<Vec<FeltHex>>>,
    ) -> Result<Self, RpcError> {
        let addresses: HashSet<_> =
            addresses.into_iter().flat_map(|list| list.0).map(|address| address.0).collect();
        if addresses.len() > MAX_EVENT_ADDRESSES {
            let count = addresses.len();
            let reason = format!("address: {count} addresses, at most {MAX_EVENT_ADDRESSES} are taken");
            return Err(RpcError::InvalidParams(reason));
        }
        let keys: Vec<Vec<Felt>> = keys
            .into_iter()
            .flatten()
            .map(|values| values.into_iter().map(|felt| felt.0).collect())
            .collect();
        if keys.len() > MAX_EVENT_KEYS || keys.iter().map(Vec::len).sum::<usize>() > MAX_EVENT_KEYS {
            return Err(RpcError::TooManyKeysInFilter);
        }
        Ok(Self { addresses, keys })
    }

    /// What to look for in the index of events; `None` if all events are let through.
    pub(crate) fn query(&self) -> Option<EventQuery> {
        EventQuery::new(self.addresses.iter().copied(), &self.keys)
    }

    /// Whether it lets an event through.
    pub(crate) fn matches(&self, event: &Event) -> bool {
        let address = self.addresses.is_empty() || self.addresses.contains(&event.from_address);
        address
            && self.keys.iter().enumerate().all(|(position, values)| {
                values.is_empty()
                    || event.content.keys.get(position).is_some_and(|key| values.contains(&key.0))
            })
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
    fn filters_match_by_position() {
        let event = |address: u64, keys: &[u64]| Event {
            from_address: ContractAddress::from(address),
            content: EventContent {
                keys: keys.iter().map(|key| EventKey((*key).into())).collect(),
                data: EventData(vec![]),
            },
        };
        let filter = |addresses: &str, keys: &str| {
            let addresses = serde_json::from_str(addresses).unwrap();
            EventFilter::new(addresses, serde_json::from_str(keys).unwrap()).unwrap()
        };
        assert!(filter("null", "null").matches(&event(1, &[])));
        let one = filter(r#""0x1""#, r#"[[], ["0x5", "0x6"]]"#);
        assert!(one.matches(&event(1, &[9, 5])));
        assert!(one.matches(&event(1, &[9, 6, 7])));
        assert!(!one.matches(&event(2, &[9, 5])));
        assert!(!one.matches(&event(1, &[5])));
        assert!(!one.matches(&event(1, &[5, 9])));
        let many = filter(r#"["0x1", "0x2"]"#, "[]");
        assert!(many.matches(&event(2, &[])) && !many.matches(&event(3, &[])));
    }
}

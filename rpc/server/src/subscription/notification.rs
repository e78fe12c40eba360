//! Notifications as clients see them.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use starknet_api::block::{BlockHash, BlockNumber};
use starknet_types_core::felt::Felt;

use crate::error::RpcError;

/// A notification's `result`.
pub(crate) struct Notification(Box<RawValue>);

#[derive(Serialize)]
struct Envelope<'a> {
    jsonrpc: &'static str,
    method: &'static str,
    params: Params<'a>,
}

#[derive(Serialize)]
struct Params<'a> {
    subscription_id: &'a str,
    result: &'a RawValue,
}

#[derive(Serialize)]
struct Reorg {
    starting_block_hash: Felt,
    starting_block_number: u64,
    ending_block_hash: Felt,
    ending_block_number: u64,
}

impl Notification {
    pub(super) fn new(result: &impl Serialize) -> Result<Self, RpcError> {
        let json = to_raw_value(result).map_err(|error| RpcError::Internal { reason: error.to_string() })?;
        Ok(Self(json))
    }

    /// That the blocks from `first` to `last` are gone.
    pub(super) fn reorg(
        first: (BlockHash, BlockNumber),
        last: (BlockHash, BlockNumber),
    ) -> Result<Self, RpcError> {
        Self::new(&Reorg {
            starting_block_hash: first.0.0,
            starting_block_number: first.1.0,
            ending_block_hash: last.0.0,
            ending_block_number: last.1.0,
        })
    }

    /// The whole message.
    pub(super) fn to_message(&self, method: &'static str, subscription_id: &str) -> Result<String, RpcError> {
        let params = Params { subscription_id, result: &self.0 };
        serde_json::to_string(&Envelope { jsonrpc: "2.0", method, params })
            .map_err(|error| RpcError::Internal { reason: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_the_specification_s_shape() {
        let block = |number: u64| (BlockHash(Felt::from(number + 16)), BlockNumber(number));
        let told = Notification::reorg(block(1), block(2)).unwrap();
        let message = told.to_message("starknet_subscriptionReorg", "7").unwrap();
        let expected = serde_json::json!({
            "jsonrpc": "2.0",
            "method": "starknet_subscriptionReorg",
            "params": {
                "subscription_id": "7",
                "result": {
                    "starting_block_hash": "0x11",
                    "starting_block_number": 1,
                    "ending_block_hash": "0x12",
                    "ending_block_number": 2,
                },
            },
        });
        assert_eq!(serde_json::from_str::<serde_json::Value>(&message).unwrap(), expected);
    }
}

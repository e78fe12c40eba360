//! How a request names a block. Read by hand, key by key: an untagged enum would buffer the number, which
//! `serde_json` cannot read back when it keeps numbers as text.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use starknet_api::block::{BlockHash, BlockNumber};

use zkthreads_rpc_api::number::FeltHex;

/// A block id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockId {
    /// By hash.
    Hash(BlockHash),
    /// By number.
    Number(BlockNumber),
    /// The newest block.
    Latest,
    /// The block under construction.
    PreConfirmed,
    /// The newest block accepted on L1.
    L1Accepted,
}

impl<'de> Deserialize<'de> for BlockId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BlockIdVisitor)
    }
}

struct BlockIdVisitor;

impl<'de> Visitor<'de> for BlockIdVisitor {
    type Value = BlockId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a block id: {\"block_hash\": ..}, {\"block_number\": ..}, \"latest\", \"pre_confirmed\" or \"l1_accepted\"",
        )
    }

    fn visit_str<E: Error>(self, tag: &str) -> Result<BlockId, E> {
        match tag {
            "latest" => Ok(BlockId::Latest),
            "pre_confirmed" | "pending" => Ok(BlockId::PreConfirmed),
            "l1_accepted" => Ok(BlockId::L1Accepted),
            _ => Err(E::unknown_variant(tag, &["latest", "pre_confirmed", "l1_accepted"])),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<BlockId, A::Error> {
        let key: Option<String> = map.next_key()?;
        let id = match key.as_deref() {
            Some("block_hash") => BlockId::Hash(BlockHash(map.next_value::<FeltHex>()?.0)),
            Some("block_number") => BlockId::Number(BlockNumber(map.next_value()?)),
            Some(other) => return Err(A::Error::unknown_field(other, &["block_hash", "block_number"])),
            None => return Err(A::Error::missing_field("block_hash` or `block_number")),
        };
        match map.next_key::<String>()? {
            None => Ok(id),
            Some(other) => {
                Err(A::Error::custom(format_args!("unexpected second field `{other}` in a block id")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use starknet_types_core::felt::Felt;

    use super::*;

    #[test]
    fn all_forms() {
        let read = |text| serde_json::from_str::<BlockId>(text);
        assert_eq!(read(r#"{"block_number": 7}"#).unwrap(), BlockId::Number(BlockNumber(7)));
        assert_eq!(read(r#"{"block_hash": "0x7"}"#).unwrap(), BlockId::Hash(BlockHash(Felt::from(7))));
        assert_eq!(read(r#""latest""#).unwrap(), BlockId::Latest);
        assert_eq!(read(r#""pre_confirmed""#).unwrap(), BlockId::PreConfirmed);
        assert_eq!(read(r#""pending""#).unwrap(), BlockId::PreConfirmed);
        assert_eq!(read(r#""l1_accepted""#).unwrap(), BlockId::L1Accepted);
        for bad in [
            r#""newest""#,
            "7",
            "null",
            "[]",
            "{}",
            r#"{"block_number": -1}"#,
            r#"{"block_number": 1.5}"#,
            r#"{"block_number": "0x1"}"#,
            r#"{"block_number": 18446744073709551616}"#,
            r#"{"block_number": 1, "block_hash": "0x1"}"#,
            r#"{"block": 1}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}

//! Where a subscription to blocks begins.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::Cursor;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::limits::MAX_BLOCKS_BACK;
use crate::wire::block_id::BlockId;

/// A block id other than `pre_confirmed` and `l1_accepted`.
pub(super) struct StartId(BlockId);

impl<'de> Deserialize<'de> for StartId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match BlockId::deserialize(deserializer)? {
            BlockId::PreConfirmed | BlockId::L1Accepted => {
                Err(D::Error::custom("a subscription begins at a block by number or hash, or at `latest`"))
            }
            id @ (BlockId::Hash(_) | BlockId::Number(_) | BlockId::Latest) => Ok(Self(id)),
        }
    }
}

/// With the block that `id` names, or after the latest one (`latest`, and if no block is named).
pub(super) fn start(context: &RpcContext, id: Option<StartId>) -> Result<Cursor, RpcError> {
    begin(context, id, 1)
}

/// With the block that `id` names, or with the latest one (`latest`, and if no block is named).
pub(super) fn start_with_latest(context: &RpcContext, id: Option<StartId>) -> Result<Cursor, RpcError> {
    begin(context, id, 0)
}

fn begin(context: &RpcContext, id: Option<StartId>, after_latest: u64) -> Result<Cursor, RpcError> {
    let latest = context.latest()?;
    let first = match id {
        None | Some(StartId(BlockId::Latest)) => latest.0.saturating_add(after_latest),
        Some(StartId(id)) => {
            let number = match context.resolve_stored(id) {
                Err(RpcError::Missing(missing)) => {
                    context.number_at_origin(&missing)?.ok_or(RpcError::BlockNotFound)?
                }
                number => number?,
            };
            if latest.0.saturating_sub(number.0) > MAX_BLOCKS_BACK {
                return Err(RpcError::TooManyBlocksBack);
            }
            number.0
        }
    };
    Cursor::new(context, first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_at_blocks_that_are_not_final_or_far_back() {
        for good in [r#""latest""#, r#"{"block_number": 3}"#, r#"{"block_hash": "0x1"}"#] {
            assert!(serde_json::from_str::<StartId>(good).is_ok(), "{good}");
        }
        for bad in [r#""pre_confirmed""#, r#""pending""#, r#""l1_accepted""#, "null", "3"] {
            assert!(serde_json::from_str::<StartId>(bad).is_err(), "{bad}");
        }
    }
}

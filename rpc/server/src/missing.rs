//! What is not on this chain, but may be on its origin.

use std::fmt;

use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::transaction::TransactionHash;

/// What is not on this chain, but may be on its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Missing {
    /// A block from before the fork.
    Block(BlockNumber),
    /// A block that is not known here.
    BlockHash(BlockHash),
    /// The newest block that is accepted on L1, where none of ours is.
    L1Accepted,
    /// A transaction that is not known here.
    Transaction(TransactionHash),
    /// Events from before the fork, where later ones are asked for as well.
    Events {
        /// The block that they begin at, if it was named by its hash.
        from: Option<BlockHash>,
        /// The origin's token to go on with.
        token: Option<String>,
    },
}

/// Code of a block that is not found, in the specification.
pub(crate) const BLOCK_NOT_FOUND: i32 = 24;
/// Code of a transaction that is not found.
pub(crate) const TRANSACTION_NOT_FOUND: i32 = 29;

/// What a token starts with that is the origin's.
pub(crate) const ORIGIN_TOKEN: &str = "origin-";

impl Missing {
    /// The code of the error if the origin does not have it either.
    pub(crate) fn code(&self) -> i32 {
        match self {
            Self::Block(_) | Self::BlockHash(_) | Self::L1Accepted | Self::Events { .. } => BLOCK_NOT_FOUND,
            Self::Transaction(_) => TRANSACTION_NOT_FOUND,
        }
    }

    /// The events of a range that begins before the fork and ends after it; `None` if, by the token of the page, only
    /// those after it are left.
    pub(crate) fn events(from: Option<BlockHash>, token: Option<&str>) -> Option<Self> {
        match token {
            None => Some(Self::Events { from, token: None }),
            Some(token) => {
                let token = token.strip_prefix(ORIGIN_TOKEN)?;
                Some(Self::Events { from, token: Some(token.to_owned()) })
            }
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Block(_) | Self::BlockHash(_) | Self::L1Accepted | Self::Events { .. } => "Block not found",
            Self::Transaction(_) => "Transaction hash not found",
        })
    }
}

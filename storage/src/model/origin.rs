//! Where a chain begins, and who makes its blocks.

use std::fmt;

use serde::{Deserialize, Serialize};
use starknet_api::block::{BlockHash, BlockNumber};

/// The block of another chain that the first local block builds on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkPoint {
    /// Its number; the first local block's is the next.
    pub number: BlockNumber,
    /// Its hash, the first local block's parent.
    pub hash: BlockHash,
}

impl fmt::Display for ForkPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block {} ({:#x})", self.number, self.hash.0)
    }
}

/// Who makes a chain's blocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChainKind {
    /// This node.
    #[default]
    Own,
    /// Another node: its blocks are taken as they are.
    Followed,
}

impl fmt::Display for ChainKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "a chain of its own",
            Self::Followed => "another node's chain, as it is",
        })
    }
}

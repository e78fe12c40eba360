//! A devnet that begins where another network is: at a block of its origin, which is pinned for good.
//!
//! What was never written locally is read from the origin by JSON-RPC and kept on disk, as it cannot change any more.
//! What the origin does after the pinned block is not part of this chain.

use std::path::PathBuf;

/// What the user wants forked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForkWishes {
    /// The origin's JSON-RPC.
    pub url: Option<String>,
    /// The block after which the chain begins; the origin's latest if absent.
    pub block: Option<u64>,
    /// Where what was read from the origin is kept; in the data directory if absent.
    pub cache: Option<PathBuf>,
}

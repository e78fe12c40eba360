//! The block that something is in, and how final that is.

use serde::Serialize;
use starknet_api::block::{BlockHash, BlockNumber};

/// How final a block is, and with it all that it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Finality {
    /// Still open.
    #[serde(rename = "PRE_CONFIRMED")]
    PreConfirmed,
    /// Stored.
    #[serde(rename = "ACCEPTED_ON_L2")]
    AcceptedOnL2,
    /// Stored, and L1 knows it.
    #[serde(rename = "ACCEPTED_ON_L1")]
    AcceptedOnL1,
}

/// A block as what is in it names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockPlace {
    /// Its number.
    pub(crate) number: BlockNumber,
    /// Its hash; an open block has none.
    pub(crate) hash: Option<BlockHash>,
    /// How final it is.
    pub(crate) finality: Finality,
}

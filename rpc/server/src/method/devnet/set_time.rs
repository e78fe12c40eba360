//! `devnet_setTime`.

use serde::{Deserialize, Serialize};
use starknet_api::block::{BlockHash, BlockTimestamp};

use super::control;
use crate::context::RpcContext;
use crate::error::RpcError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    time: u64,
    #[serde(default)]
    generate_block: Option<bool>,
}

#[derive(Serialize)]
pub(super) struct Set {
    block_timestamp: u64,
    block_hash: Option<BlockHash>,
}

/// Sets the clock, and makes a block unless told not to.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Set, RpcError> {
    let seal = params.generate_block.unwrap_or(true);
    let block_hash = control(context)?.set_time(BlockTimestamp(params.time), seal)?;
    Ok(Set { block_timestamp: params.time, block_hash })
}

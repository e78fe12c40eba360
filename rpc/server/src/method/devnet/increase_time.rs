//! `devnet_increaseTime`.

use serde::{Deserialize, Serialize};
use starknet_api::block::BlockHash;

use super::control;
use crate::context::RpcContext;
use crate::error::RpcError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    time: u64,
}

#[derive(Serialize)]
pub(super) struct Increased {
    timestamp_increased_by: u64,
    block_hash: BlockHash,
}

/// Sets the clock forward and makes a block.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Increased, RpcError> {
    let block_hash = control(context)?.increase_time(params.time)?;
    Ok(Increased { timestamp_increased_by: params.time, block_hash })
}

//! `starknet_blockHashAndNumber`.

use serde::Serialize;
use starknet_types_core::felt::Felt;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::params::NoParams;

#[derive(Serialize)]
pub(super) struct BlockHashAndNumber {
    block_hash: Felt,
    block_number: u64,
}

/// The newest block's hash and number.
pub(super) fn answer(context: &RpcContext, _: NoParams) -> Result<BlockHashAndNumber, RpcError> {
    let number = context.latest()?;
    Ok(BlockHashAndNumber { block_hash: context.header_at(number)?.block_hash.0, block_number: number.0 })
}

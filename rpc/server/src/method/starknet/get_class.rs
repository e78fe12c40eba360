//! `starknet_getClass`.

use serde::Deserialize;
use starknet_api::core::ClassHash;
use zkthreads_rpc_api::number::FeltHex;

use crate::context::RpcContext;
use crate::convert::class::{ClassOut, class};
use crate::error::RpcError;
use crate::wire::block_id::BlockId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    block_id: BlockId,
    class_hash: FeltHex,
}

/// A class declared up to the block.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<ClassOut, RpcError> {
    let state = context.state(params.block_id)?;
    let record = state.class(ClassHash(params.class_hash.0))?.ok_or(RpcError::ClassHashNotFound)?;
    class(&record.definition)
}

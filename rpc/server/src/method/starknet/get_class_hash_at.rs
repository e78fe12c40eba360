//! `starknet_getClassHashAt`.

use serde::Deserialize;
use starknet_types_core::felt::Felt;
use zkthreads_rpc_api::number::AddressHex;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    block_id: BlockId,
    contract_address: AddressHex,
}

/// The hash of a contract's class.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Felt, RpcError> {
    let state = context.state(params.block_id)?;
    Ok(context.class_hash(&state, params.contract_address.0)?.0)
}

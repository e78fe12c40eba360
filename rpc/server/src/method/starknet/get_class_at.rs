//! `starknet_getClassAt`.

use serde::Deserialize;
use zkthreads_rpc_api::number::AddressHex;

use crate::context::RpcContext;
use crate::convert::class::{ClassOut, class};
use crate::error::RpcError;
use crate::wire::block_id::BlockId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    block_id: BlockId,
    contract_address: AddressHex,
}

/// A contract's class.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<ClassOut, RpcError> {
    let state = context.state(params.block_id)?;
    let class_hash = context.class_hash(&state, params.contract_address.0)?;
    let record = state.class(class_hash)?.ok_or_else(|| RpcError::Internal {
        reason: format!("class {:#x} of a deployed contract is missing", class_hash.0),
    })?;
    class(&record.definition)
}

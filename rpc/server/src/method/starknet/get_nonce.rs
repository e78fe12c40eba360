//! `starknet_getNonce`.

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

/// A contract's nonce. For `pre_confirmed`, the one after its transactions in the pool, so that a wallet can send
/// several without waiting.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Felt, RpcError> {
    let address = params.contract_address.0;
    if params.block_id == BlockId::PreConfirmed
        && let Some(nonce) = context.sink.pending_nonce(address)
    {
        return Ok(nonce.0);
    }
    let state = context.state(params.block_id)?;
    context.class_hash(&state, address)?;
    Ok(state.nonce(address)?.0)
}

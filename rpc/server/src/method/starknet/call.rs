//! `starknet_call`.

use std::sync::Arc;

use serde::Deserialize;
use starknet_api::core::EntryPointSelector;
use starknet_api::transaction::fields::Calldata;
use starknet_types_core::felt::Felt;
use zkthreads_rpc_api::number::{AddressHex, FeltHex, felts};

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    request: FunctionCall,
    block_id: BlockId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FunctionCall {
    contract_address: AddressHex,
    entry_point_selector: FeltHex,
    calldata: Vec<FeltHex>,
}

/// What a function answers, without a transaction.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Vec<Felt>, RpcError> {
    let at = context.resolve_state(params.block_id)?;
    let FunctionCall { contract_address, entry_point_selector, calldata } = params.request;
    let selector = EntryPointSelector(entry_point_selector.0);
    let calldata = Calldata(Arc::new(felts(calldata)));
    Ok(context.executor.call(at, contract_address.0, selector, calldata)?)
}

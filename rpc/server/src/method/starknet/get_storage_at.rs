//! `starknet_getStorageAt`.

use serde::{Deserialize, Serialize};
use starknet_types_core::felt::Felt;
use zkthreads_rpc_api::number::{AddressHex, KeyHex};

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;
use crate::wire::flags::{StorageFlag, has};

/// Contracts that exist without a class: they hold block hashes and aliases of keys.
const SYSTEM_CONTRACTS: [Felt; 2] = [Felt::ONE, Felt::TWO];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    contract_address: AddressHex,
    key: KeyHex,
    block_id: BlockId,
    #[serde(default)]
    response_flags: Option<Vec<StorageFlag>>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum StorageValue {
    Plain(Felt),
    WithBlock { value: Felt, last_update_block: u64 },
}

/// The value of a storage cell, and the block that last wrote it if asked.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<StorageValue, RpcError> {
    let (AddressHex(contract), KeyHex(key)) = (params.contract_address, params.key);
    let state = context.state(params.block_id)?;
    if !SYSTEM_CONTRACTS.contains(contract.0.key()) {
        context.class_hash(&state, contract)?;
    }
    let value = state.storage(contract, key)?;
    if !has(&params.response_flags, StorageFlag::IncludeLastUpdateBlock) {
        return Ok(StorageValue::Plain(value));
    }
    let last_update_block = state.storage_changed_at(contract, key)?.map_or(0, |block| block.0);
    Ok(StorageValue::WithBlock { value, last_update_block })
}

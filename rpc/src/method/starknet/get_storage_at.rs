//! `starknet_getStorageAt`.

use serde::{Deserialize, Serialize};
use starknet_api::block::BlockNumber;
use starknet_api::core::ContractAddress;
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;
use crate::wire::flags::{StorageFlag, has};
use crate::wire::number::{AddressHex, KeyHex};

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
    let number = context.resolve(params.block_id)?;
    let state = context.storage.state_at(number);
    if !SYSTEM_CONTRACTS.contains(contract.0.key()) {
        context.class_hash(&state, contract)?;
    }
    let value = state.storage(contract, key)?;
    if !has(&params.response_flags, StorageFlag::IncludeLastUpdateBlock) {
        return Ok(StorageValue::Plain(value));
    }
    let last_update_block = last_update(context, contract, key, number)?;
    Ok(StorageValue::WithBlock { value, last_update_block })
}

/// The newest block up to `number` whose diff holds the cell; 0 if none does.
fn last_update(
    context: &RpcContext,
    contract: ContractAddress,
    key: StorageKey,
    number: BlockNumber,
) -> Result<u64, RpcError> {
    for block in (1..=number.0).rev() {
        let diff = context.storage.state_diff(BlockNumber(block))?.ok_or(RpcError::BlockNotFound)?;
        if diff.storage_diffs.get(&contract).is_some_and(|cells| cells.contains_key(&key)) {
            return Ok(block);
        }
    }
    Ok(0)
}

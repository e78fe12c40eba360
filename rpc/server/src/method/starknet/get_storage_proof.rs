//! `starknet_getStorageProof`.

use serde::Deserialize;
use starknet_api::core::ClassHash;
use starknet_rust_core::types::StorageProof;
use zkthreads_rpc_api::number::{AddressHex, FeltHex, KeyHex};
use zkthreads_storage::{ProofRequest, StorageError};

use crate::context::RpcContext;
use crate::convert::proof::storage_proof;
use crate::error::RpcError;
use crate::limits::MAX_PROOF_LEAVES;
use crate::wire::block_id::BlockId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    block_id: BlockId,
    #[serde(default)]
    class_hashes: Option<Vec<FeltHex>>,
    #[serde(default)]
    contract_addresses: Option<Vec<AddressHex>>,
    #[serde(default)]
    contracts_storage_keys: Option<Vec<ContractKeys>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractKeys {
    contract_address: AddressHex,
    storage_keys: Vec<KeyHex>,
}

/// Proofs of leaves of the state's tries, at any block whose state is kept.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<StorageProof, RpcError> {
    let number = context.resolve_stored(params.block_id)?;
    let request = request(params.class_hashes, params.contract_addresses, params.contracts_storage_keys)?;
    match context.storage.storage_proof(number, &request) {
        Ok(proof) => Ok(storage_proof(&proof)),
        Err(
            error @ (StorageError::Pruned { .. }
            | StorageError::OfBase { .. }
            | StorageError::OtherKind { .. }),
        ) => Err(RpcError::StorageProofNotSupported { reason: error.to_string() }),
        Err(error) => Err(error.into()),
    }
}

fn request(
    classes: Option<Vec<FeltHex>>,
    contracts: Option<Vec<AddressHex>>,
    storage: Option<Vec<ContractKeys>>,
) -> Result<ProofRequest, RpcError> {
    let (classes, contracts) = (classes.unwrap_or_default(), contracts.unwrap_or_default());
    let storage = storage.unwrap_or_default();
    // A contract without keys counts as one, for the work it takes.
    let keys = storage.iter().map(|contract| contract.storage_keys.len().max(1)).sum::<usize>();
    let leaves = classes.len() + contracts.len() + keys;
    if leaves > MAX_PROOF_LEAVES {
        return Err(RpcError::InvalidParams(format!(
            "{leaves} leaves, at most {MAX_PROOF_LEAVES} are proven at once"
        )));
    }
    Ok(ProofRequest {
        classes: classes.into_iter().map(|class| ClassHash(class.0)).collect(),
        contracts: contracts.into_iter().map(|contract| contract.0).collect(),
        storage: storage
            .into_iter()
            .map(|contract| {
                let keys = contract.storage_keys.into_iter().map(|key| key.0).collect();
                (contract.contract_address.0, keys)
            })
            .collect(),
    })
}

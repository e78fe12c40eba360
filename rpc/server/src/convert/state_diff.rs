//! From a block's or transaction's diff to the spec's.

use starknet_api::core::ContractAddress;
use starknet_api::state::ThinStateDiff;
use starknet_rust_core::types::{
    ContractStorageDiffItem, DeclaredClassItem, DeployedContractItem, NonceUpdate, ReplacedClassItem,
    StateDiff, StorageEntry,
};
use zkthreads_storage::StorageError;

/// The spec's form of `diff`. `existed` tells a contract that changed its class from one that is new.
pub(crate) fn state_diff(
    diff: &ThinStateDiff,
    existed: impl Fn(ContractAddress) -> Result<bool, StorageError>,
) -> Result<StateDiff, StorageError> {
    let mut deployed_contracts = Vec::new();
    let mut replaced_classes = Vec::new();
    for (address, class_hash) in &diff.deployed_contracts {
        let (contract_address, class_hash) = (*address.0.key(), class_hash.0);
        if existed(*address)? {
            replaced_classes.push(ReplacedClassItem { contract_address, class_hash });
        } else {
            deployed_contracts.push(DeployedContractItem { address: contract_address, class_hash });
        }
    }
    let storage_diffs = diff.storage_diffs.iter().map(|(address, cells)| ContractStorageDiffItem {
        address: *address.0.key(),
        storage_entries: cells
            .iter()
            .map(|(key, value)| StorageEntry { key: *key.0.key(), value: *value })
            .collect(),
    });
    let declared_classes = diff.class_hash_to_compiled_class_hash.iter().map(|(class_hash, compiled)| {
        DeclaredClassItem { class_hash: class_hash.0, compiled_class_hash: compiled.0 }
    });
    let nonces = diff
        .nonces
        .iter()
        .map(|(address, nonce)| NonceUpdate { contract_address: *address.0.key(), nonce: nonce.0 });
    Ok(StateDiff {
        storage_diffs: storage_diffs.collect(),
        deprecated_declared_classes: diff.deprecated_declared_classes.iter().map(|class| class.0).collect(),
        declared_classes: declared_classes.collect(),
        // Every class of this chain is declared with its Blake hash; there is none to migrate.
        migrated_compiled_classes: Some(Vec::new()),
        deployed_contracts,
        replaced_classes,
        nonces: nonces.collect(),
    })
}

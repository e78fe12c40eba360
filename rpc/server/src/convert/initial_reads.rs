//! The state that a simulation read.

use blockifier::state::cached_state::StateMaps;
use starknet_rust_core::types::{
    InitialReads, InitialReadsClassHashEntry, InitialReadsDeclaredContractEntry, InitialReadsNonceEntry,
    InitialReadsStorageEntry, StorageKey,
};

/// The spec's form of the values read, ordered by address and key.
pub(crate) fn initial_reads(reads: &StateMaps) -> InitialReads {
    let storage = reads.storage.iter().map(|((contract, key), value)| {
        let (contract_address, key) = (*contract.0.key(), *key.0.key());
        ((contract_address, key), *value)
    });
    let nonces = reads.nonces.iter().map(|(contract, nonce)| (*contract.0.key(), nonce.0));
    let class_hashes = reads.class_hashes.iter().map(|(contract, class)| (*contract.0.key(), class.0));
    let declared = reads.declared_contracts.iter().map(|(class, declared)| (class.0, *declared));
    InitialReads {
        storage: Some(sorted(storage, |((contract_address, key), value)| InitialReadsStorageEntry {
            contract_address,
            key: StorageKey(format!("{key:#x}")),
            value,
        })),
        nonces: Some(sorted(nonces, |(contract_address, nonce)| InitialReadsNonceEntry {
            contract_address,
            nonce,
        })),
        class_hashes: Some(sorted(class_hashes, |(contract_address, class_hash)| {
            InitialReadsClassHashEntry { contract_address, class_hash }
        })),
        declared_contracts: Some(sorted(declared, |(class_hash, is_declared)| {
            InitialReadsDeclaredContractEntry { class_hash, is_declared }
        })),
    }
}

/// The entries in the order of their keys: maps of blockifier's have none.
fn sorted<T: Ord, E>(entries: impl Iterator<Item = T>, form: impl FnMut(T) -> E) -> Vec<E> {
    let mut entries: Vec<_> = entries.collect();
    entries.sort_unstable();
    entries.into_iter().map(form).collect()
}

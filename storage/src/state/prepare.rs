//! The tries after a diff, computed before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use starknet_api::block::BlockNumber;
use starknet_api::core::{ContractAddress, GlobalRoot};
use starknet_api::hash::{HashOutput, StateRoots};
use starknet_api::state::ThinStateDiff;

use super::tries::{
    ClassNodes, ContractNodes, StorageNodes, Tries, class_leaf, class_path, contract_path, path,
};
use crate::db::rows::{Contract, Latest, Tip};
use crate::db::tables::Contracts;
use crate::db::{Read, Snapshot};
use crate::storage::place::{self, NextPlace};
use crate::trie::{NodeChange, Path, TrieHasher, update};
use crate::{ContractLeaf, StorageError};

/// Rows of a trie that change, by place.
pub(crate) type NodeChanges = BTreeMap<Path, NodeChange>;

/// The tries after a diff: their roots, and the rows that make them so. Good for one commit, on the tip it was
/// prepared on.
#[derive(Debug, Clone)]
pub struct PreparedState {
    /// The tip it was prepared on.
    pub(crate) tip: Option<Tip>,
    /// What was applied.
    pub(crate) diff: ThinStateDiff,
    pub(crate) roots: StateRoots,
    /// The contracts that the diff touches, as they are after it.
    pub(crate) contracts: Vec<PreparedContract>,
    pub(crate) contract_nodes: NodeChanges,
    pub(crate) class_nodes: NodeChanges,
}

/// A contract after a diff.
#[derive(Debug, Clone)]
pub(crate) struct PreparedContract {
    pub(crate) address: ContractAddress,
    pub(crate) row: Contract,
    pub(crate) storage_nodes: NodeChanges,
}

impl PreparedState {
    /// Roots of the contract and class tries.
    #[must_use]
    pub fn roots(&self) -> StateRoots {
        self.roots
    }

    /// The header's state root.
    #[must_use]
    pub fn global_root(&self) -> GlobalRoot {
        self.roots.global_root()
    }
}

pub(crate) fn prepare(snapshot: &Snapshot<'_>, diff: &ThinStateDiff) -> Result<PreparedState, StorageError> {
    let NextPlace { tip, number: block, .. } = place::next(snapshot)?;
    let roots = tip.map_or(StateRoots::EMPTY, |tip| tip.roots);

    let contracts: Vec<_> = touched(diff)
        .into_par_iter()
        .map(|address| prepare_contract(snapshot, block, diff, *address))
        .collect::<Result<_, _>>()?;

    let contract_leaves = contracts
        .par_iter()
        .map(|contract| Ok((contract_path(contract.address)?, ContractLeaf::from(contract.row).hash())))
        .collect::<Result<Vec<_>, StorageError>>()?;
    let class_leaves = diff
        .class_hash_to_compiled_class_hash
        .par_iter()
        .map(|(class, compiled)| Ok((class_path(*class)?, class_leaf(*compiled))))
        .collect::<Result<Vec<_>, StorageError>>()?;
    let tries = Tries::latest(snapshot);
    let (contract_trie, class_trie) = rayon::join(
        || {
            let root = roots.contracts_trie_root_hash.0;
            update(&ContractNodes(tries), TrieHasher::Pedersen, root, contract_leaves)
        },
        || {
            let root = roots.classes_trie_root_hash.0;
            update(&ClassNodes(tries), TrieHasher::Poseidon, root, class_leaves)
        },
    );
    let (contract_trie, class_trie) = (contract_trie?, class_trie?);
    Ok(PreparedState {
        tip,
        diff: diff.clone(),
        roots: StateRoots {
            contracts_trie_root_hash: HashOutput(contract_trie.root),
            classes_trie_root_hash: HashOutput(class_trie.root),
        },
        contracts,
        contract_nodes: contract_trie.changes,
        class_nodes: class_trie.changes,
    })
}

/// The state after `diff`, a block of the followed chain: without nodes, and with the roots that its node has.
pub(crate) fn followed(
    now: &Snapshot<'_>,
    diff: &ThinStateDiff,
    roots: StateRoots,
) -> Result<PreparedState, StorageError> {
    let NextPlace { tip, number: block, .. } = place::next(now)?;
    let contract = |&address: &ContractAddress| {
        let row = contract_after(now, block, diff, address)?;
        Ok(PreparedContract { address, row, storage_nodes: NodeChanges::new() })
    };
    Ok(PreparedState {
        tip,
        diff: diff.clone(),
        roots,
        contracts: touched(diff).into_iter().map(contract).collect::<Result<_, StorageError>>()?,
        contract_nodes: NodeChanges::new(),
        class_nodes: NodeChanges::new(),
    })
}

/// The contracts of which `diff` sets anything.
fn touched(diff: &ThinStateDiff) -> BTreeSet<&ContractAddress> {
    diff.deployed_contracts.keys().chain(diff.nonces.keys()).chain(diff.storage_diffs.keys()).collect()
}

/// What `diff`, as block `block`, makes of one contract, its storage aside.
fn contract_after(
    now: &Snapshot<'_>,
    block: BlockNumber,
    diff: &ThinStateDiff,
    address: ContractAddress,
) -> Result<Contract, StorageError> {
    let mut row = now.get::<Contracts>(&address)?.unwrap_or_default();
    if let Some(&value) = diff.deployed_contracts.get(&address) {
        row.class_hash = Latest { value, since: block };
    }
    if let Some(&value) = diff.nonces.get(&address) {
        row.nonce = Latest { value, since: block };
    }
    Ok(row)
}

/// What `diff`, as block `block`, makes of one contract.
fn prepare_contract(
    snapshot: &Snapshot<'_>,
    block: BlockNumber,
    diff: &ThinStateDiff,
    address: ContractAddress,
) -> Result<PreparedContract, StorageError> {
    let mut row = contract_after(snapshot, block, diff, address)?;
    let mut storage_nodes = NodeChanges::new();
    if let Some(cells) = diff.storage_diffs.get(&address) {
        let leaves = cells
            .iter()
            .map(|(key, value)| Ok((path(*key.0.key())?, *value)))
            .collect::<Result<Vec<_>, StorageError>>()?;
        let source = StorageNodes(Tries::latest(snapshot), address);
        let trie = update(&source, TrieHasher::Pedersen, row.storage_root, leaves)?;
        row.storage_root = trie.root;
        storage_nodes = trie.changes;
    }
    Ok(PreparedContract { address, row, storage_nodes })
}

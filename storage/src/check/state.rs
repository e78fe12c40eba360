//! The latest state: its tries, computed anew from the leaves; without tries, its cells against their history.

use std::collections::BTreeMap;

use starknet_api::block::BlockNumber;
use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;

use super::{Check, Problem};
use crate::db::keys::{Backwards, FELT_BYTES};
use crate::db::table::Table;
use crate::db::tables::{
    Beginnings, CellHistory, Cells, ClassTrie, ContractTrie, Contracts, StateDiffs, StorageTries, Tips,
};
use crate::db::{Read, Snapshot};
use crate::state::tries::{TrieTable, class_leaf, class_path, contract_path, path};
use crate::trie::{NodeSource, Path, TrieHasher, TrieNode, update};
use crate::{ChainKind, ContractLeaf, StorageError};

pub(super) fn check(now: &Snapshot<'_>, check: &mut Check) -> Result<(), StorageError> {
    let tip = now.get::<Tips>(&())?;
    if now.get::<Beginnings>(&())?.unwrap_or_default().kind == ChainKind::Followed {
        return tip.map_or(Ok(()), |tip| check_cells(now, check, tip.number));
    }
    check_storage(now, check)?;
    let Some(tip) = tip else {
        return Ok(());
    };

    let mut leaves = Vec::new();
    now.each::<Contracts>(|address, row| {
        leaves.push((contract_path(address)?, ContractLeaf::from(row).hash()));
        Ok(())
    })?;
    let stored = tip.roots.contracts_trie_root_hash.0;
    check_trie::<ContractTrie>(now, check, TrieHasher::Pedersen, leaves, ("contract", stored))?;

    let mut classes = BTreeMap::new();
    now.each::<StateDiffs>(|_, diff| {
        for (class, compiled) in diff.class_hash_to_compiled_class_hash {
            classes.insert(class_path(class)?, class_leaf(compiled));
        }
        Ok(())
    })?;
    check.classes = classes.len() as u64;
    let stored = tip.roots.classes_trie_root_hash.0;
    check_trie::<ClassTrie>(now, check, TrieHasher::Poseidon, classes, ("class", stored))
}

/// The cells of a followed chain, of which there are no tries: each is what the history says that it is.
fn check_cells(now: &Snapshot<'_>, check: &mut Check, tip: BlockNumber) -> Result<(), StorageError> {
    let mut last = None;
    now.each::<Cells>(|(contract, key), cell| {
        check.cells += 1;
        if last.replace(contract) != Some(contract) {
            check.contracts += 1;
        }
        let at = (contract, key, Backwards::up_to(tip));
        if now.last_change::<CellHistory>(&at, 2 * FELT_BYTES)? != Some(cell) {
            check.found(Problem::Cell { contract, key });
        }
        Ok(())
    })
}

/// The trie of contracts, or of classes.
fn check_trie<T: TrieTable<Key = Path>>(
    now: &Snapshot<'_>,
    check: &mut Check,
    hasher: TrieHasher,
    leaves: impl IntoIterator<Item = (Path, Felt)>,
    (trie, stored): (&'static str, Felt),
) -> Result<(), StorageError> {
    let mut nodes = NodeCount::default();
    let computed = nodes.compare::<T>(now, hasher, leaves, |at| at)?;
    if computed != stored {
        check.found(Problem::Root { trie, computed, stored });
    }
    nodes.finish::<T>(now, check)
}

/// Every contract's storage trie.
fn check_storage(now: &Snapshot<'_>, check: &mut Check) -> Result<(), StorageError> {
    let mut nodes = NodeCount::default();
    let mut current: Option<(ContractAddress, Vec<(Path, Felt)>)> = None;
    let mut finish = |check: &mut Check, contract: ContractAddress, leaves| {
        check.contracts += 1;
        let computed =
            nodes.compare::<StorageTries>(now, TrieHasher::Pedersen, leaves, |at| (contract, at))?;
        let stored = now.get::<Contracts>(&contract)?.unwrap_or_default().storage_root;
        if computed != stored {
            check.found(Problem::StorageRoot { contract, computed, stored });
        }
        Ok::<_, StorageError>(())
    };
    // Cells lie contract by contract.
    now.each::<Cells>(|(contract, key), cell| {
        check.cells += 1;
        let leaf = (path(*key.0.key())?, cell.value);
        match &mut current {
            Some((of, leaves)) if *of == contract => leaves.push(leaf),
            _ => {
                if let Some((of, leaves)) = current.replace((contract, vec![leaf])) {
                    finish(check, of, leaves)?;
                }
            }
        }
        Ok(())
    })?;
    if let Some((of, leaves)) = current {
        finish(check, of, leaves)?;
    }
    nodes.finish::<StorageTries>(now, check)
}

/// How a trie's stored nodes compare to those that its leaves make.
#[derive(Default)]
struct NodeCount {
    right: u64,
    wrong: u64,
}

impl NodeCount {
    /// Computes a trie, and looks for each of its nodes. Gives the root.
    fn compare<T: TrieTable>(
        &mut self,
        now: &Snapshot<'_>,
        hasher: TrieHasher,
        leaves: impl IntoIterator<Item = (Path, Felt)>,
        key: impl Fn(Path) -> T::Key,
    ) -> Result<Felt, StorageError> {
        let trie = update(&Nothing, hasher, Felt::ZERO, leaves)?;
        for (at, change) in trie.changes {
            if now.get::<T>(&key(at))? == change.after {
                self.right += 1;
            } else {
                self.wrong += 1;
            }
        }
        Ok(trie.root)
    }

    /// Counts what the table holds beside the right nodes.
    fn finish<T: Table<Value = TrieNode>>(
        self,
        now: &Snapshot<'_>,
        check: &mut Check,
    ) -> Result<(), StorageError> {
        let mut stored: u64 = 0;
        now.each::<T>(|_, _| {
            stored += 1;
            Ok(())
        })?;
        let wrong = self.wrong.max(stored.abs_diff(self.right));
        if wrong > 0 {
            check.found(Problem::Nodes { table: T::NAME, wrong });
        }
        Ok(())
    }
}

/// The trie without leaves: nothing is ever read from it.
struct Nothing;

impl NodeSource for Nothing {
    type Error = StorageError;

    fn node(&self, at: &Path) -> Result<TrieNode, StorageError> {
        Err(StorageError::Inconsistent { reason: format!("the empty trie has no node at {at:?}") })
    }
}

//! Taking the newest blocks back, in one batch: afterwards every table is as if they had never come.
//!
//! What a block added is named by its rows (header, transactions, diff) and by its `undo` row. What it overwrote comes
//! from the histories: the nodes' name what each block put an end to, the cells' what was set before it.

use std::collections::{BTreeMap, BTreeSet};

use starknet_api::block::{BlockHash, BlockHeader, BlockNumber};
use starknet_api::core::ContractAddress;
use starknet_api::state::{StorageKey, ThinStateDiff};
use zkthreads_protocol::{PackageDigest, Transaction};

use super::flat::FlatState;
use super::proof::missing_roots;
use super::tries::TrieTable;
use crate::StorageError;
use crate::db::keys::{Backwards, Holder};
use crate::db::rows::{Contract, Tip, Undo};
use crate::db::table::{Key, Table};
use crate::db::tables::{
    BlockNumbers, CellHistory, Cells, ClassHashHistory, ClassTrie, Classes, ContractTrie, Contracts, Headers,
    InnerPlaces, L1Accepted, L1Messages, NonceHistory, Roots, SettledInners, StateDiffs, StorageTries,
    ThreadTimes, Tips, Traces, TransactionPlaces, Transactions, Undos,
};
use crate::db::{Batch, Db, Read};
use crate::events::index as events;
use crate::packages;
use crate::trie::{Path, TrieHasher, TrieNode};

/// The blocks that a revert removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reverted {
    /// The lowest.
    pub first: (BlockHash, BlockNumber),
    /// The highest.
    pub last: (BlockHash, BlockNumber),
}

/// A trie's rows as they were, by key.
type Nodes<K> = BTreeMap<K, Option<TrieNode>>;

/// What the removed blocks changed.
#[derive(Default)]
struct Touched {
    cells: BTreeSet<(ContractAddress, StorageKey)>,
    contracts: BTreeSet<ContractAddress>,
    contract_nodes: Nodes<Path>,
    class_nodes: Nodes<Path>,
    storage_nodes: Nodes<(ContractAddress, Path)>,
}

/// Prepares the batch that removes every block after `to`, which is there as is its state, up to `tip`.
pub(crate) fn revert<'a>(
    db: &'a Db,
    to: BlockNumber,
    tip: BlockNumber,
) -> Result<(Batch<'a>, Reverted), StorageError> {
    let mut batch = db.batch();
    let mut touched = Touched::default();
    let mut packages = BTreeSet::new();
    let mut reverted = None;
    for number in (to.0 + 1..=tip.0).rev().map(BlockNumber) {
        let header: BlockHeader = row::<Headers>(db, number)?.into();
        let this = (header.block_hash, number);
        let last = reverted.map_or(this, |Reverted { last, .. }| last);
        reverted = Some(Reverted { first: this, last });
        remove_block(db, &mut batch, number, &header, &mut packages)?;
        let short = u32::try_from(number.0).map_err(|_| StorageError::NoSuchBlock { number })?;
        remove_history(&mut batch, short, &row::<StateDiffs>(db, number)?, &mut touched)?;
        batch.delete::<StateDiffs>(&number)?;
        let undo = row::<Undos>(db, number)?;
        batch.delete::<Undos>(&number)?;
        remove_named(&mut batch, number, &undo)?;
        remove_nodes(db, &mut batch, short, undo, &mut touched)?;
    }
    packages::release(&mut batch, db, &packages)?;
    restore(db, &mut batch, to, &touched)?;
    if db.get::<L1Accepted>(&())?.is_some_and(|accepted| accepted > to) {
        batch.put::<L1Accepted>(&(), &to)?;
    }
    let hash = BlockHeader::from(row::<Headers>(db, to)?).block_hash;
    let roots = db.get::<Roots>(&to)?.ok_or_else(|| missing_roots(to))?;
    batch.put::<Tips>(&(), &Tip { number: to, hash, roots })?;
    let reverted = reverted.ok_or(StorageError::NoSuchBlock { number: BlockNumber(to.0 + 1) })?;
    Ok((batch, reverted))
}

/// A row that every block has.
fn row<T: Table<Key = BlockNumber>>(db: &Db, number: BlockNumber) -> Result<T::Value, StorageError> {
    db.get::<T>(&number)?.ok_or_else(|| StorageError::Inconsistent {
        reason: format!("table `{}` has no row of block {number}", T::NAME),
    })
}

/// The block itself and its transactions, whose packages it names.
fn remove_block(
    db: &Db,
    batch: &mut Batch<'_>,
    number: BlockNumber,
    header: &BlockHeader,
    packages: &mut BTreeSet<(PackageDigest, Holder)>,
) -> Result<(), StorageError> {
    let mut transactions = Vec::new();
    for index in (0u32..).take(header.n_transactions) {
        let key = (number, index);
        if let Some(transaction) = db.get::<Transactions>(&key)? {
            batch.delete::<TransactionPlaces>(&transaction.hash)?;
            if let Transaction::Thread { facts, .. } = &transaction.body {
                packages.insert((facts.package_digest, Holder::Block(transaction.hash)));
            }
            transactions.push(transaction);
        }
        batch.delete::<Transactions>(&key)?;
        batch.delete::<Traces>(&key)?;
        batch.delete::<SettledInners>(&key)?;
    }
    events::remove(batch, number, &transactions)?;
    let block = number.encode();
    db.each_within::<ThreadTimes>(&block, |cell, _| {
        batch.delete_encoded::<ThreadTimes>(&[block.as_slice(), cell].concat())
    })?;
    batch.delete::<Headers>(&number)?;
    batch.delete::<BlockNumbers>(&header.block_hash)?;
    batch.delete::<Roots>(&number)
}

/// What only the undo row names.
fn remove_named(batch: &mut Batch<'_>, number: BlockNumber, undo: &Undo) -> Result<(), StorageError> {
    for class in &undo.classes {
        batch.delete::<Classes>(class)?;
    }
    for hash in &undo.inner {
        batch.delete::<InnerPlaces>(hash)?;
    }
    for (place, l1_transaction) in (0u32..).zip(&undo.l1_transactions) {
        batch.delete::<L1Messages>(&(*l1_transaction, number, place))?;
    }
    Ok(())
}

/// The history rows of a diff.
fn remove_history(
    batch: &mut Batch<'_>,
    number: u32,
    diff: &ThinStateDiff,
    touched: &mut Touched,
) -> Result<(), StorageError> {
    let set_at = Backwards(number);
    for (&contract, cells) in &diff.storage_diffs {
        touched.contracts.insert(contract);
        for &key in cells.keys() {
            touched.cells.insert((contract, key));
            batch.delete::<CellHistory>(&(contract, key, set_at))?;
        }
    }
    for &contract in diff.nonces.keys() {
        touched.contracts.insert(contract);
        batch.delete::<NonceHistory>(&(contract, set_at))?;
    }
    for &contract in diff.deployed_contracts.keys() {
        touched.contracts.insert(contract);
        batch.delete::<ClassHashHistory>(&(contract, set_at))?;
    }
    Ok(())
}

/// The nodes' history rows of a block, and what they say of the time before it.
fn remove_nodes(
    db: &Db,
    batch: &mut Batch<'_>,
    number: u32,
    undo: Undo,
    touched: &mut Touched,
) -> Result<(), StorageError> {
    let Undo { contract_nodes, class_nodes, storage_nodes, .. } = undo;
    before::<ContractTrie>(db, batch, number, contract_nodes, &mut touched.contract_nodes)?;
    before::<ClassTrie>(db, batch, number, class_nodes, &mut touched.class_nodes)?;
    let storage_nodes = storage_nodes
        .into_iter()
        .flat_map(|(contract, places)| places.into_iter().map(move |at| (contract, at)));
    before::<StorageTries>(db, batch, number, storage_nodes, &mut touched.storage_nodes)
}

fn before<T: TrieTable<Key: Ord>>(
    db: &Db,
    batch: &mut Batch<'_>,
    number: u32,
    keys: impl IntoIterator<Item = T::Key>,
    nodes: &mut Nodes<T::Key>,
) -> Result<(), StorageError> {
    for key in keys {
        let at = (key, number);
        let before = db.get::<T::History>(&at)?.ok_or_else(|| StorageError::Inconsistent {
            reason: format!("table `{}` lacks a row of block {number}", T::History::NAME),
        })?;
        // Blocks come last first, so what stays is what was before all of them.
        nodes.insert(key, before);
        batch.delete::<T::History>(&at)?;
    }
    Ok(())
}

/// Writes what was touched as it was after block `to`.
fn restore(db: &Db, batch: &mut Batch<'_>, to: BlockNumber, touched: &Touched) -> Result<(), StorageError> {
    let state = FlatState { now: db, block: to };
    for &(contract, key) in &touched.cells {
        batch.set::<Cells>(&(contract, key), state.cell(contract, key)?.as_ref())?;
    }
    for &contract in &touched.contracts {
        let storage_root = match touched.storage_nodes.get(&(contract, Path::ROOT)) {
            Some(root) => root.map(|node| node.hash(&Path::ROOT, TrieHasher::Pedersen)).unwrap_or_default(),
            None => db.get::<Contracts>(&contract)?.unwrap_or_default().storage_root,
        };
        let row = Contract {
            class_hash: state.class_hash(contract)?.unwrap_or_default(),
            nonce: state.nonce(contract)?.unwrap_or_default(),
            storage_root,
        };
        batch.set::<Contracts>(&contract, (row != Contract::default()).then_some(&row))?;
    }
    set_nodes::<ContractTrie>(batch, &touched.contract_nodes)?;
    set_nodes::<ClassTrie>(batch, &touched.class_nodes)?;
    set_nodes::<StorageTries>(batch, &touched.storage_nodes)
}

fn set_nodes<T: TrieTable>(batch: &mut Batch<'_>, nodes: &Nodes<T::Key>) -> Result<(), StorageError> {
    nodes.iter().try_for_each(|(key, node)| batch.set::<T>(key, node.as_ref()))
}

//! Committing a block: all checks first, then one batch.

use std::collections::HashSet;

use starknet_api::block::BlockNumber;
use starknet_api::state::ThinStateDiff;

use super::prepare::{NodeChanges, PreparedState};
use crate::db::keys::Backwards;
use crate::db::rows::{InnerPlace, Latest, Tip, TransactionPlace};
use crate::db::table::Table;
use crate::db::tables::{
    BlockNumbers, CellHistory, Cells, ClassHashHistory, ClassTrie, Classes, ContractTrie, Contracts, Headers,
    InnerPlaces, L1Messages, NonceHistory, Packages, StateDiffs, StorageTries, Tips, Traces,
    TransactionPlaces, Transactions,
};
use crate::db::{Batch, Db, Read};
use crate::storage::place::{self, Place};
use crate::trie::{Node, Path};
use crate::{BlockCommit, CommitError, StorageError};

/// Checks the block against the tip and writes it. The caller sees to it that no other commit is under way.
pub(crate) fn commit(db: &Db, block: BlockCommit) -> Result<(), StorageError> {
    check_place(&block, &place::next(db)?)?;
    check_classes(db, &block)?;
    let number = block.header.block_header_without_hash.block_number;
    let set_at = Backwards(u32::try_from(number.0).map_err(|_| CommitError::TooHigh { number })?);
    let tip = Tip { number, hash: block.header.block_hash, roots: block.state.roots };

    let mut batch = db.batch();
    put_transactions(&mut batch, number, &block)?;
    put_state(&mut batch, block.state)?;
    put_cells_and_history(&mut batch, number, set_at, &block.state_diff)?;
    batch.put::<StateDiffs>(&number, &block.state_diff)?;
    for (hash, class) in &block.classes {
        if !db.has::<Classes>(hash)? {
            batch.put::<Classes>(hash, class)?;
        }
    }
    batch.put::<BlockNumbers>(&tip.hash, &number)?;
    batch.put::<Headers>(&number, &block.header.into())?;
    batch.put::<Tips>(&(), &tip)?;
    batch.commit()
}

/// The block is the next one, and its parts belong together.
fn check_place(block: &BlockCommit, place: &Place) -> Result<(), CommitError> {
    let header = &block.header.block_header_without_hash;
    let &Place { tip, number: expected, parent } = place;
    if header.block_number != expected {
        return Err(CommitError::Number { expected, found: header.block_number });
    }
    if header.parent_hash != parent {
        return Err(CommitError::Parent { expected: parent, found: header.parent_hash });
    }
    if block.state.tip != tip {
        return Err(CommitError::StalePreparation {
            prepared_on: block.state.tip.map(|tip| tip.number),
            tip: tip.map(|tip| tip.number),
        });
    }
    if block.state.diff != block.state_diff {
        return Err(CommitError::StateDiff);
    }
    let root = block.state.global_root();
    if header.state_root != root {
        return Err(CommitError::StateRoot { expected: root, found: header.state_root });
    }
    let (counted, found) = (block.transactions.len(), block.header.n_transactions);
    if counted != found {
        return Err(CommitError::TransactionCount { expected: counted, found });
    }
    Ok(())
}

/// Every class that the diff declares is stored or comes with the block, and says so.
fn check_classes(db: &Db, block: &BlockCommit) -> Result<(), StorageError> {
    let number = block.header.block_header_without_hash.block_number;
    let mut new = HashSet::new();
    for (class_hash, record) in &block.classes {
        if record.declared_at != number {
            let (class_hash, declared_at) = (*class_hash, record.declared_at);
            return Err(CommitError::DeclaredAt { class_hash, declared_at }.into());
        }
        new.insert(*class_hash);
    }
    let diff = &block.state_diff;
    for class_hash in diff.class_hash_to_compiled_class_hash.keys().chain(&diff.deprecated_declared_classes) {
        if !new.contains(class_hash) && !db.has::<Classes>(class_hash)? {
            return Err(CommitError::MissingClass { class_hash: *class_hash }.into());
        }
    }
    Ok(())
}

/// The transactions, with all that is found by their hashes.
fn put_transactions(
    batch: &mut Batch<'_>,
    number: BlockNumber,
    block: &BlockCommit,
) -> Result<(), StorageError> {
    for (index, transaction) in (0u32..).zip(&block.transactions) {
        batch.put::<Transactions>(&(number, index), transaction)?;
        batch.put::<TransactionPlaces>(&transaction.hash, &TransactionPlace { block: number, index })?;
    }
    for (index, trace) in (0u32..).zip(&block.traces) {
        batch.put::<Traces>(&(number, index), trace)?;
    }
    for (hash, package) in &block.packages {
        batch.put::<Packages>(hash, package)?;
    }
    for &(hash, thread, index) in &block.inner_places {
        batch.put::<InnerPlaces>(&hash, &InnerPlace { thread, index })?;
    }
    for (place, (l1_transaction, hash)) in (0u32..).zip(&block.l1_messages) {
        batch.put::<L1Messages>(&(*l1_transaction, number, place), hash)?;
    }
    Ok(())
}

/// The latest cells, and the history of everything that the diff sets.
fn put_cells_and_history(
    batch: &mut Batch<'_>,
    since: BlockNumber,
    set_at: Backwards,
    diff: &ThinStateDiff,
) -> Result<(), StorageError> {
    for (&contract, cells) in &diff.storage_diffs {
        for (&key, &value) in cells {
            batch.put::<Cells>(&(contract, key), &Latest { value, since })?;
            batch.put::<CellHistory>(&(contract, key, set_at), &value)?;
        }
    }
    for (&contract, nonce) in &diff.nonces {
        batch.put::<NonceHistory>(&(contract, set_at), nonce)?;
    }
    for (&contract, class_hash) in &diff.deployed_contracts {
        batch.put::<ClassHashHistory>(&(contract, set_at), class_hash)?;
    }
    Ok(())
}

/// The latest contracts and the tries' nodes.
fn put_state(batch: &mut Batch<'_>, state: PreparedState) -> Result<(), StorageError> {
    for contract in state.contracts {
        batch.put::<Contracts>(&contract.address, &contract.row)?;
        put_nodes::<StorageTries>(batch, contract.storage_nodes, |at| (contract.address, at))?;
    }
    put_nodes::<ContractTrie>(batch, state.contract_nodes, |at| at)?;
    put_nodes::<ClassTrie>(batch, state.class_nodes, |at| at)
}

fn put_nodes<T: Table<Value = Node>>(
    batch: &mut Batch<'_>,
    nodes: NodeChanges,
    key: impl Fn(Path) -> T::Key,
) -> Result<(), StorageError> {
    for (at, node) in nodes {
        match node {
            Some(node) => batch.put::<T>(&key(at), &node)?,
            None => batch.delete::<T>(&key(at))?,
        }
    }
    Ok(())
}

//! Committing a block: all checks first, then one batch.

use std::collections::{HashMap, HashSet};

use starknet_api::block::BlockNumber;
use starknet_api::state::ThinStateDiff;
use zkthreads_protocol::Transaction;

use super::prepare::{NodeChanges, PreparedContract, PreparedState};
use super::tries::TrieTable;
use crate::base::Base;
use crate::db::keys::{Backwards, Holder};
use crate::db::rows::{Contract, InnerPlace, Latest, Tip, TransactionPlace, Undo};
use crate::db::tables::{
    BlockNumbers, CellHistory, Cells, ClassHashHistory, ClassTrie, Classes, ContractTrie, Contracts, Headers,
    InnerPlaces, L1Messages, NonceHistory, PackageSummaries, Roots, SettledInners, StateDiffs, StorageTries,
    ThreadTimes, Tips, Traces, TransactionPlaces, Transactions, Undos,
};
use crate::db::{Batch, Db, Read};
use crate::events::index as events;
use crate::packages::{self, StoredProof};
use crate::storage::place::{self, NextPlace};
use crate::trie::Path;
use crate::{BlockCommit, BlockTransaction, CommitError, StorageError, is_changed};

/// Checks the block against the tip and writes it; gives its number. The caller sees to it that no other commit is
/// under way, and that nobody else changes the rows of packages.
pub(crate) fn commit<P: StoredProof>(
    db: &Db,
    base: &Base,
    block: BlockCommit<P>,
) -> Result<BlockNumber, StorageError> {
    check_place(&block, &place::next(db)?)?;
    check_classes(db, base, &block)?;
    let number = block.header.block_header_without_hash.block_number;
    let short = u32::try_from(number.0).map_err(|_| CommitError::TooHigh { number })?;
    let tip = Tip { number, hash: block.header.block_hash, roots: block.state.roots };

    let mut batch = db.batch();
    let mut undo = Undo {
        inner: block.settled.iter().flat_map(|(_, settled)| settled.hashes()).collect(),
        l1_transactions: block.l1_messages.iter().map(|message| message.0).collect(),
        ..Undo::default()
    };
    put_transactions(&mut batch, number, &block)?;
    put_packages(&mut batch, db, &block)?;
    events::put(&mut batch, number, &block.transactions)?;
    for (hash, class) in &block.classes {
        if !db.has::<Classes>(hash)? {
            batch.put::<Classes>(hash, class)?;
            undo.classes.push(*hash);
        }
    }
    put_cells_and_history(&mut batch, number, Backwards(short), &block.state_diff)?;
    for &((contract, cell), time) in &block.thread_times {
        batch.put::<ThreadTimes>(&(number, contract, cell), &time)?;
    }
    batch.put::<StateDiffs>(&number, &block.state_diff)?;
    // The first block is never undone, and nobody asks for the tries before it.
    let keeps_history = block.state.tip.is_some();
    put_state(&mut batch, block.state, keeps_history.then_some(short), &mut undo)?;
    if keeps_history {
        batch.put::<Undos>(&number, &undo)?;
    }
    batch.put::<BlockNumbers>(&tip.hash, &number)?;
    batch.put::<Headers>(&number, &block.header.into())?;
    batch.put::<Roots>(&number, &tip.roots)?;
    batch.put::<Tips>(&(), &tip)?;
    batch.commit()?;
    Ok(number)
}

/// The block is the next one, and its parts belong together.
fn check_place<P>(block: &BlockCommit<P>, place: &NextPlace) -> Result<(), CommitError> {
    let header = &block.header.block_header_without_hash;
    let &NextPlace { tip, number: expected, parent } = place;
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
    let traces = block.traces.len();
    if traces != counted {
        return Err(CommitError::TraceCount { transactions: counted, traces });
    }
    for (index, _) in &block.settled {
        thread_at(block, *index)?;
    }
    for &((contract, cell), time) in &block.thread_times {
        if !is_changed(&block.state_diff, contract, cell) || time.number >= header.block_number {
            return Err(CommitError::ThreadTime { contract, cell, time });
        }
    }
    Ok(())
}

/// The thread transaction at an index of the block.
fn thread_at<P>(block: &BlockCommit<P>, index: u32) -> Result<&BlockTransaction, CommitError> {
    let transaction = usize::try_from(index).ok().and_then(|index| block.transactions.get(index));
    let thread = transaction.filter(|it| matches!(it.body, Transaction::Thread { .. }));
    thread.ok_or(CommitError::SettledByNone { index })
}

/// Every class that the diff declares is stored, or of the base, or comes with the block, and says so.
fn check_classes<P>(db: &Db, base: &Base, block: &BlockCommit<P>) -> Result<(), StorageError> {
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
        let is_there = new.contains(class_hash) || db.has::<Classes>(class_hash)?;
        if !is_there && base.ask(|base| base.class(*class_hash))?.is_none() {
            return Err(CommitError::MissingClass { class_hash: *class_hash }.into());
        }
    }
    Ok(())
}

/// The transactions, with all that is found by their hashes.
fn put_transactions<P>(
    batch: &mut Batch<'_>,
    number: BlockNumber,
    block: &BlockCommit<P>,
) -> Result<(), StorageError> {
    for (index, transaction) in (0u32..).zip(&block.transactions) {
        batch.put::<Transactions>(&(number, index), transaction)?;
        batch.put::<TransactionPlaces>(&transaction.hash, &TransactionPlace { block: number, index })?;
    }
    for (index, trace) in (0u32..).zip(&block.traces) {
        batch.put::<Traces>(&(number, index), trace)?;
    }
    for (index, settled) in &block.settled {
        batch.put::<SettledInners>(&(number, *index), settled)?;
        let thread = thread_at(block, *index)?.hash;
        for (index, hash) in (0..).zip(settled.hashes()) {
            batch.put::<InnerPlaces>(&hash, &InnerPlace { thread, index })?;
        }
    }
    for (place, (l1_transaction, hash)) in (0u32..).zip(&block.l1_messages) {
        batch.put::<L1Messages>(&(*l1_transaction, number, place), hash)?;
    }
    Ok(())
}

/// The packages of the transactions, unless the pool has written them.
fn put_packages<P: StoredProof>(
    batch: &mut Batch<'_>,
    db: &Db,
    block: &BlockCommit<P>,
) -> Result<(), StorageError> {
    let given: HashMap<_, _> = block.packages.iter().map(|(digest, package)| (*digest, package)).collect();
    for transaction in &block.transactions {
        let Transaction::Thread { facts, .. } = &transaction.body else { continue };
        let digest = facts.package_digest;
        match given.get(&digest) {
            Some(package) => packages::put(batch, db, digest, package)?,
            None if db.has::<PackageSummaries>(&digest)? => {}
            None => return Err(CommitError::MissingPackage { digest }.into()),
        }
        packages::hold(batch, digest, Holder::Block(transaction.hash))?;
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

/// The latest contracts and the tries' nodes; the nodes' history, if `block` is given.
fn put_state(
    batch: &mut Batch<'_>,
    state: PreparedState,
    block: Option<u32>,
    undo: &mut Undo,
) -> Result<(), StorageError> {
    for contract in state.contracts {
        let PreparedContract { address, row, storage_nodes } = contract;
        // A contract of which nothing is set is none.
        batch.set::<Contracts>(&address, (row != Contract::default()).then_some(&row))?;
        let places = put_nodes::<StorageTries>(batch, storage_nodes, |at| (address, at), block)?;
        if !places.is_empty() {
            undo.storage_nodes.push((address, places));
        }
    }
    undo.contract_nodes = put_nodes::<ContractTrie>(batch, state.contract_nodes, |at| at, block)?;
    undo.class_nodes = put_nodes::<ClassTrie>(batch, state.class_nodes, |at| at, block)?;
    Ok(())
}

/// Writes a trie's nodes; gives their places.
fn put_nodes<T: TrieTable>(
    batch: &mut Batch<'_>,
    nodes: NodeChanges,
    key: impl Fn(Path) -> T::Key,
    block: Option<u32>,
) -> Result<Vec<Path>, StorageError> {
    for (at, change) in &nodes {
        batch.set::<T>(&key(*at), change.after.as_ref())?;
        if let Some(block) = block {
            batch.put::<T::History>(&(key(*at), block), &change.before)?;
        }
    }
    Ok(nodes.into_keys().collect())
}

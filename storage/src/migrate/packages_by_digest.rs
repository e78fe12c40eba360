//! From version 6 to version 7: packages were rows by transaction hash, and nothing said where events are.

use starknet_api::block::{BlockHeader, BlockNumber};
use starknet_api::transaction::{Event, TransactionHash};
use zkthreads_protocol::{Package, PackageDigest, Segment, Transaction};

use crate::db::keys::Holder;
use crate::db::table::Table;
use crate::db::tables::{
    FormerPackages, FormerPoolPackages, Headers, PackageHolders, PooledPackages, SettledInners, Tips,
    Transactions,
};
use crate::db::{Batch, Db, Read};
use crate::events::index as events;
use crate::storage::place;
use crate::{BlockTransaction, SettledInner, StorageError, packages};

/// Block by block, then the pool. A package's row of before is deleted in the batch that writes its new ones.
pub(super) fn rewrite(db: &mut Db) -> Result<(), StorageError> {
    if !db.is_chain() {
        return Ok(());
    }
    db.add_chain_tables()?;
    db.add_former_tables()?;
    if let Some(tip) = db.get::<Tips>(&())? {
        for number in (place::first(db)?.0..=tip.number.0).map(BlockNumber) {
            block(db, number)?;
        }
    }
    pool(db)?;
    // What replaces them must outlive the machine before they go.
    db.sync()?;
    db.remove_former_tables()
}

fn block(db: &Db, number: BlockNumber) -> Result<(), StorageError> {
    let missing = |table: &str| StorageError::Inconsistent {
        reason: format!("table `{table}` lacks a row of block {number}"),
    };
    let header = db.get::<Headers>(&number)?.map(BlockHeader::from).ok_or_else(|| missing(Headers::NAME))?;
    let transactions: Vec<_> = (0..)
        .take(header.n_transactions)
        .map(|index| db.get::<Transactions>(&(number, index))?.ok_or_else(|| missing(Transactions::NAME)))
        .collect::<Result<_, _>>()?;
    let mut batch = db.batch();
    events::put(&mut batch, number, &transactions)?;
    for (index, transaction) in (0..).zip(&transactions) {
        let Transaction::Thread { facts, .. } = &transaction.body else { continue };
        let (hash, digest) = (transaction.hash, facts.package_digest);
        let Some(package) = take::<FormerPackages>(db, &mut batch, hash)? else {
            if db.has::<PackageHolders>(&(digest, Holder::Block(hash)))? {
                continue; // Taken before.
            }
            return Err(missing(FormerPackages::NAME));
        };
        packages::put(&mut batch, db, digest, &package)?;
        packages::hold(&mut batch, digest, Holder::Block(hash))?;
        if let Some(settled) = settled(transaction, &package) {
            batch.put::<SettledInners>(&(number, index), &settled)?;
        }
    }
    batch.write()
}

fn pool(db: &Db) -> Result<(), StorageError> {
    let mut hashes = Vec::new();
    db.snapshot().each::<FormerPoolPackages>(|hash, _| {
        hashes.push(hash);
        Ok(())
    })?;
    for hash in hashes {
        let mut batch = db.batch();
        if let Some(package) = take::<FormerPoolPackages>(db, &mut batch, hash)? {
            let digest = PackageDigest::of(&package.encode());
            packages::put(&mut batch, db, digest, &package)?;
            packages::hold(&mut batch, digest, Holder::Pool(hash))?;
            batch.put::<PooledPackages>(&hash, &digest)?;
        }
        batch.write()?;
    }
    Ok(())
}

/// A package of before, whose row is deleted. None if it was taken before.
fn take<T: Table<Key = TransactionHash, Value = Vec<u8>>>(
    db: &Db,
    batch: &mut Batch<'_>,
    hash: TransactionHash,
) -> Result<Option<Package>, StorageError> {
    let Some(bytes) = db.get::<T>(&hash)? else { return Ok(None) };
    batch.delete::<T>(&hash)?;
    let package = Package::decode(&bytes);
    package.map(Some).map_err(|error| StorageError::DamagedRow { table: T::NAME, reason: error.to_string() })
}

/// What a thread transaction settled; `None` if nothing.
fn settled(transaction: &BlockTransaction, package: &Package) -> Option<SettledInner> {
    let outcome = transaction.receipt.thread.as_ref().filter(|outcome| outcome.has_settled())?;
    let settled = package.segments.get(..outcome.settled()).unwrap_or(&package.segments);
    Some(SettledInner::of(first_event(&transaction.receipt.events, settled), settled))
}

/// Where the events of the inner transactions begin in a receipt, which does not say it: the envelope's own validation may have
/// emitted some before.
fn first_event(receipt: &[Event], settled: &[Segment]) -> usize {
    let inner: Vec<_> = settled.iter().flat_map(|segment| &segment.events).collect();
    let begins_here = |first: &usize| {
        let own = receipt.get(*first..).unwrap_or_default();
        own.iter()
            .zip(&inner)
            .all(|(own, event)| own.from_address == event.from_address && own.content == event.content)
    };
    (0..=receipt.len().saturating_sub(inner.len())).find(begins_here).unwrap_or_default()
}

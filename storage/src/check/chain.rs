//! Blocks: each follows on the one before, and everything of it is found.

use starknet_api::block::{BlockHash, BlockHeader, BlockNumber};
use zkthreads_protocol::Transaction;

use super::{Check, Problem};
use crate::db::keys::Holder;
use crate::db::rows::TransactionPlace;
use crate::db::table::Table;
use crate::db::tables::{
    BlockNumbers, Headers, InnerPlaces, PackageHolders, Roots, SettledInners, StateDiffs, Tips, Traces,
    TransactionPlaces, Transactions,
};
use crate::db::{Read, Snapshot};
use crate::events::index as events;
use crate::storage::place;
use crate::{BlockTransaction, SettledInner, StorageError, ThreadOutcome, packages};

pub(super) fn check(now: &Snapshot<'_>, check: &mut Check) -> Result<(), StorageError> {
    let Some(tip) = now.get::<Tips>(&())? else {
        return Ok(());
    };
    let mut parent = place::fork(now)?.map_or(BlockHash::default(), |fork| fork.hash);
    let mut index_rows = 0;
    for number in (place::first(now)?.0..=tip.number.0).map(BlockNumber) {
        let Some(header) = now.get::<Headers>(&number)?.map(BlockHeader::from) else {
            check.found(Problem::MissingBlockRow { block: number, table: Headers::NAME });
            // Of a made-up tip there may be no end of these.
            return Ok(());
        };
        check.blocks += 1;
        check_block(now, check, number, &header, parent)?;
        index_rows += check_transactions(now, check, number, &header)?;
        parent = header.block_hash;
    }
    if events::count_rows(now)? > index_rows {
        check.found(Problem::EventIndex { block: tip.number });
    }
    if parent != tip.hash {
        check.found(Problem::Header { block: tip.number });
    }
    Ok(())
}

fn check_block(
    now: &Snapshot<'_>,
    check: &mut Check,
    block: BlockNumber,
    header: &BlockHeader,
    parent: BlockHash,
) -> Result<(), StorageError> {
    let fields = &header.block_header_without_hash;
    if fields.block_number != block || fields.parent_hash != parent {
        check.found(Problem::Header { block });
    }
    if now.get::<BlockNumbers>(&header.block_hash)? != Some(block) {
        check.found(Problem::BlockIndex { block });
    }
    if !now.has::<StateDiffs>(&block)? {
        check.found(Problem::MissingBlockRow { block, table: StateDiffs::NAME });
    }
    match now.get::<Roots>(&block)? {
        None => check.found(Problem::MissingBlockRow { block, table: Roots::NAME }),
        Some(roots) if roots.global_root() != fields.state_root => check.found(Problem::StateRoot { block }),
        Some(_) => {}
    }
    Ok(())
}

/// Checks them; gives how many rows the index of events should have of them.
fn check_transactions(
    now: &Snapshot<'_>,
    check: &mut Check,
    block: BlockNumber,
    header: &BlockHeader,
) -> Result<usize, StorageError> {
    let mut transactions = Vec::new();
    for index in (0u32..).take(header.n_transactions) {
        let missing = |table| Problem::MissingTransactionRow { block, index: index as usize, table };
        let Some(transaction) = now.get::<Transactions>(&(block, index))? else {
            check.found(missing(Transactions::NAME));
            return Ok(0);
        };
        check.transactions += 1;
        if now.get::<TransactionPlaces>(&transaction.hash)? != Some(TransactionPlace { block, index }) {
            check.found(Problem::TransactionIndex { block, hash: transaction.hash });
        }
        if now.get::<Traces>(&(block, index))?.is_none() {
            check.found(missing(Traces::NAME));
        }
        if !has_settled(now, &transaction, &now.get::<SettledInners>(&(block, index))?.unwrap_or_default())? {
            check.found(missing(SettledInners::NAME));
        }
        transactions.push(transaction);
    }
    let (rows, has_all) = events::look_up(now, block, &transactions)?;
    if !has_all {
        check.found(Problem::EventIndex { block });
    }
    Ok(rows)
}

/// Whether a transaction has settled what it says, according to the package that it names, and each of that is found.
fn has_settled(
    now: &Snapshot<'_>,
    transaction: &BlockTransaction,
    settled: &SettledInner,
) -> Result<bool, StorageError> {
    let Transaction::Thread { facts, .. } = &transaction.body else { return Ok(settled.is_empty()) };
    if !now.has::<PackageHolders>(&(facts.package_digest, Holder::Block(transaction.hash)))? {
        return Ok(false);
    }
    let count = transaction.receipt.thread.as_ref().map_or(0, ThreadOutcome::settled);
    let package = packages::contents(now, facts.package_digest, count);
    let Some(package) = packages::readable(package)? else { return Ok(false) };
    for hash in settled.hashes() {
        if !now.has::<InnerPlaces>(&hash)? {
            return Ok(false);
        }
    }
    Ok(settled.hashes().eq(package.transaction_hashes()))
}

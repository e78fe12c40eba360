//! Handing a stored block out.

use starknet_api::block::{BlockHeader, BlockNumber};
use starknet_api::core::ClassHash;
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::{L1TransactionHash, Package, Transaction};

use super::FollowedBlock;
use crate::db::tables::{Classes, Headers, InnerPlaces, Packages, Roots, StateDiffs, Traces, Transactions};
use crate::db::{Read, Snapshot};
use crate::state::proof::missing_roots;
use crate::storage::chain::all_of_block;
use crate::{BlockTransaction, ClassRecord, ExecutionStatus, Storage, StorageError};

impl Storage {
    /// A block with all that belongs to it; `None` if there is no such block. What was pruned is not needed.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn export_block(&self, number: BlockNumber) -> Result<Option<FollowedBlock>, StorageError> {
        let now = self.db().snapshot();
        let Some(header) = now.get::<Headers>(&number)?.map(BlockHeader::from) else {
            return Ok(None);
        };
        let transactions = all_of_block::<Transactions>(&now, number, &header)?;
        let traces = all_of_block::<Traces>(&now, number, &header)?;
        let state_diff = now.get::<StateDiffs>(&number)?.ok_or_else(|| StorageError::Inconsistent {
            reason: format!("the state diff of block {number} is missing"),
        })?;
        let (packages, inner_places) = threads(&now, &transactions)?;
        Ok(Some(FollowedBlock {
            roots: now.get::<Roots>(&number)?.ok_or_else(|| missing_roots(number))?,
            l1_messages: l1_messages(&transactions),
            classes: classes(&now, number, &state_diff)?,
            header,
            transactions,
            traces,
            packages,
            inner_places,
            state_diff,
        }))
    }
}

type Threads = (Vec<(TransactionHash, Vec<u8>)>, Vec<(TransactionHash, TransactionHash, u32)>);

/// The packages of a block's threads, and the inner transactions that they settled.
fn threads(now: &Snapshot<'_>, transactions: &[BlockTransaction]) -> Result<Threads, StorageError> {
    let (mut packages, mut places) = Threads::default();
    for transaction in transactions {
        let thread = transaction.hash;
        let Some(bytes) = now.get::<Packages>(&thread)? else { continue };
        if transaction.receipt.status == ExecutionStatus::Succeeded {
            let package = Package::decode(&bytes).map_err(|error| StorageError::DamagedRow {
                table: <Packages as crate::db::table::Table>::NAME,
                reason: error.to_string(),
            })?;
            for hash in package.transaction_hashes() {
                // Of a package of several segments, the last ones may not have settled.
                if let Some(place) = now.get::<InnerPlaces>(&hash)?.filter(|place| place.thread == thread) {
                    places.push((hash, thread, place.index));
                }
            }
        }
        packages.push((thread, bytes));
    }
    Ok((packages, places))
}

fn l1_messages(transactions: &[BlockTransaction]) -> Vec<(L1TransactionHash, TransactionHash)> {
    let sent = |transaction: &BlockTransaction| match &transaction.body {
        Transaction::L1Handler(message) => message.l1_transaction.map(|sent| (sent, transaction.hash)),
        _ => None,
    };
    transactions.iter().filter_map(sent).collect()
}

/// The classes that the block was the first to declare.
fn classes(
    now: &Snapshot<'_>,
    number: BlockNumber,
    diff: &ThinStateDiff,
) -> Result<Vec<(ClassHash, ClassRecord)>, StorageError> {
    let declared = diff.class_hash_to_compiled_class_hash.keys().chain(&diff.deprecated_declared_classes);
    let mut classes = Vec::new();
    for hash in declared {
        if let Some(class) = now.get::<Classes>(hash)?.filter(|class| class.declared_at == number) {
            classes.push((*hash, class));
        }
    }
    Ok(classes)
}

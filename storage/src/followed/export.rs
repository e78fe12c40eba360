//! Handing a stored block out.

use std::collections::HashSet;

use starknet_api::block::{BlockHeader, BlockNumber};
use starknet_api::state::ThinStateDiff;
use zkthreads_protocol::{PackageDigest, Transaction};

use super::FollowedBlock;
use super::codec::{Writer, kind};
use crate::db::table::{Key, Table};
use crate::db::tables::{
    Classes, Headers, PackageSegments, Roots, SettledInners, StateDiffs, ThreadTimes, Traces, Transactions,
};
use crate::db::{Read, Snapshot, decode};
use crate::{BlockTransaction, Storage, StorageError};

impl Storage {
    /// A block with all that belongs to it, as [`Self::export_block_bytes`] hands it out; `None` if there is no such block.
    ///
    /// # Errors
    /// As [`Self::export_block_bytes`].
    pub fn export_block(&self, number: BlockNumber) -> Result<Option<FollowedBlock>, StorageError> {
        let exported = self.export_block_bytes(number)?;
        Ok(exported.map(|(_, bytes)| FollowedBlock::decode(&bytes)).transpose()?)
    }

    /// A block with all that belongs to it, as bytes for [`FollowedBlock::decode`], and its header; `None` if there is no such
    /// block. They hold the rows as they are, so they are the same each time, unless it becomes known what a class of an
    /// older program is to threads. What was pruned is not needed.
    ///
    /// # Errors
    /// [`StorageError::BlockBytes`] if they are too many; if the database cannot be read.
    pub fn export_block_bytes(
        &self,
        number: BlockNumber,
    ) -> Result<Option<(BlockHeader, Vec<u8>)>, StorageError> {
        let now = self.db().snapshot();
        if !now.has::<Headers>(&number)? {
            return Ok(None);
        }
        let mut export = Export { now: &now, parts: Writer::new()? };
        let header = BlockHeader::from(export.put::<Headers>(kind::HEADER, &number)?);
        export.put::<Roots>(kind::ROOTS, &number)?;
        let indices = || (0u32..).take(header.n_transactions);
        let transactions: Vec<_> = indices()
            .map(|index| export.put::<Transactions>(kind::TRANSACTION, &(number, index)))
            .collect::<Result<_, _>>()?;
        for index in indices() {
            export.put::<Traces>(kind::TRACE, &(number, index))?;
        }
        export.put_threads(number, &transactions)?;
        export.put_l1_messages(&transactions)?;
        let diff = export.put::<StateDiffs>(kind::STATE_DIFF, &number)?;
        export.put_classes(number, &diff)?;
        export.put_thread_times(number)?;
        Ok(Some((header, export.parts.finish()?)))
    }
}

/// A block on its way out.
struct Export<'a> {
    now: &'a Snapshot<'a>,
    parts: Writer,
}

impl Export<'_> {
    /// Puts a row that a block must have.
    fn put<T: Table>(&mut self, kind: u8, key: &T::Key) -> Result<T::Value, StorageError> {
        let row = self.now.bytes::<T>(&key.encode())?.ok_or_else(|| StorageError::Inconsistent {
            reason: format!("table `{}` lacks a row of an exported block", T::NAME),
        })?;
        self.parts.put(kind, &[], &row)?;
        decode::<T>(&row)
    }

    /// The packages that the block's threads name, without proofs, and what they settled.
    fn put_threads(
        &mut self,
        number: BlockNumber,
        transactions: &[BlockTransaction],
    ) -> Result<(), StorageError> {
        let mut done = HashSet::new();
        for (index, transaction) in (0_u32..).zip(transactions) {
            let Transaction::Thread { facts, .. } = &transaction.body else { continue };
            if let Some(settled) = self.now.bytes::<SettledInners>(&(number, index).encode())? {
                self.parts.put(kind::SETTLED, &index.encode(), &settled)?;
            }
            if done.insert(facts.package_digest) {
                self.put_segments(facts.package_digest)?;
            }
        }
        Ok(())
    }

    fn put_segments(&mut self, digest: PackageDigest) -> Result<(), StorageError> {
        let Self { now, parts } = self;
        let mut rows = now.rows_within::<PackageSegments>(&digest.encode())?;
        if !rows.valid() {
            let reason = format!("package {:#x} of an exported block is missing", digest.0);
            return Err(StorageError::Inconsistent { reason });
        }
        while let Some((key, row)) = rows.item() {
            parts.put(kind::SEGMENT, key, row)?;
            rows.next();
        }
        Ok(rows.status()?)
    }

    fn put_l1_messages(&mut self, transactions: &[BlockTransaction]) -> Result<(), StorageError> {
        for transaction in transactions {
            if let Transaction::L1Handler(message) = &transaction.body
                && let Some(sent) = message.l1_transaction
            {
                self.parts.put_value(kind::L1_MESSAGE, &sent.encode(), &transaction.hash)?;
            }
        }
        Ok(())
    }

    /// When the cells were written that sub-blocks wrote.
    fn put_thread_times(&mut self, number: BlockNumber) -> Result<(), StorageError> {
        let Self { now, parts } = self;
        now.each_within::<ThreadTimes>(&number.encode(), |cell, time| {
            Ok(parts.put_value(kind::THREAD_TIME, cell, &time)?)
        })
    }

    /// The classes that the block was the first to declare.
    fn put_classes(&mut self, number: BlockNumber, diff: &ThinStateDiff) -> Result<(), StorageError> {
        let declared = diff.class_hash_to_compiled_class_hash.keys();
        for hash in declared.chain(&diff.deprecated_declared_classes) {
            let Some(row) = self.now.bytes::<Classes>(&hash.encode())? else { continue };
            if decode::<Classes>(&row)?.declared_at == number {
                self.parts.put(kind::CLASS, &hash.encode(), &row)?;
            }
        }
        Ok(())
    }
}

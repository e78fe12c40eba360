//! Making a block: open, execute, seal, commit.

pub mod genesis;

use starknet_api::block::{BlockHash, BlockHeader, BlockNumber, BlockTimestamp};
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::TransactionHash;
use zkthreads_storage::{BlockCommit, Receipt};

use crate::admit::AdmitError;
use crate::error::ExecutionError;
use crate::executor::Executor;
use crate::query::Trace;
use crate::transaction::PendingTransaction;

/// A block under construction on top of the latest one.
pub struct OpenBlock;

/// What a transaction did in a block.
pub struct ExecutedTransaction {
    /// Its hash.
    pub hash: TransactionHash,
    /// As it will be stored.
    pub receipt: Receipt,
    /// The calls it made.
    pub trace: Trace,
}

/// Why a transaction is not in the block. Nothing of it remains.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It may not enter any block on this state (nonce, signature, balance).
    #[error("{reason}")]
    Rejected {
        /// Why; its `Display` is the reason to report.
        reason: Box<AdmitError>,
    },
    /// It does not fit into this block; it may fit into the next one.
    #[error("the block is full")]
    BlockFull,
}

/// A finished block, not yet stored.
pub struct SealedBlock {
    /// Everything storage needs.
    pub commit: BlockCommit,
}

impl Executor {
    /// Opens a block on top of the latest one.
    ///
    /// # Errors
    /// If there is no genesis block, or the database fails.
    pub fn open_block(&self, timestamp: BlockTimestamp) -> Result<OpenBlock, ExecutionError> {
        let _ = timestamp;
        todo!()
    }

    /// Stores a sealed block; one atomic write.
    ///
    /// # Errors
    /// If the database fails or another block was committed meanwhile.
    pub fn commit(&self, block: SealedBlock) -> Result<BlockHeader, ExecutionError> {
        let header = block.commit.header.clone();
        self.storage().commit(block.commit)?;
        Ok(header)
    }
}

impl OpenBlock {
    /// The number it will have.
    #[must_use]
    pub fn number(&self) -> BlockNumber {
        todo!()
    }

    /// Executes a transaction after those already in the block.
    ///
    /// # Errors
    /// See [`Refusal`]: the block is as it was before.
    pub fn execute(&mut self, transaction: PendingTransaction) -> Result<ExecutedTransaction, Refusal> {
        let _ = transaction;
        todo!()
    }

    /// Number of transactions in the block.
    #[must_use]
    pub fn len(&self) -> usize {
        todo!()
    }

    /// Whether no transaction is in the block yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Closes the block: state diff, roots, commitments, header, hash.
    ///
    /// # Errors
    /// If the database fails.
    pub fn seal(self) -> Result<SealedBlock, ExecutionError> {
        todo!()
    }
}

impl SealedBlock {
    /// Its header.
    #[must_use]
    pub fn header(&self) -> &BlockHeader {
        &self.commit.header
    }

    /// Its hash.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        self.commit.header.block_hash
    }

    /// What it changes.
    #[must_use]
    pub fn state_diff(&self) -> &ThinStateDiff {
        &self.commit.state_diff
    }
}

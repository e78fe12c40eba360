//! Making a block: open, execute, seal, commit.

pub mod genesis;
mod receipt;
mod seal;
pub(crate) mod session;

use starknet_api::block::{BlockHash, BlockHeader, BlockNumber, BlockTimestamp};
use starknet_api::core::ClassHash;
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::TransactionHash;
use zkthreads_storage::{BlockCommit, BlockTransaction, ClassRecord, Receipt};

use crate::admit::AdmitError;
use crate::blockifier_tx::IN_BLOCK;
use crate::context::Capacity;
use crate::error::ExecutionError;
use crate::executor::Executor;
use crate::query::Trace;
use crate::transaction::{PendingBody, PendingTransaction};
use session::Session;

/// A block under construction on top of the latest one.
pub struct OpenBlock {
    session: Session,
    parent: BlockHeader,
    transactions: Vec<BlockTransaction>,
    packages: Vec<(TransactionHash, Vec<u8>)>,
    classes: Vec<(ClassHash, ClassRecord)>,
    executor: Executor,
}

/// What a transaction did in a block.
#[derive(Debug)]
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
    /// It may not enter any block on this state (nonce, signature, balance), or the node failed
    /// ([`AdmitError::Internal`]).
    #[error("{reason}")]
    Rejected {
        /// Why; its `Display` is the reason to report.
        reason: Box<AdmitError>,
    },
    /// It does not fit into this block; it may fit into the next one.
    #[error("the block is full")]
    BlockFull,
}

impl From<AdmitError> for Refusal {
    fn from(reason: AdmitError) -> Self {
        Self::Rejected { reason: Box::new(reason) }
    }
}

/// A finished block, not yet stored.
#[derive(Debug)]
pub struct SealedBlock {
    /// Everything storage needs.
    pub commit: BlockCommit,
}

impl Executor {
    /// Opens a block on top of the latest one. Its timestamp is at least its parent's.
    ///
    /// # Errors
    /// If there is no genesis block, or the database fails.
    pub fn open_block(&self, timestamp: BlockTimestamp) -> Result<OpenBlock, ExecutionError> {
        let parent = self.latest_header()?;
        let parent_number = parent.block_header_without_hash.block_number;
        let number = parent_number.next().ok_or(ExecutionError::BlockNumberOverflow)?;
        let timestamp = timestamp.max(parent.block_header_without_hash.timestamp);
        let context = self.config().block_context(number, timestamp, Capacity::Block)?;
        Ok(OpenBlock {
            session: Session::open(self, parent_number, context)?,
            parent,
            transactions: Vec::new(),
            packages: Vec::new(),
            classes: Vec::new(),
            executor: self.clone(),
        })
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
        self.session.number()
    }

    /// Executes a transaction after those already in the block.
    ///
    /// # Errors
    /// See [`Refusal`]: the block is as it was before.
    pub fn execute(&mut self, transaction: PendingTransaction) -> Result<ExecutedTransaction, Refusal> {
        if transaction.only_query {
            return Err(AdmitError::Malformed("signed for a query, not for execution".to_owned()).into());
        }
        let executed = self.session.execute(&transaction, IN_BLOCK)?;
        self.transactions.push(BlockTransaction {
            hash: transaction.hash,
            body: transaction.to_transaction(),
            receipt: executed.receipt.clone(),
        });
        match transaction.body {
            PendingBody::Declare { tx, class } => {
                let class = ClassRecord { declared_at: self.number(), ..class.as_ref().clone() };
                self.classes.push((tx.class_hash, class));
            }
            PendingBody::Thread { package, .. } => self.packages.push((transaction.hash, package.to_vec())),
            PendingBody::Invoke(_) | PendingBody::DeployAccount { .. } => {}
        }
        Ok(executed)
    }

    /// Number of transactions in the block.
    #[must_use]
    pub fn len(&self) -> usize {
        self.transactions.len()
    }

    /// Whether no transaction is in the block yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.transactions.is_empty()
    }

    /// Closes the block: state diff, roots, commitments, header, hash.
    ///
    /// # Errors
    /// If the database fails.
    pub fn seal(self) -> Result<SealedBlock, ExecutionError> {
        let Self { session, parent, transactions, packages, classes, executor } = self;
        let info = session.context().block_info().clone();
        let state_diff = session.finalize()?;
        seal::Contents { info, parent: parent.block_hash, transactions, packages, classes, state_diff }
            .seal(executor.storage())
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

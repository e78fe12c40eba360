//! Making a block: open, execute, seal, commit.

mod aliases;
pub(crate) mod executed;
mod failure;
pub mod genesis;
mod order;
pub(crate) mod pre_confirmed;
pub mod receipt;
mod reopen;
mod room;
pub(crate) mod seal;
pub(crate) mod session;
pub mod trace;
mod without_execute;

use std::sync::Arc;
use std::time::Duration;

use blockifier::state::cached_state::StateMaps;
use blockifier::transaction::account_transaction::ExecutionFlags;
use rpds::VectorSync;
use starknet_api::block::{BlockHash, BlockHeader, BlockNumber};
use starknet_api::core::ContractAddress;
use starknet_api::state::{StorageKey, ThinStateDiff};
use starknet_types_core::felt::Felt;
use zkthreads_storage::{BlockCommit, BlockTransaction};

use crate::blockifier_tx::IN_BLOCK;
use crate::context::{BlockEnv, Capacity};
use crate::error::{AdmitError, ExecutionError};
use crate::executor::Executor;
use crate::transaction::{PendingBody, PendingTransaction};
use executed::Execution;
use pre_confirmed::{ExecutedInBlock, PreConfirmed, Shown};
use session::Session;

pub use order::sort;

/// Most bytes of packages in a block. With all else that is in it, it can be exported.
const MAX_PACKAGES_BYTES: usize = 96 << 20;

/// What sealing takes for each entry of the state that changed. Measured: 43 to 58 µs on one core, for hashes of its trie.
const SEALING_AN_ENTRY: Duration = Duration::from_micros(50);

/// A block under construction on top of the latest one.
pub struct OpenBlock {
    session: Session,
    parent: BlockHash,
    transactions: VectorSync<Arc<ExecutedInBlock>>,
    /// Whether something besides transactions changed the state.
    written: bool,
    executor: Executor,
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
    /// Opens a block on top of the latest one. Its timestamp is at least its parent's, unless it may be older.
    ///
    /// # Errors
    /// If there is no genesis block, or the database fails.
    pub fn open_block(&self, env: BlockEnv) -> Result<OpenBlock, ExecutionError> {
        let parent = self.latest_header()?;
        let parent_number = parent.block_header_without_hash.block_number;
        let number = parent_number.next().ok_or(ExecutionError::BlockNumberOverflow)?;
        let earliest = parent.block_header_without_hash.timestamp;
        let timestamp = if env.may_be_older { env.timestamp } else { env.timestamp.max(earliest) };
        let env = BlockEnv { timestamp, ..env };
        let context = self.config().block_context(number, &env, Capacity::Block)?;
        Ok(OpenBlock {
            session: Session::open(self, parent_number, context)?.for_sealing(),
            parent: parent.block_hash,
            transactions: VectorSync::new_sync(),
            written: false,
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

    /// What it was opened with, and its timestamp.
    #[must_use]
    pub fn env(&self) -> BlockEnv {
        BlockEnv::from(self.session.context().block_info())
    }

    /// Executes a transaction after those already in the block.
    ///
    /// # Errors
    /// See [`Refusal`]: the block is as it was before.
    pub fn execute(&mut self, transaction: PendingTransaction) -> Result<Arc<ExecutedInBlock>, Refusal> {
        if transaction.only_query {
            return Err(AdmitError::Malformed("signed for a query, not for execution".to_owned()).into());
        }
        if let PendingBody::Thread(thread) = &transaction.body
            && self.package_bytes().saturating_add(thread.package_bytes()) > MAX_PACKAGES_BYTES
        {
            return Err(Refusal::BlockFull);
        }
        if let PendingBody::Declare { tx, .. } = &transaction.body
            && self
                .session
                .state()
                .class(tx.class_hash)
                .map_err(ExecutionError::from)
                .map_err(AdmitError::from)?
                .is_some()
        {
            // Blockifier would find out only after it has asked the account, which nobody would pay for.
            return Err(AdmitError::ClassAlreadyDeclared(tx.class_hash).into());
        }
        if !self.transactions.is_empty() {
            self.session.hold_at_most(entries_within(self.executor.time_limits().sealing));
        }
        let flags = ExecutionFlags { validate: !transaction.impersonated, ..IN_BLOCK };
        let Execution { receipt, trace, settled } = self.session.execute(&transaction, flags)?;
        let body = transaction.to_transaction();
        let transaction_in_block = BlockTransaction { hash: transaction.hash, body, receipt };
        let thread = match transaction.body {
            PendingBody::Thread(thread) => Some(thread),
            _ => None,
        };
        let executed = ExecutedInBlock { transaction: transaction_in_block, trace, settled, thread };
        let executed = Arc::new(executed);
        self.transactions.push_back_mut(Arc::clone(&executed));
        Ok(executed)
    }

    /// Whether the transaction was validated, and validation would see the same in this block. If not, executing it may be
    /// work that nobody pays for: [`Executor::validate_again`] validates it again.
    ///
    /// # Errors
    /// If the database fails.
    pub fn is_validated(&self, transaction: &PendingTransaction) -> Result<bool, ExecutionError> {
        if transaction.impersonated || matches!(transaction.body, PendingBody::L1Handler(_)) {
            return Ok(true);
        }
        match &transaction.validated {
            Some(validated) => validated.still_holds(self.session.state(), self.session.context()),
            None => Ok(false),
        }
    }

    fn package_bytes(&self) -> usize {
        let threads = self.transactions.iter().filter_map(|executed| executed.thread.as_ref());
        threads.map(|thread| thread.package_bytes()).fold(0, usize::saturating_add)
    }

    /// Sets a storage cell without a transaction, for a devnet.
    ///
    /// # Errors
    /// If the database fails.
    pub fn write_storage(
        &mut self,
        contract: ContractAddress,
        key: StorageKey,
        value: Felt,
    ) -> Result<(), ExecutionError> {
        let storage = [((contract, key), value)].into();
        self.session.write(&StateMaps { storage, ..StateMaps::default() })?;
        self.written = true;
        Ok(())
    }

    /// The block as it is now, for others to see.
    #[must_use]
    pub fn pre_confirmed(&self) -> PreConfirmed {
        PreConfirmed(Arc::new(Shown {
            info: self.session.context().block_info().clone(),
            parent: self.parent,
            transactions: self.transactions.clone(),
            state: self.session.state().apart(),
            told: self.number(),
            block: self.session.block(),
        }))
    }

    /// Number of transactions in the block.
    #[must_use]
    pub fn len(&self) -> usize {
        self.transactions.len()
    }

    /// How long sealing it will take, roughly.
    #[must_use]
    pub fn sealing_time(&self) -> Duration {
        let entries = u32::try_from(self.session.state().overlay.entries()).unwrap_or(u32::MAX);
        SEALING_AN_ENTRY.saturating_mul(entries)
    }

    /// Whether no transaction is in the block yet, and nothing else has changed the state either.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.transactions.is_empty() && !self.written
    }

    /// Closes the block: state diff, roots, commitments, header, hash.
    ///
    /// # Errors
    /// If the database fails.
    pub fn seal(self) -> Result<SealedBlock, ExecutionError> {
        let Self { mut session, parent, transactions, executor, .. } = self;
        let info = session.context().block_info().clone();
        let declared = &session.state().overlay.classes;
        let classes = declared.iter().map(|(hash, declared)| (*hash, declared.record.as_ref().clone()));
        let classes = classes.collect();
        let executed = transactions.iter().map(|executed| executed.as_ref().clone()).collect();
        let state_diff = session.finalize()?;
        let thread_times = session.thread_times(&state_diff);
        seal::Contents { info, parent, executed, classes, state_diff, thread_times }.seal(executor.storage())
    }
}

/// How many changed entries of the state are sealed in this time.
fn entries_within(time: Duration) -> usize {
    let entries = time.as_micros().checked_div(SEALING_AN_ENTRY.as_micros()).unwrap_or_default();
    usize::try_from(entries).unwrap_or(usize::MAX)
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

//! What the methods answer from, and the look-ups they share.

use std::sync::Arc;

use starknet_api::block::{BlockHeader, BlockNumber};
use starknet_api::core::{ClassHash, ContractAddress};
use starknet_api::transaction::TransactionHash;
use tokio::runtime::Handle;
use zkthreads_execution::{AdmitError, Executor, PendingTransaction, Submission};
use zkthreads_storage::{BlockTransaction, StateView, Storage};

use crate::devnet::DevnetControl;
use crate::error::RpcError;
use crate::feed::ChainFeed;
use crate::sink::{PoolStatus, TransactionSink};
use crate::wire::block_id::BlockId;

/// The node, as the RPC methods see it. Cheap to clone.
#[derive(Clone)]
pub struct RpcContext {
    /// Blocks, state and classes.
    pub storage: Storage,
    /// Calls, simulations and admission.
    pub executor: Executor,
    /// The mempool.
    pub sink: Arc<dyn TransactionSink>,
    /// What happens on the chain.
    pub feed: ChainFeed,
    /// A devnet's controls, if the node is one: only then are there methods of the `devnet` namespace.
    pub devnet: Option<Arc<dyn DevnetControl>>,
}

/// Where a transaction was found.
pub(crate) enum Found {
    /// In a block.
    InBlock(BlockNumber, Box<BlockTransaction>),
    /// In the pool.
    Pending(PendingTransaction),
}

impl RpcContext {
    /// The newest block's number.
    pub(crate) fn latest(&self) -> Result<BlockNumber, RpcError> {
        self.storage.latest()?.ok_or(RpcError::NoBlocks)
    }

    /// The number of the block that `id` names.
    pub(crate) fn resolve(&self, id: BlockId) -> Result<BlockNumber, RpcError> {
        let latest = self.storage.latest()?.ok_or(RpcError::BlockNotFound)?;
        match id {
            BlockId::Latest | BlockId::PreConfirmed => Ok(latest),
            BlockId::Number(number) if number <= latest => Ok(number),
            BlockId::Number(_) | BlockId::L1Accepted => Err(RpcError::BlockNotFound),
            BlockId::Hash(hash) => self.storage.block_number(hash)?.ok_or(RpcError::BlockNotFound),
        }
    }

    /// The header of the block that `id` names.
    pub(crate) fn header(&self, id: BlockId) -> Result<BlockHeader, RpcError> {
        self.header_at(self.resolve(id)?)
    }

    /// The header of a block that exists.
    pub(crate) fn header_at(&self, number: BlockNumber) -> Result<BlockHeader, RpcError> {
        self.storage.header(number)?.ok_or(RpcError::BlockNotFound)
    }

    /// The transactions of a block that exists.
    pub(crate) fn transactions_at(&self, number: BlockNumber) -> Result<Vec<BlockTransaction>, RpcError> {
        self.storage.transactions(number)?.ok_or(RpcError::BlockNotFound)
    }

    /// The state after the block that `id` names.
    pub(crate) fn state(&self, id: BlockId) -> Result<StateView, RpcError> {
        Ok(self.storage.state_at(self.resolve(id)?))
    }

    /// The class of a contract that must exist in `state`.
    pub(crate) fn class_hash(
        &self,
        state: &StateView,
        contract: ContractAddress,
    ) -> Result<ClassHash, RpcError> {
        let class_hash = state.class_hash(contract)?;
        if class_hash == ClassHash::default() {
            return Err(RpcError::ContractNotFound);
        }
        Ok(class_hash)
    }

    /// A transaction, in a block or in the pool. Looks into storage again after the pool, since a transaction may
    /// move from one to the other in between.
    pub(crate) fn find(&self, hash: TransactionHash) -> Result<Found, RpcError> {
        let stored = || {
            let found = self.storage.transaction(hash)?;
            Ok(found.map(|(number, _, transaction)| Found::InBlock(number, Box::new(transaction))))
        };
        if let Some(found) = stored().transpose() {
            return found;
        }
        if let Some(transaction) = self.sink.pending(hash) {
            return Ok(Found::Pending(transaction));
        }
        stored()?.ok_or_else(|| self.not_found(hash))
    }

    /// Admits a transaction of `sender`; says so if the reason for a refusal is that no account lives there.
    pub(crate) fn admit(
        &self,
        sender: ContractAddress,
        submission: Submission,
    ) -> Result<PendingTransaction, RpcError> {
        self.executor.admit(submission).map_err(|error| match error {
            AdmitError::Validation(_) | AdmitError::Execution(_) | AdmitError::InsufficientBalance(_)
                if self.is_absent(sender) =>
            {
                RpcError::NonAccount
            }
            error => error.into(),
        })
    }

    fn is_absent(&self, contract: ContractAddress) -> bool {
        let state = self.state(BlockId::Latest);
        state.is_ok_and(|state| state.class_hash(contract).is_ok_and(|class| class == ClassHash::default()))
    }

    /// Puts an admitted transaction into the pool. Methods run on threads for blocking work, so waiting is fine.
    pub(crate) fn submit(&self, transaction: PendingTransaction) -> Result<TransactionHash, RpcError> {
        Ok(Handle::current().block_on(self.sink.submit(transaction))?)
    }

    /// That no such transaction is known; says why if the pool remembers having rejected it.
    pub(crate) fn not_found(&self, hash: TransactionHash) -> RpcError {
        let rejected = match self.sink.status(hash) {
            Some(PoolStatus::Rejected { reason }) => Some(reason),
            Some(PoolStatus::Received | PoolStatus::Candidate) | None => None,
        };
        RpcError::TransactionHashNotFound { rejected }
    }
}

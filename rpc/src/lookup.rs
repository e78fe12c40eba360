//! Finding a transaction, wherever it is.

use starknet_api::transaction::TransactionHash;
use zkthreads_execution::{ExecutedInBlock, PendingTransaction, PreConfirmed};
use zkthreads_protocol::{IncludedTransaction, Package};
use zkthreads_storage::{BlockTransaction, ThreadOutcome};

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::origin::Missing;
use crate::sink::PoolStatus;
use crate::wire::inner::{Effects, effects};
use crate::wire::place::{Finality, Place};

/// Where a transaction was found.
pub(crate) enum Found {
    /// In a block.
    InBlock(Box<InBlock>),
    /// In a thread transaction that settled.
    Inner(Box<Inner>),
    /// In the pool.
    Pending(PendingTransaction),
}

/// A transaction in a stored block or the open one.
pub(crate) struct InBlock {
    /// The block.
    pub(crate) place: Place,
    /// Its index there.
    pub(crate) index: usize,
    /// The transaction.
    pub(crate) transaction: BlockTransaction,
    /// The open block; `None` if its block is stored.
    pub(crate) open: Option<PreConfirmed>,
}

/// A transaction inside a thread transaction that settled.
pub(crate) struct Inner {
    /// The settling block.
    pub(crate) place: Place,
    /// The thread transaction.
    pub(crate) thread: TransactionHash,
    /// Its index in the package.
    pub(crate) index: usize,
    /// The thread transaction's package.
    pub(crate) package: Package,
}

impl Inner {
    /// The transaction as its package holds it.
    pub(crate) fn included(&self) -> Result<&IncludedTransaction, RpcError> {
        self.package.inner_transactions.get(self.index).ok_or_else(|| self.missing())
    }

    /// What became of it.
    pub(crate) fn effects(&self) -> Result<Effects, RpcError> {
        let effects = effects(&self.package).into_iter().nth(self.index);
        effects.map(|(_, effects)| effects).ok_or_else(|| self.missing())
    }

    fn missing(&self) -> RpcError {
        RpcError::Internal {
            reason: format!("inner transaction {} of {} is missing", self.index, self.thread),
        }
    }
}

impl RpcContext {
    /// A transaction, wherever it is. Looks into blocks again after the pool, since it may move there in between.
    pub(crate) fn find(&self, hash: TransactionHash) -> Result<Found, RpcError> {
        if let Some(found) = self.find_in_blocks(hash)? {
            return Ok(found);
        }
        if let Some(transaction) = self.sink.pending(hash) {
            return Ok(Found::Pending(transaction));
        }
        self.find_in_blocks(hash)?.ok_or_else(|| self.not_found(hash))
    }

    /// As [`Self::find`], but not in the pool. Looks into the open block before the stored ones: it moves that way.
    pub(crate) fn find_in_blocks(&self, hash: TransactionHash) -> Result<Option<Found>, RpcError> {
        if let Some(block) = self.shown()?
            && let Some(found) = find_in_open(&block, hash)?
        {
            return Ok(Some(found));
        }
        if let Some((number, index, transaction)) = self.storage.transaction(hash)? {
            let place = self.place(number)?;
            return Ok(Some(Found::InBlock(Box::new(InBlock { place, index, transaction, open: None }))));
        }
        let Some((thread, index)) = self.storage.inner_place(hash)? else { return Ok(None) };
        let Some((number, _, _)) = self.storage.transaction(thread)? else { return Ok(None) };
        let (place, package) = (self.place(number)?, self.package(thread)?);
        Ok(Some(Found::Inner(Box::new(Inner { place, thread, index: index as usize, package }))))
    }

    /// The package of a thread transaction in a block, as it was sent; empty for any other.
    pub(crate) fn package_bytes(&self, found: &InBlock) -> Result<Vec<u8>, RpcError> {
        match &found.open {
            None => Ok(self.storage.package(found.transaction.hash)?.unwrap_or_default()),
            Some(block) => {
                let package = block.transaction(found.index).and_then(|executed| executed.package.as_deref());
                Ok(package.map(<[u8]>::to_vec).unwrap_or_default())
            }
        }
    }

    /// The package of a stored thread transaction.
    fn package(&self, thread: TransactionHash) -> Result<Package, RpcError> {
        let bytes = self.storage.package(thread)?.ok_or_else(|| RpcError::Internal {
            reason: format!("the package of thread transaction {thread} is missing"),
        })?;
        decode(thread, &bytes)
    }

    /// The package of a transaction in a stored block, if it is a thread that settled.
    pub(crate) fn package_of_settled(
        &self,
        transaction: &BlockTransaction,
    ) -> Result<Option<Package>, RpcError> {
        has_settled(transaction).then(|| self.package(transaction.hash)).transpose()
    }

    /// That no such transaction is known; says why if the pool remembers having rejected it.
    pub(crate) fn not_found(&self, hash: TransactionHash) -> RpcError {
        match self.sink.status(hash) {
            Some(PoolStatus::Rejected { reason }) => {
                RpcError::TransactionHashNotFound { rejected: Some(reason) }
            }
            Some(PoolStatus::Received | PoolStatus::Candidate) | None => {
                self.missing(Missing::Transaction(hash))
            }
        }
    }
}

/// The block that is still open, as what is in it names it.
pub(crate) fn open_place(block: &PreConfirmed) -> Place {
    Place { number: block.number(), hash: None, finality: Finality::PreConfirmed }
}

fn find_in_open(block: &PreConfirmed, hash: TransactionHash) -> Result<Option<Found>, RpcError> {
    let place = open_place(block);
    if let Some((index, executed)) = block.find(hash) {
        let transaction = executed.transaction.clone();
        let open = Some(block.clone());
        return Ok(Some(Found::InBlock(Box::new(InBlock { place, index, transaction, open }))));
    }
    let inner = block.transactions().find_map(|executed| {
        let index = executed.inner.iter().position(|inner| *inner == hash)?;
        Some((executed, index))
    });
    let Some((executed, index)) = inner else { return Ok(None) };
    let thread = executed.transaction.hash;
    let package = package_in(executed)?;
    Ok(package.map(|package| Found::Inner(Box::new(Inner { place, thread, index, package }))))
}

/// The package of a transaction in the open block, if it is a thread that settled.
pub(crate) fn package_in(executed: &ExecutedInBlock) -> Result<Option<Package>, RpcError> {
    let bytes = executed.package.as_deref().filter(|_| has_settled(&executed.transaction));
    bytes.map(|bytes| decode(executed.transaction.hash, bytes)).transpose()
}

fn has_settled(transaction: &BlockTransaction) -> bool {
    matches!(transaction.receipt.thread, Some(ThreadOutcome { error: None, .. }))
}

/// A package that a block holds.
pub(crate) fn decode(thread: TransactionHash, bytes: &[u8]) -> Result<Package, RpcError> {
    Package::decode(bytes).map_err(|error| RpcError::Internal {
        reason: format!("the package of thread transaction {thread}: {error}"),
    })
}

//! Finding a transaction, wherever it is.

use starknet_api::transaction::TransactionHash;
use zkthreads_execution::{ExecutedInBlock, PendingTransaction, PreConfirmed};
use zkthreads_protocol::{IncludedTransaction, PackageContents, SegmentContents, Transaction};
use zkthreads_rpc_api::PoolStatus;
use zkthreads_storage::BlockTransaction;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::missing::Missing;
use crate::wire::inner::effects_in;
use crate::wire::place::{BlockPlace, Finality};
use crate::wire::receipt::Effects;

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
    pub(crate) place: BlockPlace,
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
    pub(crate) place: BlockPlace,
    /// The thread transaction.
    pub(crate) thread: TransactionHash,
    /// The segment of the thread transaction's package that it is in.
    pub(crate) segment: SegmentContents,
    /// Its index there.
    pub(crate) index: usize,
}

impl Inner {
    /// The transaction as its package holds it.
    pub(crate) fn included(&self) -> Result<&IncludedTransaction, RpcError> {
        self.segment.inner_transactions.get(self.index).ok_or_else(|| self.missing())
    }

    /// What became of it.
    pub(crate) fn effects(&self) -> Result<Effects, RpcError> {
        let effects = effects_in(&self.segment).into_iter().nth(self.index);
        effects.map(|(_, effects)| effects).ok_or_else(|| self.missing())
    }

    fn missing(&self) -> RpcError {
        RpcError::Internal {
            reason: format!("inner transaction {} of a segment of {} is missing", self.index, self.thread),
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

    /// As [`Self::find`], but not in the pool. Takes the open block before it looks into the stored ones: transactions
    /// move that way, and a thread's may be in both for a moment.
    pub(crate) fn find_in_blocks(&self, hash: TransactionHash) -> Result<Option<Found>, RpcError> {
        let shown = self.shown()?;
        let stored = self.find_stored(hash)?;
        let is_ahead = stored.as_ref().is_some_and(|found| self.is_ahead(found, shown.as_ref()));
        if stored.is_some() && !is_ahead {
            return Ok(stored);
        }
        let open = shown.and_then(|block| find_in_open(&block, hash));
        // A thread's own, which a block has settled.
        Ok(if open.is_some() && stored.is_some() { stored } else { open })
    }

    /// Whether a thread's state is not yet what it is after a block that is stored. Until then what happened in it is not here:
    /// who hears that an account is deployed uses it next.
    fn is_ahead(&self, found: &Found, shown: Option<&PreConfirmed>) -> bool {
        let (Some(_), Some(open)) = (&self.thread, shown) else { return false };
        match found {
            Found::InBlock(found) => found.place.number >= open.number(),
            Found::Inner(inner) => inner.place.number >= open.number(),
            Found::Pending(_) => false,
        }
    }

    fn find_stored(&self, hash: TransactionHash) -> Result<Option<Found>, RpcError> {
        if let Some((number, index, transaction)) = self.storage.transaction(hash)? {
            let place = self.place(number)?;
            return Ok(Some(Found::InBlock(Box::new(InBlock { place, index, transaction, open: None }))));
        }
        let Some((thread, index)) = self.storage.inner_place(hash)? else { return Ok(None) };
        let Some((number, _, transaction)) = self.storage.transaction(thread)? else { return Ok(None) };
        let Transaction::Thread { facts, .. } = &transaction.body else { return Ok(None) };
        let segment = self.storage.segment_of(facts.package_digest, index)?;
        let (segment, index) = segment.ok_or_else(|| package_is_missing(thread))?;
        let place = self.place(number)?;
        Ok(Some(Found::Inner(Box::new(Inner { place, thread, segment, index }))))
    }

    /// What settled of the package of a transaction in a stored block, if it is a thread.
    pub(crate) fn package_of_settled(
        &self,
        transaction: &BlockTransaction,
    ) -> Result<Option<PackageContents>, RpcError> {
        let (Some(settled), Transaction::Thread { facts, .. }) = (settled(transaction), &transaction.body)
        else {
            return Ok(None);
        };
        let package = self.storage.package_contents(facts.package_digest, settled)?;
        Ok(Some(package.ok_or_else(|| package_is_missing(transaction.hash))?))
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
pub(crate) fn open_place(block: &PreConfirmed) -> BlockPlace {
    BlockPlace { number: block.number(), hash: None, finality: Finality::PreConfirmed }
}

fn find_in_open(block: &PreConfirmed, hash: TransactionHash) -> Option<Found> {
    let place = open_place(block);
    if let Some((index, executed)) = block.find(hash) {
        let transaction = executed.transaction.clone();
        let open = Some(block.clone());
        return Some(Found::InBlock(Box::new(InBlock { place, index, transaction, open })));
    }
    let inner = block.transactions().find_map(|executed| {
        let index = executed.settled.hashes().position(|inner| inner == hash)?;
        let (segment, index) = executed.thread.as_ref()?.package().segment_of(index)?;
        let (thread, segment) = (executed.transaction.hash, segment.contents());
        Some(Inner { place, thread, segment, index })
    });
    inner.map(|inner| Found::Inner(Box::new(inner)))
}

/// What settled of the package of a transaction in the open block, if it is a thread.
pub(crate) fn package_in(executed: &ExecutedInBlock) -> Option<PackageContents> {
    let (settled, thread) = (settled(&executed.transaction)?, executed.thread.as_ref()?);
    Some(thread.package().contents(settled))
}

/// How many segments of a thread settled, if any did.
fn settled(transaction: &BlockTransaction) -> Option<usize> {
    let outcome = transaction.receipt.thread.as_ref().filter(|outcome| outcome.has_settled())?;
    Some(outcome.settled())
}

/// That a package is not stored which a block has.
pub(crate) fn package_is_missing(thread: TransactionHash) -> RpcError {
    RpcError::Internal { reason: format!("the package of thread transaction {thread} is missing") }
}

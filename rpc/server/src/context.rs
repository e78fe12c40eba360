//! What the methods answer from, and the look-ups they share.

use std::sync::Arc;

use starknet_api::block::{BlockHeader, BlockNumber};
use starknet_api::core::{ClassHash, ContractAddress};
use starknet_api::transaction::TransactionHash;
use tokio::runtime::Handle;
use zkthreads_execution::{
    AdmitError, BlockEnv, ChainState, Executor, PendingTransaction, PreConfirmed, StateAt, Submission,
};
use zkthreads_rpc_api::devnet::DevnetControl;
use zkthreads_rpc_api::thread::ThreadControl;
use zkthreads_rpc_api::{ChainFeed, Origin, Outcomes, TransactionSink, Until};
use zkthreads_storage::{BlockTransaction, Storage};

use crate::door::Door;
use crate::error::RpcError;
use crate::missing::Missing;
use crate::wire::block_id::BlockId;
use crate::wire::place::{BlockPlace, Finality};

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
    /// How far a transaction has come when whoever sent it is answered; if absent, into the mempool.
    pub answers_after: Option<Until>,
    /// A devnet's controls, if the node is one: only then are there methods of the `devnet` namespace.
    pub devnet: Option<Arc<dyn DevnetControl>>,
    /// The chain that this one was forked off, if it was.
    pub origin: Option<Arc<dyn Origin>>,
    /// The thread that is served, if it is one and no node.
    pub thread: Option<Arc<dyn ThreadControl>>,
}

impl RpcContext {
    /// What becomes of transactions, as a client sees it.
    pub(crate) fn outcomes(&self, until: Until) -> Outcomes {
        let Self { storage, sink, feed, .. } = self.clone();
        Outcomes { storage, sink, feed, until }
    }

    /// The newest block's number.
    pub(crate) fn latest(&self) -> Result<BlockNumber, RpcError> {
        self.storage.latest()?.ok_or(RpcError::NoBlocks)
    }

    /// The first block's number: 0, unless the chain was forked off another one.
    pub(crate) fn first(&self) -> BlockNumber {
        self.storage.fork().and_then(|fork| fork.number.next()).unwrap_or_default()
    }

    /// The block that `id` names: a stored one, or the open one.
    pub(crate) fn resolve(&self, id: BlockId) -> Result<StateAt, RpcError> {
        if id == BlockId::PreConfirmed {
            return self.pre_confirmed().map(StateAt::PreConfirmed);
        }
        self.resolve_stored(id).map(StateAt::Block)
    }

    /// Where `id` asks about the state. Wallets and libraries ask about the latest block for the nonce to sign with, and to
    /// estimate: to a thread's users, that is the thread's state. Its blocks are the node's all the same.
    pub(crate) fn resolve_state(&self, id: BlockId) -> Result<StateAt, RpcError> {
        match (&self.thread, id) {
            (Some(_), BlockId::Latest) => self.resolve(BlockId::PreConfirmed),
            _ => self.resolve(id),
        }
    }

    /// The number of the stored block that `id` names. The open block is none.
    pub(crate) fn resolve_stored(&self, id: BlockId) -> Result<BlockNumber, RpcError> {
        let latest = self.storage.latest()?.ok_or(RpcError::BlockNotFound)?;
        let found = match id {
            BlockId::Latest => Some(latest),
            // A thread may be a little behind its node.
            BlockId::Number(number)
                if number < self.first() || (self.thread.is_some() && number > latest) =>
            {
                return Err(self.missing(Missing::Block(number)));
            }
            BlockId::Number(number) => Some(number).filter(|number| *number <= latest),
            BlockId::L1Accepted => match self.storage.l1_accepted()? {
                Some(number) => Some(number),
                None => return Err(self.missing(Missing::L1Accepted)),
            },
            BlockId::Hash(hash) => match self.storage.block_number(hash)? {
                Some(number) => Some(number),
                None => return Err(self.missing(Missing::BlockHash(hash))),
            },
            BlockId::PreConfirmed => {
                let reason = "block_id: `pre_confirmed` is not finished, which this method needs";
                return Err(RpcError::InvalidParams(reason.to_owned()));
            }
        };
        found.ok_or(RpcError::BlockNotFound)
    }

    /// That something is not here. On a fork, its origin may have it.
    pub(crate) fn missing(&self, missing: Missing) -> RpcError {
        match (&self.origin, missing) {
            (Some(_), missing) => RpcError::Missing(missing),
            (None, Missing::Transaction(_)) => RpcError::TransactionHashNotFound { rejected: None },
            (None, _) => RpcError::BlockNotFound,
        }
    }

    /// The open block. While none is shown, an empty one.
    pub(crate) fn pre_confirmed(&self) -> Result<PreConfirmed, RpcError> {
        if let Some(block) = self.shown()? {
            return Ok(block);
        }
        let latest = self.storage.latest()?.ok_or(RpcError::BlockNotFound)?;
        let env = BlockEnv::of(&self.header_at(latest)?)?;
        Ok(self.executor.open_block(env)?.pre_confirmed())
    }

    /// The open block that the feed shows, unless it is one no more: stored by now, or its parent was reverted. A thread's
    /// holds what is not settled: it stays until the next one has been built on a new block of the node.
    pub(crate) fn shown(&self) -> Result<Option<PreConfirmed>, RpcError> {
        let Some(block) = self.feed.pre_confirmed() else { return Ok(None) };
        if self.thread.is_some() {
            return Ok(Some(block));
        }
        let Some(latest) = self.storage.latest()? else { return Ok(None) };
        let parent = self.storage.header(latest)?;
        Ok(Some(block).filter(|block| parent.is_some_and(|parent| parent.block_hash == block.parent_hash())))
    }

    /// The header of a block that exists.
    pub(crate) fn header_at(&self, number: BlockNumber) -> Result<BlockHeader, RpcError> {
        self.storage.header(number)?.ok_or(RpcError::BlockNotFound)
    }

    /// The transactions of a block that exists.
    pub(crate) fn transactions_at(&self, number: BlockNumber) -> Result<Vec<BlockTransaction>, RpcError> {
        self.storage.transactions(number)?.ok_or(RpcError::BlockNotFound)
    }

    /// How final a stored block is.
    pub(crate) fn finality(&self, number: BlockNumber) -> Result<Finality, RpcError> {
        let on_l1 = self.storage.l1_accepted()?.is_some_and(|accepted| number <= accepted);
        Ok(if on_l1 { Finality::AcceptedOnL1 } else { Finality::AcceptedOnL2 })
    }

    /// A block that exists, as what is in it names it.
    pub(crate) fn place(&self, number: BlockNumber) -> Result<BlockPlace, RpcError> {
        let hash = Some(self.header_at(number)?.block_hash);
        Ok(BlockPlace { number, hash, finality: self.finality(number)? })
    }

    /// The state after the block that `id` names.
    pub(crate) fn state(&self, id: BlockId) -> Result<ChainState, RpcError> {
        Ok(self.executor.state(&self.resolve_state(id)?))
    }

    /// The state that a stored block began with.
    pub(crate) fn state_before(&self, number: BlockNumber) -> zkthreads_storage::StateView {
        match number.prev() {
            Some(parent) => self.storage.state_at(parent),
            None => self.storage.state_before_genesis(),
        }
    }

    /// The class of a contract that must exist in `state`.
    pub(crate) fn class_hash(
        &self,
        state: &ChainState,
        contract: ContractAddress,
    ) -> Result<ClassHash, RpcError> {
        let class_hash = state.class_hash(contract)?;
        if class_hash == ClassHash::default() {
            return Err(RpcError::ContractNotFound);
        }
        Ok(class_hash)
    }

    /// Admits a transaction of `sender`, on the state of the open block; says so if the reason for a refusal is that no
    /// account lives there.
    pub(crate) fn admit(
        &self,
        door: &Door,
        sender: ContractAddress,
        submission: Submission,
    ) -> Result<PendingTransaction, RpcError> {
        let at = self.resolve(BlockId::PreConfirmed)?;
        door.admit(&self.executor, &at, Some(*sender.0.key()), submission).map_err(|error| match error {
            AdmitError::Validation(_) | AdmitError::Execution(_) | AdmitError::InsufficientBalance(_)
                if self.is_absent(&at, sender) =>
            {
                RpcError::NonAccount
            }
            error => error.into(),
        })
    }

    fn is_absent(&self, at: &StateAt, contract: ContractAddress) -> bool {
        self.executor.state(at).class_hash(contract).is_ok_and(|class| class == ClassHash::default())
    }

    /// Puts an admitted transaction into the pool. Methods run on threads for blocking work, so waiting is fine.
    pub(crate) fn submit(&self, transaction: PendingTransaction) -> Result<TransactionHash, RpcError> {
        Ok(Handle::current().block_on(self.sink.submit(transaction))?)
    }
}

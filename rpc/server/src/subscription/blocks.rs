//! Blocks as subscriptions read them.

use std::sync::Arc;

use parking_lot::Mutex;
use starknet_api::block::{BlockHash, BlockHeader, BlockNumber};
use tokio::sync::Semaphore;
use zkthreads_execution::ExecutedInBlock;

use super::OriginBlock;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::settled::Settled;
use crate::wire::place::BlockPlace;

/// Most blocks from before the fork that are asked for at once.
const ORIGIN_BLOCKS_AT_ONCE: usize = 4;

/// Reads blocks, and keeps the last one: all that follow the chain ask for the same. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Blocks {
    context: RpcContext,
    last: Last<BlockHash, Vec<Settled>>,
    /// The last one from before the fork.
    last_origins: Last<BlockNumber, OriginBlock>,
    /// Most that are asked for at once: subscriptions begin far back, and the origin is somebody else's.
    origins_turns: Arc<Semaphore>,
    /// The last transaction of the open block that all were told of.
    last_open: Last<Arc<ExecutedInBlock>, Settled>,
}

/// What was read last, and of what.
type Last<K, V> = Arc<Mutex<Option<(K, Arc<V>)>>>;

type Transactions = Arc<Vec<Settled>>;

/// A stored block.
pub(super) struct Block {
    pub(super) header: BlockHeader,
    pub(super) place: BlockPlace,
    /// Read only if somebody wants them.
    pub(super) transactions: Transactions,
}

impl Blocks {
    pub(crate) fn new(context: RpcContext) -> Self {
        let origins_turns = Arc::new(Semaphore::new(ORIGIN_BLOCKS_AT_ONCE));
        let (last, last_origins, last_open) = Default::default();
        Self { context, last, last_origins, origins_turns, last_open }
    }

    /// What blocks are read from.
    pub(super) fn context(&self) -> &RpcContext {
        &self.context
    }

    /// A block, with its transactions if `wanted` says so; `None` if it does not exist, or was reverted meanwhile.
    pub(super) async fn read(
        &self,
        number: BlockNumber,
        wanted: impl FnOnce(&BlockHeader) -> bool,
    ) -> Result<Option<Block>, RpcError> {
        let context = &self.context;
        let Some(header) = context.storage.header(number)? else { return Ok(None) };
        let place = BlockPlace { number, hash: Some(header.block_hash), finality: context.finality(number)? };
        if !wanted(&header) {
            return Ok(Some(Block { header, place, transactions: Arc::default() }));
        }
        let last = self.last.lock().clone();
        if let Some((_, transactions)) = last.filter(|(hash, _)| *hash == header.block_hash) {
            return Ok(Some(Block { header, place, transactions }));
        }
        let reading = self.clone();
        let read =
            tokio::task::spawn_blocking(move || reading.transactions(&header).map(|read| (header, read)));
        let joined = read.await.map_err(|error| RpcError::Internal { reason: error.to_string() })?;
        let (header, transactions) = joined?;
        Ok(transactions.map(|transactions| Block { header, place, transactions }))
    }

    /// A block from before the fork.
    pub(super) async fn origins(&self, number: BlockNumber) -> Result<Arc<OriginBlock>, RpcError> {
        let internal = |reason: String| RpcError::Internal { reason };
        let _turn = self.origins_turns.acquire().await.map_err(|error| internal(error.to_string()))?;
        let last = self.last_origins.lock().clone();
        if let Some((_, block)) = last.filter(|(of, _)| *of == number) {
            return Ok(block);
        }
        let context = self.context.clone();
        let read = tokio::task::spawn_blocking(move || OriginBlock::read(&context, number));
        let block = Arc::new(read.await.map_err(|error| internal(error.to_string()))??);
        *self.last_origins.lock() = Some((number, Arc::clone(&block)));
        Ok(block)
    }

    fn transactions(&self, header: &BlockHeader) -> Result<Option<Transactions>, RpcError> {
        let storage = &self.context.storage;
        let number = header.block_header_without_hash.block_number;
        let Some(transactions) = storage.transactions(number)? else { return Ok(None) };
        // Between the two reads the block may have been replaced.
        let is_same = storage.header(number)?.is_some_and(|now| now.block_hash == header.block_hash);
        if !is_same {
            return Ok(None);
        }
        let settled = transactions
            .into_iter()
            .enumerate()
            .map(|(index, it)| Settled::stored(&self.context, number, index, it));
        let transactions = Arc::new(settled.collect::<Result<Vec<_>, _>>()?);
        *self.last.lock() = Some((header.block_hash, Arc::clone(&transactions)));
        Ok(Some(transactions))
    }

    /// A transaction of the open block, with what it settled.
    pub(super) fn open(&self, executed: &Arc<ExecutedInBlock>) -> Result<Arc<Settled>, RpcError> {
        let mut last = self.last_open.lock();
        if let Some((_, settled)) = last.as_ref().filter(|(of, _)| Arc::ptr_eq(of, executed)) {
            return Ok(Arc::clone(settled));
        }
        let settled = Arc::new(Settled::open(executed)?);
        *last = Some((Arc::clone(executed), Arc::clone(&settled)));
        Ok(settled)
    }
}

//! Block production: takes transactions out of the mempool, executes them, seals and commits blocks.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use starknet_api::block::{BlockHeader, BlockTimestamp};
use zkthreads_execution::{AdmitError, ExecutionError, Executor, OpenBlock, Refusal};
use zkthreads_storage::{ExecutionStatus, StorageError};

use crate::mempool::{Mempool, Wake};

/// When blocks are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockMode {
    /// As soon as a transaction can be executed, with all that can be by then.
    OnTransaction,
    /// At this interval, whether or not there are transactions.
    Interval(Duration),
}

/// Longest that a block takes transactions in, so that each is seen soon after it came even under load.
const MAX_FILL_TIME: Duration = Duration::from_secs(2);

/// Why block production ended other than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum ProducerError {
    /// Block execution failed, through no transaction's fault.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Its thread panicked.
    #[error("the block producer panicked")]
    Panic,
}

/// Makes blocks; the only writer of the database after genesis.
pub struct Producer {
    executor: Executor,
    mempool: Arc<Mempool>,
    mode: BlockMode,
}

/// Why a block takes no more transactions.
#[derive(PartialEq, Eq)]
enum Filled {
    /// None is ready.
    Drained,
    /// More are ready, for the next block.
    Full,
}

impl Producer {
    /// A producer of blocks on `executor`'s chain out of `mempool`.
    #[must_use]
    pub fn new(executor: Executor, mempool: Arc<Mempool>, mode: BlockMode) -> Self {
        Self { executor, mempool, mode }
    }

    /// Makes blocks until the mempool is closed. Blocks its thread.
    ///
    /// # Errors
    /// If the node itself fails; a transaction's failure never ends production.
    pub fn run(self) -> Result<(), ProducerError> {
        match self.mode {
            BlockMode::OnTransaction => {
                while self.mempool.wait_ready() == Wake::Ready {
                    self.make_block(false)?;
                }
            }
            BlockMode::Interval(interval) => {
                let mut deadline = Instant::now() + interval;
                while self.mempool.wait_until(deadline) == Wake::Deadline {
                    while self.make_block(true)? == Filled::Full {}
                    // A block that took longer than the interval does not make the next ones come in a burst.
                    deadline = (deadline + interval).max(Instant::now());
                }
            }
        }
        Ok(())
    }

    /// Makes one block; none if it would be empty and `even_if_empty` is not set.
    fn make_block(&self, even_if_empty: bool) -> Result<Filled, ProducerError> {
        let started = Instant::now();
        let mut block = self.executor.open_block(self.executor.config().block_env(self.timestamp()?))?;
        let filled = self.fill(&mut block)?;
        if even_if_empty || !block.is_empty() {
            let transactions = block.len();
            let header = self.executor.commit(block.seal()?)?;
            log_block(&header, transactions, started.elapsed());
        }
        self.mempool.block_committed()?;
        Ok(filled)
    }

    fn fill(&self, block: &mut OpenBlock) -> Result<Filled, ProducerError> {
        let started = Instant::now();
        while let Some(transaction) = self.mempool.take() {
            let hash = transaction.hash;
            match block.execute(transaction) {
                Ok(executed) => {
                    if let ExecutionStatus::Reverted { reason } = &executed.transaction.receipt.status {
                        tracing::info!(hash = format_args!("{:#x}", hash.0), %reason, "transaction reverted");
                    }
                }
                Err(Refusal::BlockFull) if block.is_empty() => {
                    self.mempool.reject(hash, "the transaction does not fit into any block".to_owned());
                }
                Err(Refusal::BlockFull) => {
                    self.mempool.put_back(hash);
                    return Ok(Filled::Full);
                }
                Err(Refusal::Rejected { reason }) => match *reason {
                    AdmitError::Internal(error) => return Err(error.into()),
                    reason => {
                        tracing::info!(hash = format_args!("{:#x}", hash.0), %reason, "transaction rejected");
                        self.mempool.reject(hash, reason.to_string());
                    }
                },
            }
            if started.elapsed() >= MAX_FILL_TIME {
                return Ok(Filled::Full);
            }
        }
        Ok(Filled::Drained)
    }

    /// Now, but never before the latest block, whatever the system's clock does.
    fn timestamp(&self) -> Result<BlockTimestamp, ProducerError> {
        let storage = self.executor.storage();
        let latest = match storage.latest()? {
            Some(number) => storage.header(number)?,
            None => None,
        };
        let parent = latest.map_or(BlockTimestamp(0), |header| header.block_header_without_hash.timestamp);
        Ok(now().max(parent))
    }
}

/// Seconds since the Unix epoch.
#[must_use]
pub fn now() -> BlockTimestamp {
    BlockTimestamp(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

fn log_block(header: &BlockHeader, transactions: usize, elapsed: Duration) {
    tracing::info!(
        number = header.block_header_without_hash.block_number.0,
        hash = format_args!("{:#x}", header.block_hash.0),
        root = format_args!("{:#x}", header.block_header_without_hash.state_root.0),
        transactions,
        milliseconds = elapsed.as_millis(),
        "block"
    );
}

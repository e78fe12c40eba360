//! Watches a node and a thread: notes when payments end, and what becomes of sub-blocks.

use std::cell::RefCell;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::{Value, json};
use starknet_types_core::felt::Felt;
use zkthreads_e2e::heads::Heads;
use zkthreads_e2e::{Rpc, TestThread, hex};

use crate::chain::{Block, ThreadTransaction};
use crate::ledger::{End, Ledger};
use crate::stranger::Stranger;
use crate::sub_blocks::SubBlocks;

/// How often to look at the thread's status: nobody tells of its changes.
const INTERVAL: Duration = Duration::from_millis(250);

/// Error code: the transaction is not known. There is data if it was rejected.
const UNKNOWN: i64 = 29;

/// Who watches.
pub(crate) struct Watch<'a> {
    node: &'a Rpc,
    thread: &'a TestThread,
    ledger: &'a Ledger,
    stranger: Option<&'a Stranger<'a>>,
    seen: RefCell<Seen>,
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) sub_blocks: SubBlocks,
    /// Thread transactions in blocks, in their order.
    pub(crate) threads: Vec<ThreadTransaction>,
    /// Blocks since the stranger's first payment was in one, and those that have one.
    pub(crate) blocks: u64,
    pub(crate) written: u64,
    /// The thread's last status.
    pub(crate) status: Value,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(
        node: &'a Rpc,
        thread: &'a TestThread,
        ledger: &'a Ledger,
        stranger: Option<&'a Stranger<'a>>,
    ) -> Self {
        Self { node, thread, ledger, stranger, seen: RefCell::default() }
    }

    /// Watches for as long as it is let.
    pub(crate) async fn run(&self) -> Result<Infallible> {
        let (never, _) = tokio::try_join!(self.blocks(), self.status())?;
        Ok(never)
    }

    /// What was seen, with what the thread says last.
    pub(crate) async fn end(self) -> Result<Seen> {
        // What a block has just settled is not in the status before the thread has the block, too.
        let height = self.node.block_number().await?;
        let is_there = |status: &Value| status["base_block"]["block_number"].as_u64() >= Some(height);
        let status = self.thread.until("the thread has the latest block", is_there).await?;
        let mut seen = self.seen.into_inner();
        seen.sub_blocks.look(&status)?;
        let (counted, found) = (status["totals"]["sub_blocks_settled"].as_u64(), seen.sub_blocks.count());
        if counted != u64::try_from(found).ok() {
            bail!("{found} settled sub-blocks were seen, there were {counted:?}");
        }
        seen.status = status;
        Ok(seen)
    }

    async fn blocks(&self) -> Result<Infallible> {
        let mut heads = Heads::of(self.node).await?;
        loop {
            let number = heads.next().await?;
            let at = Instant::now();
            let block = Block::read(self.node, number).await?;
            self.note(block, at);
        }
    }

    /// A block came at `at`.
    fn note(&self, block: Block, at: Instant) {
        let has_written = |stranger: &Stranger| block.others.iter().any(|hash| stranger.has_sent(*hash));
        let is_written = self.stranger.is_some_and(has_written);
        for hash in block.others {
            self.ledger.end(hash, End::Forwarded, at);
        }
        for thread in &block.threads {
            for (index, segment) in thread.segments.iter().enumerate().filter(|(_, it)| it.is_settled) {
                for hash in &segment.transactions {
                    self.ledger.end(*hash, End::Settled { thread: thread.hash, segment: index }, at);
                }
            }
        }
        let mut seen = self.seen.borrow_mut();
        seen.threads.extend(block.threads);
        seen.written += u64::from(is_written);
        seen.blocks += u64::from(seen.written > 0);
    }

    async fn status(&self) -> Result<Infallible> {
        loop {
            let status = self.thread.status().await?;
            self.seen.borrow_mut().sub_blocks.look(&status)?;
            // No block tells of it.
            if status["totals"]["rejected"].as_u64() > u64::try_from(self.ledger.rejected()).ok() {
                for hash in self.ledger.pending() {
                    if let Known::Rejected { reason } = known(&self.thread.rpc, hash).await? {
                        self.ledger.end(hash, End::Rejected { reason }, Instant::now());
                    }
                }
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

/// What a node or a thread says of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing.
    Unknown,
    /// It is on its way.
    UnderWay,
    /// It is in a block of the chain.
    InBlock,
    /// It takes place nowhere.
    Rejected { reason: String },
}

/// Asks a node or a thread about a transaction.
pub(crate) async fn known(rpc: &Rpc, hash: Felt) -> Result<Known> {
    let params = json!({ "transaction_hash": hex(hash) });
    Ok(match rpc.try_call("starknet_getTransactionStatus", params).await? {
        Ok(status) if status["finality_status"] == "ACCEPTED_ON_L2" => Known::InBlock,
        Ok(_) => Known::UnderWay,
        Err(failure) if failure.code == UNKNOWN && failure.data.is_null() => Known::Unknown,
        Err(failure) if failure.code == UNKNOWN => {
            Known::Rejected { reason: failure.data.as_str().unwrap_or_default().to_owned() }
        }
        Err(failure) => bail!("{hash:#x}: {failure}"),
    })
}

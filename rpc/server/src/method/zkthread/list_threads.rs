//! `zkthread_listThreads`.

use serde::{Deserialize, Serialize};
use starknet_api::block::BlockNumber;
use starknet_types_core::felt::Felt;
use zkthreads_execution::PreConfirmed;
use zkthreads_protocol::Transaction;
use zkthreads_storage::{BlockTransaction, ThreadOutcome};

use super::found::FoundThread;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::limits::MAX_THREADS_LISTED;
use crate::lookup::{InBlock, open_place};
use crate::wire::place::BlockPlace;
use crate::wire::receipt::FeePayment;
use crate::wire::thread::{CheckOut, ConflictOut, conflicts};

/// Threads in an answer, if nothing else is asked for.
const DEFAULT_LIMIT: usize = 20;

/// Most blocks that one answer looks through.
const MAX_BLOCKS: usize = 16 * 1024;

/// Transactions after which an answer looks into no further block.
const MAX_TRANSACTIONS: usize = 16 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    #[serde(default)]
    limit: Option<u64>,
    #[serde(default)]
    before: Option<Position>,
}

/// Where a transaction is. What comes before it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    block_number: u64,
    transaction_index: usize,
}

#[derive(Serialize)]
pub(super) struct Threads {
    threads: Vec<Summary>,
    /// To be given as `before`, unless all was looked through.
    next: Option<Position>,
}

#[derive(Serialize)]
struct Summary {
    transaction_hash: Felt,
    status: &'static str,
    block_hash: Option<Felt>,
    block_number: u64,
    transaction_index: usize,
    timestamp: u64,
    submitter: Felt,
    os_program_hash: Felt,
    package_digest: Felt,
    package_bytes: usize,
    proof_bytes: usize,
    verify_micros: Option<u64>,
    segments: usize,
    settled_segments: usize,
    inner_transactions: usize,
    actual_fee: FeePayment,
    error: Option<CheckOut>,
    conflicts: Vec<ConflictOut>,
}

/// The thread transactions of the chain, newest first, those of the open block included.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Threads, RpcError> {
    let limit = match params.limit {
        None => DEFAULT_LIMIT,
        Some(limit) => {
            usize::try_from(limit).ok().filter(|limit| (1..=MAX_THREADS_LISTED).contains(limit)).ok_or_else(
                || RpcError::InvalidParams(format!("limit: {limit}, 1 to {MAX_THREADS_LISTED} are expected")),
            )?
        }
    };
    let mut list = List { context, limit, before: params.before, threads: Vec::new() };
    let next = list.fill()?;
    Ok(Threads { threads: list.threads, next })
}

/// An answer in the making.
struct List<'a> {
    context: &'a RpcContext,
    limit: usize,
    before: Option<Position>,
    threads: Vec<Summary>,
}

impl List<'_> {
    /// Goes back through the blocks, and says where it stopped if that is not the first one.
    fn fill(&mut self) -> Result<Option<Position>, RpcError> {
        let shown = self.context.shown()?;
        let Some(latest) = self.context.storage.latest()? else { return Ok(None) };
        if let Some(block) = shown {
            let timestamp = block.info().block_timestamp.0;
            let transactions: Vec<_> =
                block.transactions().map(|executed| executed.transaction.clone()).collect();
            self.take(open_place(&block), timestamp, transactions, Some(&block))?;
        }
        let (mut blocks, mut transactions) = (0, 0);
        let newest = self.before.map_or(latest.0, |before| latest.0.min(before.block_number));
        for number in (self.context.first().0..=newest).rev().map(BlockNumber) {
            if let Some(full) = self.full() {
                return Ok(Some(full));
            }
            if blocks == MAX_BLOCKS || transactions >= MAX_TRANSACTIONS {
                return Ok(Some(Position { block_number: number.0 + 1, transaction_index: 0 }));
            }
            blocks += 1;
            let header = self.context.header_at(number)?;
            if header.n_transactions == 0 {
                continue;
            }
            let of_block = self.context.transactions_at(number)?;
            transactions += of_block.len();
            let timestamp = header.block_header_without_hash.timestamp.0;
            self.take(self.context.place(number)?, timestamp, of_block, None)?;
        }
        Ok(self.full())
    }

    /// Where to go on, if there are as many threads as there may be.
    fn full(&self) -> Option<Position> {
        let last = self.threads.last().filter(|_| self.threads.len() == self.limit)?;
        let &Summary { block_number, transaction_index, .. } = last;
        Some(Position { block_number, transaction_index })
    }

    /// Takes as many threads of a block as there is room for.
    fn take(
        &mut self,
        place: BlockPlace,
        timestamp: u64,
        transactions: Vec<BlockTransaction>,
        open: Option<&PreConfirmed>,
    ) -> Result<(), RpcError> {
        let end = match self.before {
            Some(before) if before.block_number == place.number.0 => before.transaction_index,
            Some(before) if before.block_number < place.number.0 => 0,
            Some(_) | None => transactions.len(),
        };
        for (index, transaction) in transactions.into_iter().enumerate().take(end).rev() {
            if self.threads.len() == self.limit {
                break;
            }
            if !matches!(transaction.body, Transaction::Thread { .. }) {
                continue;
            }
            let actual_fee = FeePayment::fri(transaction.receipt.actual_fee);
            let found = InBlock { place, index, transaction, open: open.cloned() };
            let thread = FoundThread::in_block(self.context, found)?;
            self.threads.push(Summary::new(&thread, place, index, timestamp, actual_fee));
        }
        Ok(())
    }
}

impl Summary {
    fn new(
        thread: &FoundThread,
        place: BlockPlace,
        index: usize,
        timestamp: u64,
        actual_fee: FeePayment,
    ) -> Self {
        let error = thread.error();
        Self {
            transaction_hash: thread.hash.0,
            status: thread.status(),
            block_hash: place.hash.map(|hash| hash.0),
            block_number: place.number.0,
            transaction_index: index,
            timestamp,
            submitter: *thread.submitter.0.key(),
            os_program_hash: thread.facts.os_program_hash.0,
            package_digest: thread.facts.package_digest.0,
            package_bytes: thread.package_bytes,
            proof_bytes: thread.summary.proof_bytes(),
            verify_micros: thread.outcome.as_ref().and_then(|outcome| outcome.verify_micros),
            segments: thread.summary.segments.len(),
            settled_segments: thread.outcome.as_ref().map_or(0, ThreadOutcome::settled),
            inner_transactions: thread.summary.inner_transactions(),
            actual_fee,
            error: error.as_ref().map(CheckOut::from),
            conflicts: error.as_ref().map(conflicts).unwrap_or_default(),
        }
    }
}

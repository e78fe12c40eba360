//! A pool that makes one block per transaction at once, unless it is told to hold them. What it holds is received,
//! then chosen, then executed in an open block, then in a block: as far as a test says.

use std::collections::BTreeMap;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use jsonrpsee::core::async_trait;
use starknet_api::block::BlockTimestamp;
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::transaction::{Event, InvokeTransactionV3, TransactionHash};
use zkthreads_execution::{Executor, OpenBlock, PendingTransaction, Refusal, Submission};
use zkthreads_protocol::{L1Message, Package, SettleError, ThreadFacts, Transaction};
use zkthreads_rpc_api::{ChainEvent, ChainFeed, PoolStatus, SubmitError, TransactionSink};
use zkthreads_storage::{SettledInner, ThreadOutcome};

use crate::chain::GENESIS_TIME;

pub(crate) struct Pool {
    pub(crate) executor: Executor,
    pub(crate) feed: ChainFeed,
    holds: AtomicBool,
    chosen: AtomicBool,
    /// In order of arrival.
    held: Mutex<Vec<PendingTransaction>>,
    open: Mutex<Option<OpenBlock>>,
    rejected: Mutex<BTreeMap<TransactionHash, String>>,
    /// Why no more transactions are taken, if so.
    pub(crate) closed: Mutex<Option<String>>,
}

impl Pool {
    pub(crate) fn new(executor: Executor, feed: ChainFeed) -> Self {
        Self {
            executor,
            feed,
            holds: false.into(),
            chosen: false.into(),
            held: Mutex::default(),
            open: Mutex::default(),
            rejected: Mutex::default(),
            closed: Mutex::default(),
        }
    }

    /// From now on, keeps transactions.
    pub(crate) fn hold(&self) {
        self.holds.store(true, Ordering::SeqCst);
    }

    /// What it keeps is chosen for the open block from now on.
    pub(crate) fn choose(&self) {
        self.chosen.store(true, Ordering::SeqCst);
    }

    /// Keeps a transaction, whatever it kept of others.
    pub(crate) fn put(&self, transaction: PendingTransaction) {
        self.held.lock().unwrap().push(transaction);
    }

    /// Executes what it kept in an open block, for all to see.
    pub(crate) fn execute(&self) {
        let mut open = self.open.lock().unwrap();
        let block = open.get_or_insert_with(|| self.open_block());
        for transaction in std::mem::take(&mut *self.held.lock().unwrap()) {
            let hash = transaction.hash;
            if let Err(Refusal::Rejected { reason }) = block.execute(transaction) {
                self.rejected.lock().unwrap().insert(hash, reason.to_string());
                continue;
            }
            let shown = block.pre_confirmed();
            let (number, index) = (shown.number(), shown.len() - 1);
            let transaction = shown.transaction(index).unwrap().clone();
            self.feed.set_pre_confirmed(Some(shown));
            self.feed.publish(ChainEvent::PreConfirmed { number, index, transaction });
        }
        self.feed.set_pre_confirmed(Some(block.pre_confirmed()));
    }

    /// Makes a block of what it kept, and keeps nothing from now on.
    pub(crate) fn release(&self) {
        self.holds.store(false, Ordering::SeqCst);
        self.chosen.store(false, Ordering::SeqCst);
        self.execute();
        let block = self.open.lock().unwrap().take().unwrap();
        let header = self.executor.commit(block.seal().unwrap()).unwrap();
        self.feed.set_pre_confirmed(None);
        let number = header.block_header_without_hash.block_number;
        self.feed.publish(ChainEvent::Block(number, header.block_hash));
    }

    /// Takes a message from L1.
    pub(crate) fn deliver(&self, message: L1Message) -> TransactionHash {
        let transaction = self.executor.prepare(Submission::L1Handler(message), false).unwrap();
        self.take(transaction).unwrap()
    }

    /// Makes a block in which a thread settles, as if there were a proof of it: the submitter's transaction is an
    /// ordinary one that does nothing, and is called a thread's afterwards.
    pub(crate) fn settle(
        &self,
        nothing: InvokeTransactionV3,
        envelope: InvokeTransactionV3,
        hash: TransactionHash,
        bytes: &[u8],
    ) {
        let segments = Package::decode(bytes).unwrap().segments.len();
        self.settle_first(segments, nothing, envelope, hash, bytes);
    }

    /// The same, but that only the first `settled` segments do: the next one is in conflict.
    pub(crate) fn settle_first(
        &self,
        settled: usize,
        nothing: InvokeTransactionV3,
        envelope: InvokeTransactionV3,
        hash: TransactionHash,
        bytes: &[u8],
    ) {
        let whole = Package::decode(bytes).unwrap();
        let segments = whole.segments.len();
        let package = whole.contents(settled);
        let failed = (settled < segments).then_some(settled as u32);
        let mut block = self.open_block();
        block.execute(self.executor.prepare(Submission::Invoke(nothing), false).unwrap()).unwrap();
        let mut commit = block.seal().unwrap().commit;
        let facts = ThreadFacts::try_from(&envelope.proof_facts).unwrap();
        let transaction = &mut commit.transactions[0];
        transaction.hash = hash;
        transaction.body = Transaction::Thread { envelope, facts };
        transaction.receipt.thread = Some(ThreadOutcome {
            error: failed.map(|_| SettleError::Conflicts(Vec::new())),
            failed_segment: failed,
            segments: segments as u32,
            settled_segments: settled as u32,
            package_bytes: bytes.len() as u64,
            verify_micros: Some(1),
        });
        let inner_events = package
            .events()
            .map(|(_, event)| Event { from_address: event.from_address, content: event.content.clone() });
        transaction.receipt.events.splice(0..0, inner_events);
        commit.packages = vec![(facts.package_digest, Arc::new(whole))];
        commit.settled = vec![(0, SettledInner::of(0, &package.segments))];
        let made = (commit.header.block_header_without_hash.block_number, commit.header.block_hash);
        self.executor.storage().commit(commit).unwrap();
        self.feed.publish(ChainEvent::Block(made.0, made.1));
    }

    fn open_block(&self) -> OpenBlock {
        let env = self.executor.config().block_env(BlockTimestamp(GENESIS_TIME + 1));
        self.executor.open_block(env).unwrap()
    }

    fn take(&self, transaction: PendingTransaction) -> Result<TransactionHash, SubmitError> {
        let (hash, account, nonce) = (transaction.hash, transaction.sender(), transaction.nonce());
        {
            let mut held = self.held.lock().unwrap();
            if held.iter().any(|other| other.hash == hash) {
                return Err(SubmitError::Duplicate);
            }
            if held.iter().any(|other| (other.sender(), other.nonce()) == (account, nonce)) {
                return Err(SubmitError::ReplacementUnderpriced { account, nonce });
            }
            self.feed.received(&transaction);
            held.push(transaction);
        }
        if !self.holds.load(Ordering::SeqCst) {
            self.release();
        }
        Ok(hash)
    }
}

#[async_trait]
impl TransactionSink for Pool {
    async fn submit(&self, transaction: PendingTransaction) -> Result<TransactionHash, SubmitError> {
        self.take(transaction)
    }

    fn status(&self, hash: TransactionHash) -> Option<PoolStatus> {
        if self.pending(hash).is_some() {
            let chosen = self.chosen.load(Ordering::SeqCst);
            return Some(if chosen { PoolStatus::Candidate } else { PoolStatus::Received });
        }
        let reason = self.rejected.lock().unwrap().get(&hash).cloned()?;
        Some(PoolStatus::Rejected { reason })
    }

    fn pending(&self, hash: TransactionHash) -> Option<PendingTransaction> {
        self.held.lock().unwrap().iter().find(|transaction| transaction.hash == hash).cloned()
    }

    fn pending_nonce(&self, account: ContractAddress) -> Option<Nonce> {
        let held = self.held.lock().unwrap();
        let nonces = held.iter().filter(|transaction| transaction.sender() == account);
        nonces.map(|transaction| Nonce(transaction.nonce().0 + 1)).max()
    }

    fn refuses(&self) -> Option<String> {
        self.closed.lock().unwrap().clone()
    }
}

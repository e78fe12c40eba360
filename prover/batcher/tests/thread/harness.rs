//! A thread with all that is around it.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use starknet_api::abi::abi_utils::get_fee_token_var_address;
use starknet_api::block::BlockNumber;
use starknet_api::core::{ChainId, ContractAddress};
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use zkthreads_batcher::thread::{
    Bundle, Forward, Job, NodeHealth, Stopped, Thread, ThreadConfig, ThreadHandle, ThreadParts,
};
use zkthreads_execution::{ChainConfig, Executor, RuleLines, ThreadRules};
use zkthreads_protocol::InnerTransaction;
use zkthreads_rpc_api::thread::{SubBlockStage, SubBlockStatus, ThreadControl, ThreadStatus};
use zkthreads_rpc_api::{ChainFeed, InnerRefusal, PoolStatus};
use zkthreads_storage::{ExecutionStatus, FollowedBlock, JournalOwner, Storage, ThreadJournal};
use zkthreads_workers::Proven;

use super::node::{self, Item};
use crate::support::chain::config;
use crate::support::{TestChain, User, address, strk, transfer};

/// How long a test that hangs is let go on.
const PATIENCE: Duration = Duration::from_secs(300);

/// A thread over a followed chain.
pub(crate) struct Harness {
    pub(crate) users: Vec<User>,
    pub(crate) executor: Executor,
    pub(crate) feed: ChainFeed,
    pub(crate) handle: ThreadHandle,
    thread: Option<JoinHandle<()>>,
    config: ThreadConfig,
    runtime: Runtime,
    directory: TempDir,
    /// Makes hashes differ.
    salt: u64,
    /// Seconds from a block to the next.
    pub(crate) block_time: u64,
    /// What the node holds until its time comes.
    held: Vec<Item>,
}

/// Where a transaction is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    PreConfirmed,
    Reverted,
    Received,
    Rejected(String),
    Settled,
    OnChain,
    Unknown,
}

pub(crate) fn submitter() -> ContractAddress {
    address(0x5b_u64)
}

impl Harness {
    /// A thread with `users`, whose sub-blocks hold two transactions unless `change` says otherwise.
    pub(crate) fn new(users: u64, change: impl FnOnce(&mut ThreadConfig)) -> Self {
        Self::with_lag(users, 600, change)
    }

    /// The same on a chain that allows no other lag.
    pub(crate) fn with_lag(users: u64, max_lag: u64, change: impl FnOnce(&mut ThreadConfig)) -> Self {
        let thread_rules = RuleLines::always(ThreadRules::new(20, max_lag));
        let chain = TestChain::with_config(ChainConfig { thread_rules, ..config() }, users, |_| {});
        let directory = tempfile::tempdir().expect("a directory");
        let storage = open_storage(directory.path());
        storage.follow(node::genesis(&chain.executor)).expect("follows");
        let mut config = ThreadConfig::new("http://node".to_owned(), submitter());
        config.max_transactions = 2;
        config.max_age = Duration::from_secs(3_600);
        config.hot_quiet = Duration::ZERO;
        change(&mut config);
        let executor = Executor::new(storage, chain.executor.config().clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let feed = ChainFeed::default();
        let (handle, thread) = start(&executor, &feed, &config, directory.path());
        Self {
            users: chain.users,
            executor,
            feed,
            handle,
            thread: Some(thread),
            config,
            runtime,
            directory,
            salt: 0,
            block_time: 1,
            held: vec![],
        }
    }

    /// Ends the thread, and starts it again on the same directory.
    pub(crate) fn restart(self) -> Self {
        self.restart_with(|_| {})
    }

    /// The same with another configuration.
    pub(crate) fn restart_with(self, change: impl FnOnce(&mut ThreadConfig)) -> Self {
        let Self {
            users,
            executor,
            handle,
            thread,
            mut config,
            runtime,
            directory,
            salt,
            block_time,
            held,
            ..
        } = self;
        change(&mut config);
        handle.stop();
        thread.expect("it runs").join().expect("it ends");
        let chain = executor.config().clone();
        drop((executor, handle));
        let executor = Executor::new(open_storage(directory.path()), chain);
        let feed = ChainFeed::default();
        let (handle, thread) = start(&executor, &feed, &config, directory.path());
        let thread = Some(thread);
        Self { users, executor, feed, handle, thread, config, runtime, directory, salt, block_time, held }
    }

    /// A signed transfer of STRK between users.
    pub(crate) fn transfer(&mut self, from: usize, to: usize, amount: u128) -> InnerTransaction {
        let to = self.users[to].address;
        self.users[from].inner(&[transfer(strk(), to, amount)])
    }

    pub(crate) fn hash(&self, transaction: &InnerTransaction) -> TransactionHash {
        transaction.hash(&self.executor.config().chain_id).expect("hashes")
    }

    pub(crate) fn submit(&self, transaction: &InnerTransaction) -> Result<TransactionHash, InnerRefusal> {
        self.handle.submit(transaction.clone())
    }

    /// Sends a transfer that is taken.
    pub(crate) fn send(&mut self, from: usize, to: usize, amount: u128) -> TransactionHash {
        let transaction = self.transfer(from, to, amount);
        self.submit(&transaction).expect("taken")
    }

    /// The node makes a block, and the thread follows.
    pub(crate) fn block(&mut self, items: &[Item]) {
        let block = self.make_block(items);
        self.runtime.block_on(self.handle.follow(block)).expect("followed");
    }

    /// The same, and the thread hears nothing of it.
    pub(crate) fn block_unheard(&mut self, items: &[Item]) {
        let block = self.make_block(items);
        self.executor.storage().follow(block).expect("followed");
    }

    /// What is held comes first; if nothing may see an earlier time than what comes before it, all threads do.
    fn make_block(&mut self, items: &[Item]) -> FollowedBlock {
        self.salt += 1;
        let number = self.handle.head().0;
        let is_strict = self.executor.config().thread_rules.at(number).is_strict();
        let mut all = std::mem::take(&mut self.held);
        all.sort_by_key(Item::due);
        all.extend_from_slice(items);
        if is_strict {
            all.sort_by_key(|item| item.due().map_or(u64::MAX, |due| due.0));
        }
        let (block, held) = node::block(&self.executor, self.salt, self.block_time, &all);
        self.held = held;
        block
    }

    pub(crate) fn revert_to(&mut self, number: u64) {
        self.runtime.block_on(self.handle.revert_to(BlockNumber(number))).expect("reverted");
    }

    /// Somebody else sets a user's balance on the chain.
    pub(crate) fn set_balance(&self, user: usize, balance: u128) -> Item {
        Item::Write(strk(), get_fee_token_var_address(self.users[user].address), balance.into())
    }

    /// What the sequencer hands out to whoever asks now, if there is anything: it has seen to the question, and answered
    /// or not, once it has seen to all that was sent.
    fn handed_out<T>(&self, asked: impl Future<Output = Result<T, Stopped>>) -> Option<T> {
        let mut asked = pin!(asked);
        let mut look = || asked.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        // Asks.
        if let Poll::Ready(answer) = look() {
            return answer.ok();
        }
        self.status();
        match look() {
            Poll::Ready(answer) => answer.ok(),
            Poll::Pending => None,
        }
    }

    /// The next job, if there is one.
    pub(crate) fn job(&self) -> Option<Job> {
        self.has(SubBlockStage::Closed)?;
        self.handed_out(self.handle.take_job())
    }

    /// The next job, also one that is not there before somebody asks for it.
    pub(crate) fn awaited_job(&self) -> Job {
        let job = self.runtime.block_on(async { timeout(PATIENCE, self.handle.take_job()).await });
        job.expect("a job in time").expect("a running thread")
    }

    /// Proves a job.
    pub(crate) fn prove(&self, job: &Job) {
        let proven = Proven { proof: b"not a proof".to_vec(), steps: 1 };
        self.handle.proved(job.id, job.attempt, Ok(proven));
    }

    /// Proves all there is to prove; how much that was.
    pub(crate) fn prove_all(&self) -> usize {
        std::iter::from_fn(|| self.job()).inspect(|job| self.prove(job)).count()
    }

    /// Whether the job has ended by itself, after all that was sent.
    pub(crate) fn is_cancelled(&self, job: &Job) -> bool {
        self.status();
        pin!(job.cancelled()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    pub(crate) fn bundle(&self) -> Option<Bundle> {
        self.has(SubBlockStage::Proven)?;
        self.handed_out(self.handle.take_bundle())
    }

    /// The next bundle, also one that is not to be sent yet.
    pub(crate) fn awaited_bundle(&self) -> Bundle {
        let bundle = self.runtime.block_on(async { timeout(PATIENCE, self.handle.take_bundle()).await });
        bundle.expect("a bundle in time").expect("a running thread")
    }

    /// Whether a sub-block with transactions is to be proven.
    pub(crate) fn has_unproven(&self) -> bool {
        let is_unproven = |stage| matches!(stage, SubBlockStage::Open | SubBlockStage::Closed);
        self.status().sub_blocks.iter().any(|it| it.transactions > 0 && is_unproven(it.stage))
    }

    /// Whether a sub-block is at this stage.
    fn has(&self, stage: SubBlockStage) -> Option<()> {
        self.status().sub_blocks.iter().any(|sub_block| sub_block.stage == stage).then_some(())
    }

    /// Records that a bundle is sent; what the node gets.
    pub(crate) fn submitting(&mut self, bundle: &Bundle) -> Option<Item> {
        self.salt += 1;
        let hash = TransactionHash(Felt::from(0x7_0000_0000 + self.salt));
        let nonce = starknet_api::core::Nonce(self.salt.into());
        let may = self.runtime.block_on(self.handle.submitting(bundle, hash, nonce)).expect("it runs");
        may.then(|| Item::Thread(hash, bundle.package.clone()))
    }

    /// Sends the next bundle; what the node gets.
    pub(crate) fn send_bundle(&mut self) -> Option<Item> {
        let bundle = self.bundle()?;
        self.submitting(&bundle)
    }

    pub(crate) fn forward(&self) -> Option<Forward> {
        self.handed_out(self.handle.take_forward())
    }

    pub(crate) fn in_flight(&self) -> Vec<zkthreads_batcher::thread::InFlight> {
        self.runtime.block_on(self.handle.in_flight()).expect("it runs").expect("it goes on")
    }

    /// The status, once all that was sent before is seen to and told.
    pub(crate) fn status(&self) -> ThreadStatus {
        let mark = NodeHealth::Away { reason: "a mark".to_owned() };
        self.handle.node_is(mark);
        self.until("the mark", |status| !status.node.reachable);
        self.handle.node_is(NodeHealth::Reachable);
        self.until("no mark", |status| status.node.reachable)
    }

    /// Waits until the status is as wanted.
    pub(crate) fn until(&self, what: &str, is: impl Fn(&ThreadStatus) -> bool) -> ThreadStatus {
        let start = Instant::now();
        loop {
            let status = self.handle.status();
            if is(&status) {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "never: {what}: {status:#?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The sub-blocks that are not settled and not empty.
    pub(crate) fn unsettled(&self) -> Vec<SubBlockStatus> {
        let all = self.status().sub_blocks.into_iter();
        all.filter(|it| it.stage != SubBlockStage::Settled && it.transactions > 0).collect()
    }

    pub(crate) fn fate(&self, hash: TransactionHash) -> Fate {
        let storage = self.executor.storage();
        if storage.inner_place(hash).expect("reads").is_some() {
            return Fate::Settled;
        }
        if storage.transaction(hash).expect("reads").is_some() {
            return Fate::OnChain;
        }
        if let Some((_, executed)) = self.feed.pre_confirmed().expect("a block").find(hash) {
            return match executed.transaction.receipt.status {
                ExecutionStatus::Succeeded => Fate::PreConfirmed,
                ExecutionStatus::Reverted { .. } => Fate::Reverted,
            };
        }
        match ThreadControl::pool_status(&self.handle, hash) {
            Some(PoolStatus::Received | PoolStatus::Candidate) => Fate::Received,
            Some(PoolStatus::Rejected { reason }) => Fate::Rejected(reason),
            None => Fate::Unknown,
        }
    }

    /// A user's balance with all that is not settled.
    pub(crate) fn balance(&self, user: usize) -> u128 {
        let block = self.feed.pre_confirmed().expect("a block");
        let key = get_fee_token_var_address(self.users[user].address);
        let balance = block.state().storage(strk(), key).expect("reads");
        u128::try_from(balance).expect("128 bits")
    }

    /// How many transactions the pre-confirmed block has.
    pub(crate) fn shown(&self) -> Vec<TransactionHash> {
        let block = self.feed.pre_confirmed().expect("a block");
        block.transactions().map(|executed| executed.transaction.hash).collect()
    }
}

fn open_storage(directory: &Path) -> Storage {
    Storage::open_following(&directory.join("chain"), None).expect("a database")
}

fn start(
    executor: &Executor,
    feed: &ChainFeed,
    config: &ThreadConfig,
    directory: &Path,
) -> (ThreadHandle, JoinHandle<()>) {
    let owner = JournalOwner {
        chain_id: ChainId::from(executor.config().chain_id.to_string()),
        submitter: config.submitter,
    };
    let parts = ThreadParts {
        executor: executor.clone(),
        journal: ThreadJournal::open(&directory.join("journal"), &owner).expect("a journal"),
        feed: feed.clone(),
        provers: Arc::new(Vec::new),
        config: config.clone(),
    };
    Thread::start(parts).expect("starts")
}

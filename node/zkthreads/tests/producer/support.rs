//! A block producer on a devnet's chain, without RPC.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use starknet_api::block::{BlockHeader, BlockNumber, BlockTimestamp, GasPrice};
use starknet_api::core::{ChainId, ContractAddress, Nonce};
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::TransactionHash;
use starknet_api::transaction::fields::{AllResourceBounds, ResourceBounds};
use tempfile::TempDir;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;
use zkthreads_client::{Account, Call};
use zkthreads_execution::query::at::StateAt;
use zkthreads_execution::{Executor, PreConfirmed, Submission};
use zkthreads_genesis::accounts::{PredeployedAccount, derive};
use zkthreads_genesis::chain_config;
use zkthreads_genesis::constants::STRK_ADDRESS;
use zkthreads_genesis::state::devnet_state;
use zkthreads_mempool::{Mempool, MempoolLimits};
use zkthreads_producer::{BlockMode, Producer, ProducerConfig, ProducerError, ProducerHandle};
use zkthreads_program::os_program;
use zkthreads_protocol::{BaseBlock, PackageDigest, ThreadFacts};
use zkthreads_rpc_api::{ChainEvent, ChainFeed, TransactionSink};
use zkthreads_storage::Storage;
use zkthreads_sub_block::SubBlockContext;

/// The genesis block's timestamp, long ago.
pub(crate) const GENESIS: BlockTimestamp = BlockTimestamp(1_700_000_000);

/// How long a test that hangs is let go on.
const TIMEOUT: Duration = Duration::from_secs(300);

/// A mode whose blocks never come by themselves within a test.
pub(crate) const HOURLY: BlockMode = BlockMode::Interval(Duration::from_secs(3_600));

pub(crate) struct Running {
    pub(crate) executor: Executor,
    pub(crate) mempool: Arc<Mempool>,
    pub(crate) feed: ChainFeed,
    pub(crate) producer: ProducerHandle,
    pub(crate) accounts: Vec<PredeployedAccount>,
    events: Receiver<ChainEvent>,
    thread: JoinHandle<Result<(), ProducerError>>,
}

impl Running {
    /// A new chain in a directory of its own.
    pub(crate) fn new(mode: BlockMode) -> Result<(Self, TempDir)> {
        let directory = tempfile::tempdir()?;
        let running =
            Self::open(directory.path(), ProducerConfig { mode, start_time: None, state_history: None })?;
        Ok((running, directory))
    }

    /// The chain in `directory`, begun if need be.
    pub(crate) fn open(directory: &Path, config: ProducerConfig) -> Result<Self> {
        let accounts = derive(0, 3)?;
        let executor = Executor::new(Storage::open(directory)?, chain_config(ChainId::Sepolia)?);
        if executor.storage().latest()?.is_none() {
            let balance = 1_000_000_000_000_000_000_000;
            executor.commit_genesis(devnet_state(
                &accounts,
                &balance.into(),
                &Default::default(),
                GENESIS,
            )?)?;
        }
        let feed = ChainFeed::default();
        let events = feed.subscribe();
        let mempool = Mempool::new(executor.clone(), MempoolLimits::default(), feed.clone());
        mempool.restore()?;
        let producer = Producer::new(executor.clone(), Arc::clone(&mempool), feed.clone(), config);
        let handle = producer.handle();
        let thread = std::thread::spawn(|| producer.run());
        let running = Self { executor, mempool, feed, producer: handle, accounts, events, thread };
        running.until("the first open block", |running| running.feed.pre_confirmed())?;
        Ok(running)
    }

    /// Ends production; the chain's database can be opened again then.
    pub(crate) fn stop(self) -> Result<Result<(), ProducerError>> {
        self.mempool.close("the test is over");
        self.thread.join().ok().context("the producer panicked")
    }

    /// Sends a transfer of one account to another, signed for this nonce.
    pub(crate) fn transfer(&self, from: usize, nonce: u64) -> Result<TransactionHash> {
        let to = self.accounts[(from + 1) % self.accounts.len()];
        let call = Call::transfer(STRK_ADDRESS.try_into()?, to.address, 1);
        let nonce = Nonce(nonce.into());
        let bounds = Account::inner_bounds();
        let tx = self.account(from).invoke(std::slice::from_ref(&call), nonce, bounds, None)?;
        self.send(Submission::Invoke(tx))
    }

    /// Sends an account's first transaction, a thread without a proof to speak of: another account's transfer, executed over the
    /// first block at `time`.
    pub(crate) fn thread(&self, from: usize, time: BlockTimestamp) -> Result<TransactionHash> {
        let user = (from + 1) % self.accounts.len();
        let call = Call::transfer(STRK_ADDRESS.try_into()?, self.accounts[from].address, 1);
        let inner = self.account(user).inner(&[call], Nonce::default(), Account::inner_bounds())?;
        let header = self.header(0)?.block_header_without_hash;
        let base_block =
            BaseBlock { number: header.block_number, timestamp: time, sequencer: header.sequencer.0 };
        let context = SubBlockContext::new(ChainId::Sepolia, base_block, ContractAddress::default());
        let state = self.executor.state(&StateAt::Block(header.block_number));
        let package =
            zkthreads_sub_block::execute(state, &context, vec![inner])?.into_package(b"no proof".to_vec());
        let package = package.encode();
        let facts =
            ThreadFacts { os_program_hash: os_program().hash(), package_digest: PackageDigest::of(&package) };
        let bound = |amount| ResourceBounds {
            max_amount: GasAmount(amount),
            max_price_per_unit: GasPrice(100_000_000_000),
        };
        let bounds =
            AllResourceBounds { l1_gas: bound(0), l2_gas: bound(200_000_000), l1_data_gas: bound(100_000) };
        let envelope = self.account(from).invoke(&[], Nonce::default(), bounds, Some(facts))?;
        self.send(Submission::Thread { envelope, package })
    }

    fn account(&self, index: usize) -> Account {
        let account = self.accounts[index];
        Account::new(account.address, account.private_key, ChainId::Sepolia)
    }

    fn send(&self, submission: Submission) -> Result<TransactionHash> {
        let transaction = self.executor.admit_at(&self.open_block()?.into(), submission)?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        Ok(runtime.block_on(self.mempool.submit(transaction))?)
    }

    pub(crate) fn open_block(&self) -> Result<PreConfirmed> {
        self.feed.pre_confirmed().context("no block is open")
    }

    /// Waits until the open block holds a transaction.
    pub(crate) fn until_executed(&self, hash: TransactionHash) -> Result<PreConfirmed> {
        let holds = |running: &Self| running.feed.pre_confirmed().filter(|block| block.find(hash).is_some());
        self.until("the transaction in the open block", holds)
    }

    /// Waits until a stored block holds a transaction.
    pub(crate) fn until_stored(&self, hash: TransactionHash) -> Result<BlockNumber> {
        let stored = |running: &Self| running.executor.storage().transaction(hash).ok().flatten();
        Ok(self.until("the transaction in a block", stored)?.0)
    }

    /// Waits until `look` finds something.
    pub(crate) fn until<T>(&self, what: &str, look: impl Fn(&Self) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            if let Some(found) = look(self) {
                return Ok(found);
            }
            if Instant::now() > deadline {
                bail!("waited in vain for {what}");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn header(&self, number: u64) -> Result<BlockHeader> {
        self.executor.storage().header(BlockNumber(number))?.context("a block")
    }

    pub(crate) fn latest(&self) -> Result<u64> {
        Ok(self.executor.storage().latest()?.context("a block")?.0)
    }

    pub(crate) fn timestamp(&self, number: u64) -> Result<u64> {
        Ok(self.header(number)?.block_header_without_hash.timestamp.0)
    }

    /// What happened since this was last asked.
    pub(crate) fn events(&mut self) -> Result<Vec<ChainEvent>> {
        let mut events = Vec::new();
        loop {
            match self.events.try_recv() {
                Ok(event) => events.push(event),
                Err(TryRecvError::Empty) => return Ok(events),
                Err(error) => bail!("{error}"),
            }
        }
    }
}

//! A devnet's chain, with a pool and the simplest of block producers.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use starknet_api::block::{BlockTimestamp, GasPrice};
use starknet_api::core::{ChainId, ContractAddress, Nonce};
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::fields::{AllResourceBounds, ResourceBounds, Tip};
use starknet_api::transaction::{InvokeTransactionV3, TransactionHash};
use starknet_types_core::felt::Felt;
use zkthreads_client::{Account, Call};
use zkthreads_execution::query::at::StateAt;
use zkthreads_execution::{Executor, OpenBlock, PendingTransaction, Submission};
use zkthreads_genesis::accounts::derive;
use zkthreads_genesis::constants::STRK_ADDRESS;
use zkthreads_genesis::{chain_config, state};
use zkthreads_mempool::{Mempool, MempoolLimits};
use zkthreads_program::os_program;
use zkthreads_protocol::{BaseBlock, Package, PackageDigest, ThreadFacts};
use zkthreads_rpc_api::{ChainFeed, SubmitError, TransactionSink};
use zkthreads_storage::{Receipt, Storage};
use zkthreads_sub_block::SubBlockContext;

/// How long a test that hangs is let go on.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(300);

/// A chain in a directory, and its pool.
pub(crate) struct Chain {
    pub(crate) executor: Executor,
    pub(crate) mempool: Arc<Mempool>,
    pub(crate) feed: ChainFeed,
    /// What the pool's clock shows, seconds.
    pub(crate) now: Arc<AtomicU64>,
    woken: Receiver<()>,
}

/// An account that signs.
#[derive(Clone)]
pub(crate) struct User {
    account: Account,
    pub(crate) nonce: u64,
    pub(crate) tip: u64,
}

impl Chain {
    /// Opens or begins the chain in `directory`, at `now`. The pool is empty.
    pub(crate) fn open(directory: &Path, limits: MempoolLimits, now: u64) -> Self {
        let storage = Storage::open(directory).unwrap();
        let executor = Executor::new(storage, chain_config(ChainId::Sepolia).unwrap());
        if executor.storage().latest().unwrap().is_none() {
            let accounts = derive(0, 8).unwrap();
            let state = state::devnet_state(
                &accounts,
                &(1 << 80).into(),
                &Default::default(),
                BlockTimestamp(1_700_000_000),
            )
            .unwrap();
            executor.commit_genesis(state).unwrap();
        }
        let (feed, now) = (ChainFeed::default(), Arc::new(AtomicU64::new(now)));
        let clock = Arc::clone(&now);
        let clock = Box::new(move || clock.load(Ordering::Relaxed));
        let mempool = Mempool::with_clock(executor.clone(), limits, feed.clone(), clock);
        let (wake, woken) = channel();
        mempool.set_waker(move || {
            let _ = wake.send(());
        });
        let this = Self { executor, mempool, feed, now, woken };
        drop(this.open_block());
        this
    }

    /// As after `kill -9`: nobody has told the pool anything.
    pub(crate) fn reopen(self, directory: &Path) -> Self {
        let now = self.now.load(Ordering::Relaxed);
        let storage = self.executor.storage().clone();
        drop(self);
        // A worker may be at a last verdict.
        while !storage.is_last_handle() {
            std::thread::yield_now();
        }
        drop(storage);
        Self::open(directory, MempoolLimits::default(), now)
    }

    pub(crate) fn admit(&self, submission: Submission) -> PendingTransaction {
        self.executor.admit(submission).unwrap()
    }

    pub(crate) async fn submit(&self, submission: Submission) -> Result<TransactionHash, SubmitError> {
        self.mempool.submit(self.admit(submission)).await
    }

    /// Hashes in the journal, in the order of arrival.
    pub(crate) fn journal(&self) -> Vec<TransactionHash> {
        self.executor.storage().pool().unwrap().into_iter().map(|row| row.hash).collect()
    }

    /// The next executable transaction, waited for.
    pub(crate) fn take(&self) -> PendingTransaction {
        loop {
            match self.mempool.take() {
                Some(transaction) => return transaction,
                None => self.woken.recv_timeout(TIMEOUT).expect("something becomes executable"),
            }
        }
    }

    /// A block as early as one may be.
    pub(crate) fn open_block(&self) -> OpenBlock {
        self.open_block_at(BlockTimestamp(0))
    }

    pub(crate) fn open_block_at(&self, time: BlockTimestamp) -> OpenBlock {
        let block = self.executor.open_block(self.executor.config().block_env(time)).unwrap();
        self.mempool.block_opened(block.number(), block.env().timestamp);
        block
    }

    /// Seals and commits a block; gives the accounts whose nonces it changed. The pool is not told.
    pub(crate) fn commit(&self, block: OpenBlock) -> Vec<ContractAddress> {
        let sealed = block.seal().unwrap();
        let changed = sealed.state_diff().nonces.keys().copied().collect();
        self.executor.commit(sealed).unwrap();
        changed
    }

    /// A block of the next `count` executable transactions, each waited for.
    pub(crate) fn block(&self, count: usize) -> Vec<(TransactionHash, Receipt)> {
        let mut block = self.open_block();
        let executed = (0..count).map(|_| {
            let executed = block.execute(self.take()).unwrap();
            (executed.transaction.hash, executed.transaction.receipt.clone())
        });
        let executed = executed.collect();
        let changed = self.commit(block);
        self.mempool.block_committed(&changed).unwrap();
        executed
    }

    /// The package of a sub-block in which `user` makes its next transfer, with these bytes for a proof.
    pub(crate) fn package(&self, user: &User, proof: &[u8]) -> Package {
        self.package_in(user, proof, 0)
    }

    /// The same at a time that comes so many seconds after the latest block's.
    pub(crate) fn package_in(&self, user: &User, proof: &[u8], seconds: u64) -> Package {
        let header = self.executor.latest_header().unwrap().block_header_without_hash;
        let base_block = BaseBlock {
            number: header.block_number,
            timestamp: BlockTimestamp(header.timestamp.0 + seconds),
            sequencer: header.sequencer.0,
        };
        let context = SubBlockContext::new(ChainId::Sepolia, base_block, ContractAddress::default());
        let inner =
            user.account.inner(&[transfer(0xbeef)], nonce(user.nonce), Account::inner_bounds()).unwrap();
        let state = self.executor.state(&StateAt::Block(header.block_number));
        zkthreads_sub_block::execute(state, &context, vec![inner]).unwrap().into_package(proof.to_vec())
    }
}

impl User {
    pub(crate) fn new(index: usize) -> Self {
        let account = derive(0, 8).unwrap()[index];
        let account = Account::new(account.address, account.private_key, ChainId::Sepolia);
        Self { account, nonce: 0, tip: 0 }
    }

    pub(crate) fn address(&self) -> ContractAddress {
        self.account.address
    }

    /// The same, `by` nonces ahead.
    pub(crate) fn ahead(&self, by: u64) -> Self {
        Self { nonce: self.nonce + by, ..self.clone() }
    }

    pub(crate) fn with_tip(&self, tip: u64) -> Self {
        Self { tip, ..self.clone() }
    }

    /// A transfer.
    pub(crate) fn transfer(&self) -> Submission {
        Submission::Invoke(self.invoke(&[transfer(0xdead)], None))
    }

    /// A thread transaction.
    pub(crate) fn thread(&self, package: &Package) -> Submission {
        let package = package.encode();
        let facts =
            ThreadFacts { os_program_hash: os_program().hash(), package_digest: PackageDigest::of(&package) };
        Submission::Thread { envelope: self.invoke(&[], Some(facts)), package }
    }

    fn invoke(&self, calls: &[Call], facts: Option<ThreadFacts>) -> InvokeTransactionV3 {
        let bound = |amount| ResourceBounds {
            max_amount: GasAmount(amount),
            max_price_per_unit: GasPrice(100_000_000_000),
        };
        let bounds =
            AllResourceBounds { l1_gas: bound(0), l2_gas: bound(200_000_000), l1_data_gas: bound(100_000) };
        let mut invoke = self.account.invoke(calls, nonce(self.nonce), bounds, facts).unwrap();
        invoke.tip = Tip(self.tip);
        self.account.sign(&mut invoke).unwrap();
        invoke
    }
}

fn nonce(number: u64) -> Nonce {
    Nonce(Felt::from(number))
}

fn transfer(to: u64) -> Call {
    Call::transfer(STRK_ADDRESS.try_into().unwrap(), ContractAddress::from(to), 1)
}

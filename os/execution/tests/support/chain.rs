//! The chain itself.

use std::num::NonZeroU64;
use std::sync::Arc;

use blockifier::state::state_api::StateReader;
use starknet_api::abi::abi_utils::{get_fee_token_var_address, get_storage_var_address};
use starknet_api::block::{
    BlockHeader, BlockNumber, BlockTimestamp, GasPriceVector, GasPrices, NonzeroGasPrice,
};
use starknet_api::core::{ChainId, ContractAddress};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use tempfile::TempDir;
use zkthreads_execution::config::DEFAULT_BLOCK_FACTOR;
use zkthreads_execution::{
    ChainConfig, ChainState, ExecutedInBlock, Executor, GenesisState, OpenBlock, OsVersion,
    PendingTransaction, Refusal, RuleLines, SealedBlock, Submission, ThreadRules, TimeLimits,
};
use zkthreads_program::os_program;
use zkthreads_protocol::SettleError;
use zkthreads_storage::{ExecutionStatus, Receipt, Storage};

use super::echo::ECHO_PROGRAM;
use super::user::User;
use super::{INITIAL_BALANCE, class, eth, sequencer, strk};

/// Genesis time.
pub const GENESIS: BlockTimestamp = BlockTimestamp(1_700_000_000);

pub struct TestChain {
    pub executor: Executor,
    pub users: Vec<User>,
    directory: TempDir,
}

/// A committed block.
pub struct Sealed {
    pub header: BlockHeader,
    pub receipts: Vec<Receipt>,
}

impl TestChain {
    /// A chain with `users` funded accounts, at block 0.
    pub fn new(users: u64) -> Self {
        Self::extended(users, |_| {})
    }

    /// A chain whose genesis `change` extends.
    pub fn extended(users: u64, change: impl FnOnce(&mut GenesisState)) -> Self {
        Self::with_config(config(), users, change)
    }

    /// A chain whose blocks hold no more than Starknet's, with the greedy contract.
    pub fn with_small_blocks(users: u64) -> Self {
        let config = ChainConfig { block_factor: NonZeroU64::MIN, ..config() };
        Self::with_config(config, users, class::deploy_greedy)
    }

    pub fn with_config(config: ChainConfig, users: u64, change: impl FnOnce(&mut GenesisState)) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let storage = Storage::open(directory.path()).expect("a database");
        let users: Vec<User> = (0..users).map(|index| User::new(index, config.chain_id.clone())).collect();
        let executor = Executor::new(storage, config);
        let mut genesis = genesis(&users);
        change(&mut genesis);
        executor.commit_genesis(genesis).expect("genesis");
        Self { executor, users, directory }
    }

    /// Has it execute nothing for longer than that from now on.
    pub fn limit_time(&mut self, limits: TimeLimits) {
        let (storage, config) = (self.executor.storage().clone(), self.executor.config().clone());
        self.executor = Executor::with_time_limits(storage, config, limits);
    }

    pub fn state(&self) -> ChainState {
        let latest = self.executor.storage().latest().expect("reads").expect("a block");
        self.executor.state_after(latest)
    }

    pub fn balance(&self, token: ContractAddress, owner: ContractAddress) -> u128 {
        let balance = self.state().get_storage_at(token, get_fee_token_var_address(owner)).expect("reads");
        u128::try_from(balance).expect("128 bits")
    }

    pub fn nonce(&self, owner: ContractAddress) -> u64 {
        u64::try_from(self.state().get_nonce_at(owner).expect("reads").0).expect("64 bits")
    }

    /// The os program that the chain accepts.
    pub fn os_program_hash(&self) -> Felt {
        os_program().hash().0
    }

    /// Admits the submissions and puts them into one block.
    pub fn block(&self, submissions: Vec<Submission>) -> Sealed {
        let admitted: Vec<_> = submissions
            .into_iter()
            .map(|submission| self.executor.admit(submission).expect("admitted"))
            .collect();
        self.put(admitted)
    }

    /// Puts the submissions into one block, whatever the door says of them: what it looks at may have changed since.
    pub fn forced_block(&self, submissions: Vec<Submission>) -> Sealed {
        let prepared = submissions
            .into_iter()
            .map(|submission| self.executor.prepare(submission, false).expect("prepared"));
        self.put(prepared.collect())
    }

    /// Opens the next block.
    pub fn open(&self) -> OpenBlock {
        self.executor.open_block(self.executor.config().block_env(GENESIS)).expect("opens")
    }

    /// Opens the next block at another time than all others have.
    pub fn open_at(&self, timestamp: BlockTimestamp) -> OpenBlock {
        self.executor.open_block(self.executor.config().block_env(timestamp)).expect("opens")
    }

    /// Puts transactions into one block.
    pub fn put(&self, transactions: Vec<PendingTransaction>) -> Sealed {
        self.put_into(self.open(), transactions)
    }

    /// Puts transactions into an open block, and seals it.
    pub fn put_into(&self, mut open: OpenBlock, transactions: Vec<PendingTransaction>) -> Sealed {
        let executed: Vec<Arc<ExecutedInBlock>> = transactions
            .into_iter()
            .map(|transaction| open.execute(transaction).expect("executes"))
            .collect();
        let sealed = open.seal().expect("seals");
        self.commit(sealed, executed)
    }

    fn commit(&self, sealed: SealedBlock, executed: Vec<Arc<ExecutedInBlock>>) -> Sealed {
        let header = self.executor.commit(sealed).expect("commits");
        Sealed {
            header,
            receipts: executed.iter().map(|executed| executed.transaction.receipt.clone()).collect(),
        }
    }

    /// What a block of its own makes of a submission that is only prepared, not admitted.
    pub fn try_execute(&self, submission: Submission) -> Result<Arc<ExecutedInBlock>, Refusal> {
        let prepared = self.executor.prepare(submission, false).expect("prepared");
        self.open().execute(prepared)
    }

    /// Commits `count` empty blocks.
    pub fn advance(&self, count: u64) {
        for _ in 0..count {
            self.block(vec![]);
        }
    }

    /// Closes the database and opens it again.
    pub fn reopen(self) -> Self {
        let Self { executor, users, directory } = self;
        let config = executor.config().clone();
        drop(executor);
        let storage = Storage::open(directory.path()).expect("opens again");
        Self { executor: Executor::new(storage, config), users, directory }
    }
}

/// Whether the transaction took effect; panics with the reason if not.
pub fn assert_succeeded(receipt: &Receipt) {
    assert_eq!(receipt.status, ExecutionStatus::Succeeded);
}

/// Why the thread of this receipt did not settle; also checks that the reason is reported.
pub fn settle_error(receipt: &Receipt) -> SettleError {
    let error = receipt.thread.clone().expect("a thread").error.expect("an error");
    assert_eq!(receipt.status, ExecutionStatus::Reverted { reason: error.to_string() });
    error
}

pub fn config() -> ChainConfig {
    let price = |price: u128| NonzeroGasPrice::try_from(price).expect("not zero");
    let prices = GasPriceVector {
        l1_gas_price: price(1_000_000_000),
        l1_data_gas_price: price(1_000_000_000),
        l2_gas_price: price(1_000_000_000),
    };
    ChainConfig {
        chain_id: ChainId::Other("SN_SEPOLIA".to_owned()),
        sequencer_address: sequencer(),
        strk_address: strk(),
        eth_address: eth(),
        gas_prices: GasPrices { eth_gas_prices: prices.clone(), strk_gas_prices: prices },
        thread_rules: RuleLines::always(ThreadRules::new(20, 600)),
        block_factor: DEFAULT_BLOCK_FACTOR,
        os_versions: [os_program(), &ECHO_PROGRAM]
            .map(|program| OsVersion {
                program: program.clone(),
                active_from: BlockNumber(0),
                retired_from: None,
            })
            .into(),
    }
}

fn genesis(users: &[User]) -> GenesisState {
    let classes = vec![class::ACCOUNT.clone(), class::STRK.clone(), class::ETH.clone()];
    let mut genesis = GenesisState { timestamp: GENESIS, classes, ..GenesisState::default() };
    genesis.contracts.insert(strk(), class::STRK.0);
    genesis.contracts.insert(eth(), class::ETH.0);
    let mut set = |contract: ContractAddress, key: StorageKey, value: Felt| {
        genesis.storage.insert((contract, key), value);
    };
    for user in users {
        set(user.address, get_storage_var_address("Account_public_key", &[]), user.public_key());
        for token in [strk(), eth()] {
            set(token, get_fee_token_var_address(user.address), INITIAL_BALANCE.into());
        }
    }
    genesis.contracts.extend(users.iter().map(|user| (user.address, class::ACCOUNT.0)));
    genesis
}

//! A chain with two funded accounts, the STRK token and the legacy deployer, and a pool that makes one block per
//! transaction unless it is told to hold them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use jsonrpsee::core::async_trait;
use serde_json::Value;
use starknet_api::abi::abi_utils::get_storage_var_address;
use starknet_api::block::{
    BlockNumber, BlockTimestamp, GasPrice, GasPriceVector, GasPrices, NonzeroGasPrice,
};
use starknet_api::core::{ChainId, ClassHash, ContractAddress, Nonce};
use starknet_api::state::SierraContractClass;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use tempfile::TempDir;
use zkthreads_execution::class::compile;
use zkthreads_execution::{ChainConfig, Executor, GenesisState, OsVersion, PendingTransaction, Refusal};
use zkthreads_protocol::OsProgram;
use zkthreads_rpc::{ChainFeed, PoolStatus, RpcContext, RpcServer, SubmitError, TransactionSink, serve};
use zkthreads_storage::{ClassDefinition, ClassRecord, Storage};

pub(crate) const GENESIS_TIME: u64 = 1_700_000_000;
pub(crate) const STRK: Felt =
    Felt::from_hex_unchecked("0x4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d");
pub(crate) const LEGACY_DEPLOYER: Felt = Felt::from_hex_unchecked("0x5d0");
pub(crate) const ALICE: Felt = Felt::from_hex_unchecked("0xa11ce");
pub(crate) const BOB: Felt = Felt::from_hex_unchecked("0xb0b");
/// The private key of both accounts.
pub(crate) const KEY: Felt = Felt::from_hex_unchecked("0x1234567");
/// What each account holds at first, fri.
pub(crate) const BALANCE: u128 = 1_000_000_000_000_000_000_000;

/// A running server in front of a chain.
pub(crate) struct Chain {
    pub(crate) server: RpcServer,
    pub(crate) http: reqwest::Client,
    pub(crate) pool: Arc<Pool>,
    pub(crate) executor: Executor,
    pub(crate) account_class: ClassHash,
    pub(crate) legacy_class: ClassHash,
    _directory: TempDir,
}

impl Chain {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let storage = Storage::open(directory.path()).unwrap();
        let executor = Executor::new(storage.clone(), config());
        let (account_class, legacy_class) = commit_genesis(&executor);
        let pool = Arc::new(Pool::new(executor.clone()));
        let sink: Arc<dyn TransactionSink> = pool.clone();
        let feed = ChainFeed::default();
        let context = RpcContext { storage, executor: executor.clone(), sink, feed, devnet: None };
        let server = serve("127.0.0.1:0".parse().unwrap(), context).await.unwrap();
        let http = reqwest::Client::new();
        Self { server, http, pool, executor, account_class, legacy_class, _directory: directory }
    }
}

fn config() -> ChainConfig {
    let price = NonzeroGasPrice::new(GasPrice(1_000_000_000)).unwrap();
    let prices = GasPriceVector { l1_gas_price: price, l1_data_gas_price: price, l2_gas_price: price };
    ChainConfig {
        chain_id: ChainId::Sepolia,
        sequencer_address: ContractAddress::from(0x5e9_u64),
        strk_address: STRK.try_into().unwrap(),
        eth_address: ContractAddress::from(0xe74_u64),
        gas_prices: GasPrices { eth_gas_prices: prices.clone(), strk_gas_prices: prices },
        max_thread_age: 100,
        os_versions: vec![OsVersion { program: os_program(), active_from: BlockNumber(0) }],
    }
}

/// Stands for a thread OS: no proof of it exists, which is all that these tests need.
pub(crate) fn os_program() -> OsProgram {
    OsProgram::new(vec![Felt::ONE, Felt::TWO])
}

fn commit_genesis(executor: &Executor) -> (ClassHash, ClassHash) {
    let ((account_class, account), (token_class, token)) = std::thread::scope(|scope| {
        let account = scope.spawn(|| sierra("target/third-party/contracts/oz_account_1.0.0.sierra"));
        let token = sierra("target/third-party/contracts/strk_erc20.sierra");
        (account.join().unwrap(), token)
    });
    let legacy_class = ClassHash(Felt::from(0x1e6ac_u64));
    let mut genesis = GenesisState {
        timestamp: BlockTimestamp(GENESIS_TIME),
        classes: vec![(account_class, account), (token_class, token), (legacy_class, legacy())],
        ..GenesisState::default()
    };
    let mut deploy = |address: Felt, class| genesis.contracts.insert(address.try_into().unwrap(), class);
    for (address, class) in
        [(STRK, token_class), (LEGACY_DEPLOYER, legacy_class), (ALICE, account_class), (BOB, account_class)]
    {
        deploy(address, class);
    }
    let token: ContractAddress = STRK.try_into().unwrap();
    for account in [ALICE, BOB] {
        let public_key = get_storage_var_address("Account_public_key", &[]);
        let address = account.try_into().unwrap();
        genesis.storage.insert((address, public_key), starknet_crypto::get_public_key(&KEY));
        let balance = get_storage_var_address("ERC20_balances", &[account]);
        genesis.storage.insert((token, balance), BALANCE.into());
    }
    executor.commit_genesis(genesis).unwrap();
    (account_class, legacy_class)
}

fn read(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let json = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&json).unwrap()
}

/// The class of a compiler artifact, as a declare carries it.
pub(crate) fn flattened(path: &str) -> SierraContractClass {
    let mut class = read(path);
    if !class["abi"].is_string() {
        class["abi"] = Value::String(class["abi"].to_string());
    }
    serde_json::from_value(class).unwrap()
}

fn sierra(path: &str) -> (ClassHash, ClassRecord) {
    let class = flattened(path);
    (class.calculate_class_hash(), compile(class).unwrap())
}

fn legacy() -> ClassRecord {
    let class = serde_json::from_value(read("target/third-party/contracts/udc_legacy.json")).unwrap();
    ClassRecord {
        definition: ClassDefinition::Legacy { class },
        compiled_class_hash: Default::default(),
        declared_at: Default::default(),
    }
}

/// A pool that makes one block per transaction at once, or holds what it is given.
pub(crate) struct Pool {
    executor: Executor,
    holds: AtomicBool,
    held: Mutex<BTreeMap<TransactionHash, PendingTransaction>>,
    rejected: Mutex<BTreeMap<TransactionHash, String>>,
}

impl Pool {
    fn new(executor: Executor) -> Self {
        Self { executor, holds: false.into(), held: Mutex::default(), rejected: Mutex::default() }
    }

    /// From now on, keeps transactions.
    pub(crate) fn hold(&self) {
        self.holds.store(true, Ordering::SeqCst);
    }

    /// Makes a block of what it kept.
    pub(crate) fn release(&self) {
        self.holds.store(false, Ordering::SeqCst);
        let held = std::mem::take(&mut *self.held.lock().unwrap());
        self.make_block(held.into_values().collect());
    }

    fn make_block(&self, transactions: Vec<PendingTransaction>) {
        let mut block = self
            .executor
            .open_block(self.executor.config().block_env(BlockTimestamp(GENESIS_TIME + 1)))
            .unwrap();
        for transaction in transactions {
            let hash = transaction.hash;
            if let Err(Refusal::Rejected { reason }) = block.execute(transaction) {
                self.rejected.lock().unwrap().insert(hash, reason.to_string());
            }
        }
        self.executor.commit(block.seal().unwrap()).unwrap();
    }
}

#[async_trait]
impl TransactionSink for Pool {
    async fn submit(&self, transaction: PendingTransaction) -> Result<TransactionHash, SubmitError> {
        let hash = transaction.hash;
        if self.holds.load(Ordering::SeqCst) {
            match self.held.lock().unwrap().insert(hash, transaction) {
                None => Ok(hash),
                Some(_) => Err(SubmitError::Duplicate),
            }
        } else {
            self.make_block(vec![transaction]);
            Ok(hash)
        }
    }

    fn status(&self, hash: TransactionHash) -> Option<PoolStatus> {
        if self.held.lock().unwrap().contains_key(&hash) {
            return Some(PoolStatus::Received);
        }
        let reason = self.rejected.lock().unwrap().get(&hash).cloned()?;
        Some(PoolStatus::Rejected { reason })
    }

    fn pending(&self, hash: TransactionHash) -> Option<PendingTransaction> {
        self.held.lock().unwrap().get(&hash).cloned()
    }

    fn pending_nonce(&self, account: ContractAddress) -> Option<Nonce> {
        let held = self.held.lock().unwrap();
        let nonces = held.values().filter(|transaction| transaction.sender() == account);
        nonces.map(|transaction| Nonce(transaction.nonce().0 + 1)).max()
    }
}

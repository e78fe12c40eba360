//! A chain with two funded accounts, the STRK token, a bridge to L1 and the legacy deployer.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use starknet_api::abi::abi_utils::get_storage_var_address;
use starknet_api::block::{
    BlockNumber, BlockTimestamp, GasPrice, GasPriceVector, GasPrices, NonzeroGasPrice,
};
use starknet_api::core::{ChainId, ClassHash, ContractAddress};
use starknet_api::state::SierraContractClass;
use starknet_types_core::felt::Felt;
use tempfile::TempDir;
use zkthreads_execution::class::compile;
use zkthreads_execution::kept_classes::kept;
use zkthreads_execution::{ChainConfig, Executor, GenesisState, OsVersion, RuleLines, ThreadRules};
use zkthreads_protocol::OsProgram;
use zkthreads_rpc::{RpcContext, RpcServer, ServerLimits, serve_with};
use zkthreads_rpc_api::{ChainFeed, TransactionSink};
use zkthreads_storage::{ClassDefinition, ClassRecord, Storage};

use crate::sink::Pool;

pub(crate) const GENESIS_TIME: u64 = 1_700_000_000;
pub(crate) const STRK: Felt =
    Felt::from_hex_unchecked("0x4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d");
pub(crate) const BRIDGE: Felt = Felt::from_hex_unchecked("0xb41d6e");
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
    /// Where the chain is, if it goes with the server.
    _directory: Option<TempDir>,
}

impl Chain {
    /// A chain with its first block.
    pub(crate) async fn start() -> Self {
        Self::serve(commit_genesis, ServerLimits::default()).await
    }

    /// A chain without any block.
    pub(crate) async fn start_empty() -> Self {
        Self::serve(|_| Default::default(), ServerLimits::default()).await
    }

    /// A chain that begins with what `begin` commits, behind a server with these limits.
    pub(crate) async fn serve(
        begin: impl FnOnce(&Executor) -> (ClassHash, ClassHash),
        limits: ServerLimits,
    ) -> Self {
        Self::serve_as(begin, limits, |context, _| context).await
    }

    /// The same, with what `change` makes of the server's context.
    pub(crate) async fn serve_as(
        begin: impl FnOnce(&Executor) -> (ClassHash, ClassHash),
        limits: ServerLimits,
        change: impl FnOnce(RpcContext, &Arc<Pool>) -> RpcContext,
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let storage = Storage::open(directory.path()).unwrap();
        Self { _directory: Some(directory), ..Self::over(storage, begin, limits, change).await }
    }

    /// A server in front of the chain that `fill` makes of an empty database that follows another node's.
    pub(crate) async fn following(fill: impl AsyncFnOnce(&Storage)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let storage = Storage::open_following(directory.path(), None).unwrap();
        fill(&storage).await;
        let chain =
            Self::over(storage, |_| Default::default(), ServerLimits::default(), |context, _| context).await;
        Self { _directory: Some(directory), ..chain }
    }

    async fn over(
        storage: Storage,
        begin: impl FnOnce(&Executor) -> (ClassHash, ClassHash),
        limits: ServerLimits,
        change: impl FnOnce(RpcContext, &Arc<Pool>) -> RpcContext,
    ) -> Self {
        let executor = Executor::new(storage.clone(), config());
        let (account_class, legacy_class) = begin(&executor);
        let feed = ChainFeed::default();
        let pool = Arc::new(Pool::new(executor.clone(), feed.clone()));
        let sink: Arc<dyn TransactionSink> = pool.clone();
        let context = RpcContext {
            storage,
            executor: executor.clone(),
            sink,
            feed,
            devnet: None,
            origin: None,
            thread: None,
            answers_after: None,
        };
        let context = change(context, &pool);
        let server = serve_with("127.0.0.1:0".parse().unwrap(), context, limits).await.unwrap();
        let http = reqwest::Client::new();
        Self { server, http, pool, executor, account_class, legacy_class, _directory: None }
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
        thread_rules: RuleLines::always(ThreadRules::new(100, 600)),
        block_factor: zkthreads_execution::config::DEFAULT_BLOCK_FACTOR,
        os_versions: vec![OsVersion {
            program: os_program(),
            active_from: BlockNumber(0),
            retired_from: None,
        }],
    }
}

/// Stands for a thread OS: no proof of it exists, which is all that these tests need.
pub(crate) fn os_program() -> OsProgram {
    OsProgram::new(vec![Felt::ONE, Felt::TWO])
}

pub(crate) fn commit_genesis(executor: &Executor) -> (ClassHash, ClassHash) {
    commit_genesis_with(executor, |_| {})
}

/// The same with what `add` puts into it.
pub(crate) fn commit_genesis_with(
    executor: &Executor,
    add: impl FnOnce(&mut GenesisState),
) -> (ClassHash, ClassHash) {
    let ((account_class, account), (token_class, token), (bridge_class, bridge)) =
        std::thread::scope(|scope| {
            let account = scope.spawn(|| sierra("target/third-party/contracts/oz_account_1.0.0.sierra"));
            let token = sierra("target/third-party/contracts/strk_erc20.sierra");
            (account.join().unwrap(), token, sierra("contracts/metered/bridge.sierra.json"))
        });
    let legacy_class = ClassHash(Felt::from(0x1e6ac_u64));
    let mut genesis = GenesisState {
        timestamp: BlockTimestamp(GENESIS_TIME),
        classes: vec![
            (account_class, account),
            (token_class, token),
            (bridge_class, bridge),
            (legacy_class, legacy()),
        ],
        ..GenesisState::default()
    };
    let mut deploy = |address: Felt, class| genesis.contracts.insert(address.try_into().unwrap(), class);
    for (address, class) in [
        (STRK, token_class),
        (BRIDGE, bridge_class),
        (LEGACY_DEPLOYER, legacy_class),
        (ALICE, account_class),
        (BOB, account_class),
    ] {
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
    add(&mut genesis);
    executor.commit_genesis(genesis).unwrap();
    (account_class, legacy_class)
}

fn read(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
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

pub(crate) fn sierra(path: &str) -> (ClassHash, ClassRecord) {
    let compiled = kept(&read(path).to_string(), || {
        let class = flattened(path);
        compile(class.clone()).map(|record| (class.calculate_class_hash(), record))
    });
    compiled.unwrap()
}

fn legacy() -> ClassRecord {
    let class = serde_json::from_value(read("target/third-party/contracts/udc_legacy.json")).unwrap();
    ClassRecord {
        definition: ClassDefinition::Legacy { class },
        compiled_class_hash: Default::default(),
        declared_at: Default::default(),
    }
}

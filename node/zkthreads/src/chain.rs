//! A chain in a data directory: opened, or begun if it is not there yet.

use std::path::Path;
use std::sync::Arc;

use starknet_api::StarknetApiError;
use starknet_api::block::BlockTimestamp;
use starknet_api::core::ClassHash;
use tokio::runtime::Handle;
use zkthreads_devnet::manifest::{DevnetRequest, Manifest, ManifestError};
use zkthreads_devnet::{Devnet, DevnetOptions, change_prices};
use zkthreads_execution::{ChainConfig, ExecutionError, Executor, GenesisState};
use zkthreads_fork::{Fork, ForkError, first_block, pin};
use zkthreads_genesis::account_class::AccountClass;
use zkthreads_genesis::accounts::derive;
use zkthreads_genesis::state::{AccountClasses, GenesisError, devnet_state};
use zkthreads_genesis::{Genesis, GenesisFileError, Rules, chain_config, devnet_thread_rules};
use zkthreads_producer::now;
use zkthreads_storage::{Storage, StorageError};

/// Where a chain's database is in its data directory.
pub const DATABASE: &str = "chain";

/// What a chain begins with.
#[derive(Debug, Clone, PartialEq)]
pub enum ChainOrigin {
    /// A devnet's predeployed accounts.
    Devnet {
        /// What the user wants of them.
        request: DevnetRequest,
        /// The genesis block's timestamp; the start time if absent.
        timestamp: Option<BlockTimestamp>,
        /// What each start decides anew.
        options: Box<DevnetOptions>,
    },
    /// A genesis file.
    Genesis {
        /// What it says; only a chain that exists needs none.
        genesis: Option<Genesis>,
        /// What each start decides anew.
        rules: Rules,
    },
}

/// Why a chain cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The devnet in the data directory is another one.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The chain in the data directory is another one, or none.
    #[error(transparent)]
    GenesisFile(#[from] GenesisFileError),
    /// The database.
    #[error("database: {0}")]
    Storage(#[from] StorageError),
    /// The network to fork.
    #[error(transparent)]
    Fork(#[from] ForkError),
    /// The genesis state.
    #[error("genesis: {0}")]
    Genesis(#[from] GenesisError),
    /// The genesis block.
    #[error("genesis block: {0}")]
    GenesisBlock(#[from] ExecutionError),
    /// The first start was interrupted before block 0 was made, and this one lacks the user's account class.
    #[error("block 0 is not made yet and needs the account class {:#x}: name its file with --account-class-custom", .0.0)]
    NoAccountClass(ClassHash),
    /// A value that Starknet's types cannot hold.
    #[error(transparent)]
    Value(#[from] StarknetApiError),
}

/// An open chain.
pub struct Chain {
    /// Executes its blocks.
    pub executor: Executor,
    /// What only a devnet has.
    pub devnet: Option<Devnet>,
    /// What only a fork has.
    pub fork: Option<Fork>,
}

impl Chain {
    /// The chain in `directory`, begun as `origin` says if it is not there yet. To fork one, it must be called on a tokio
    /// runtime, where blocking is allowed.
    ///
    /// # Errors
    /// See [`ChainError`].
    pub fn open(directory: &Path, origin: ChainOrigin) -> Result<Self, ChainError> {
        match origin {
            ChainOrigin::Devnet { request, timestamp, options } => {
                Genesis::refuse(directory)?;
                let cache = request.fork.cache.clone();
                let account_class = request.account_class.clone();
                if let Some(class) = &account_class {
                    // Before anything is written that names it.
                    class.check().map_err(GenesisError::from)?;
                }
                let manifest = Manifest::open(directory, request, |url, block| {
                    tracing::info!("asking the network to fork");
                    Handle::current().block_on(pin::pin(url, block))
                })?;
                let fork = manifest.fork.as_ref();
                let fork = fork
                    .map(|record| Fork::open(directory, &record.url, record.point(), cache))
                    .transpose()?;
                let storage = match (&fork, &manifest.fork) {
                    (Some(fork), Some(record)) => {
                        let point = (record.block_number, record.block_hash);
                        Storage::open_forked(&directory.join(DATABASE), Arc::clone(&fork.base), point)?
                    }
                    _ => Storage::open(&directory.join(DATABASE))?,
                };
                let accounts = derive(manifest.seed, manifest.accounts)?;
                let mut config = chain_config(manifest.chain_id.clone())?;
                config.thread_rules = devnet_thread_rules(manifest.max_thread_lag);
                change_prices(&mut config.gas_prices, options.gas_prices)?;
                let mut is_new = false;
                let executor = begin(storage, config, || {
                    is_new = true;
                    // No block is older than the one before it.
                    let earliest = manifest.fork.as_ref().map(|fork| fork.timestamp).unwrap_or_default();
                    let timestamp = timestamp.or(options.start_time).unwrap_or_else(now).max(earliest);
                    let classes = AccountClasses {
                        predeployed: AccountClass::known(manifest.account_class)
                            .or(account_class)
                            .ok_or(ChainError::NoAccountClass(manifest.account_class))?,
                        argent: manifest.predeclare_argent,
                    };
                    let genesis = devnet_state(&accounts, &manifest.initial_balance, &classes, timestamp)?;
                    match &fork {
                        Some(fork) => Ok(first_block::adapt(genesis, fork.base.as_ref())?),
                        None => Ok(genesis),
                    }
                })?;
                let devnet = Devnet { manifest, accounts, options: *options, is_new };
                Ok(Self { executor, devnet: Some(devnet), fork })
            }
            ChainOrigin::Genesis { genesis, rules } => {
                Manifest::refuse(directory)?;
                let thread_rules = genesis.as_ref().and_then(|genesis| genesis.thread_rules.clone());
                let mut genesis = Genesis::open(directory, genesis, now())?;
                let storage = Storage::open(&directory.join(DATABASE))?;
                // Which of them are about blocks to come, only the database knows.
                let requested = thread_rules.unwrap_or_else(|| genesis.thread_rules());
                genesis.change_thread_rules(directory, requested, storage.latest()?)?;
                let config = rules.of(genesis.chain_id.clone(), genesis.thread_rules())?;
                let executor = begin(storage, config, || Ok(genesis.state()?))?;
                Ok(Self { executor, devnet: None, fork: None })
            }
        }
    }
}

fn begin(
    storage: Storage,
    config: ChainConfig,
    genesis: impl FnOnce() -> Result<GenesisState, ChainError>,
) -> Result<Executor, ChainError> {
    let executor = Executor::new(storage, config);
    match executor.storage().latest()? {
        Some(latest) => tracing::info!(number = latest.0, "continuing"),
        None => {
            let header = executor.commit_genesis(genesis()?)?;
            tracing::info!(hash = format_args!("{:#x}", header.block_hash.0), "genesis");
        }
    }
    Ok(executor)
}

//! A chain in a data directory: opened, or begun if it is not there yet.

use std::path::Path;

use starknet_api::StarknetApiError;
use starknet_api::block::BlockTimestamp;
use zkthreads_execution::{ChainConfig, ExecutionError, Executor, GenesisState};
use zkthreads_storage::{Storage, StorageError};

use crate::devnet;
use crate::devnet::accounts::{PredeployedAccount, derive};
use crate::devnet::genesis::GenesisError;
use crate::devnet::manifest::{Manifest, ManifestError, Wishes};
use crate::devnet::options::{DevnetOptions, change_prices};
use crate::genesis::{Genesis, GenesisFileError, Rules};
use crate::producer::now;

/// Where a chain's database is in its data directory.
pub const DATABASE: &str = "chain";

/// What a chain begins with.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// A devnet's predeployed accounts.
    Devnet {
        /// What the user wants of them.
        wishes: Wishes,
        /// The genesis block's timestamp; now if absent.
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
    /// The genesis state.
    #[error("genesis: {0}")]
    Genesis(#[from] GenesisError),
    /// The genesis block.
    #[error("genesis block: {0}")]
    GenesisBlock(#[from] ExecutionError),
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
}

/// What a devnet was made with.
#[derive(Debug, Clone)]
pub struct Devnet {
    /// The options.
    pub manifest: Manifest,
    /// The accounts they make.
    pub accounts: Vec<PredeployedAccount>,
    /// What this start decided.
    pub options: DevnetOptions,
    /// The timestamp that was asked for the genesis block.
    pub start_time: Option<BlockTimestamp>,
    /// Whether the chain has just begun.
    pub is_new: bool,
}

impl Chain {
    /// The chain in `directory`, begun as `origin` says if it is not there yet.
    ///
    /// # Errors
    /// See [`ChainError`].
    pub fn open(directory: &Path, origin: Origin) -> Result<Self, ChainError> {
        match origin {
            Origin::Devnet { wishes, timestamp, options } => {
                Genesis::refuse(directory)?;
                let manifest = Manifest::open(directory, wishes)?;
                let accounts = derive(manifest.seed, manifest.accounts)?;
                let mut config = devnet::chain_config(manifest.chain_id.clone())?;
                change_prices(&mut config.gas_prices, options.gas_prices())?;
                let mut is_new = false;
                let executor = begin(directory, config, || {
                    is_new = true;
                    let timestamp = timestamp.unwrap_or_else(now);
                    Ok(devnet::genesis::devnet_state(&accounts, manifest.initial_balance, timestamp)?)
                })?;
                let (options, start_time) = (*options, timestamp);
                Ok(Self {
                    executor,
                    devnet: Some(Devnet { manifest, accounts, options, start_time, is_new }),
                })
            }
            Origin::Genesis { genesis, rules } => {
                Manifest::refuse(directory)?;
                let genesis = Genesis::open(directory, genesis)?;
                let executor =
                    begin(directory, rules.of(genesis.chain_id.clone())?, || Ok(genesis.state()?))?;
                Ok(Self { executor, devnet: None })
            }
        }
    }
}

fn begin(
    directory: &Path,
    config: ChainConfig,
    genesis: impl FnOnce() -> Result<GenesisState, ChainError>,
) -> Result<Executor, ChainError> {
    let executor = Executor::new(Storage::open(&directory.join(DATABASE))?, config);
    match executor.storage().latest()? {
        Some(latest) => tracing::info!(number = latest.0, "continuing"),
        None => {
            let header = executor.commit_genesis(genesis()?)?;
            tracing::info!(hash = format_args!("{:#x}", header.block_hash.0), "genesis");
        }
    }
    Ok(executor)
}

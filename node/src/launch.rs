//! Wires storage, execution, mempool, block production and RPC into a running node.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use starknet_api::StarknetApiError;
use starknet_api::block::BlockTimestamp;
use tempfile::TempDir;
use tokio::sync::oneshot;
use zkthreads_execution::{ExecutionError, Executor};
use zkthreads_rpc::{ChainFeed, RpcContext, RpcServer, ServeError, serve};
use zkthreads_storage::{Storage, StorageError};

use crate::devnet::accounts::{PredeployedAccount, derive};
use crate::devnet::chain_config;
use crate::devnet::genesis::{GenesisError, genesis_state};
use crate::devnet::manifest::{Manifest, ManifestError, Wishes};
use crate::mempool::{Limits, Mempool};
use crate::producer::{BlockMode, Producer, ProducerError, now};

/// Longest that a stopped node waits for the last handles of its database.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// What a devnet node is launched with.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// Where RPC listens; port 0 lets the system choose.
    pub address: SocketAddr,
    /// When blocks are made.
    pub block_mode: BlockMode,
    /// Where the chain lives; a temporary directory if absent.
    pub data_dir: Option<PathBuf>,
    /// What the genesis comes from.
    pub genesis: Wishes,
    /// The genesis block's timestamp; now if absent.
    pub genesis_timestamp: Option<BlockTimestamp>,
}

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The database.
    #[error("database: {0}")]
    Storage(#[from] StorageError),
    /// The genesis state.
    #[error("genesis: {0}")]
    Genesis(#[from] GenesisError),
    /// The genesis block.
    #[error("genesis block: {0}")]
    GenesisBlock(#[from] ExecutionError),
    /// The RPC server.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A value that Starknet's types cannot hold.
    #[error(transparent)]
    Value(#[from] StarknetApiError),
    /// The system refused a directory or a thread.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// A running node.
pub struct Node {
    manifest: Manifest,
    accounts: Vec<PredeployedAccount>,
    rpc: RpcServer,
    mempool: Arc<Mempool>,
    storage: Storage,
    producer: oneshot::Receiver<Result<(), ProducerError>>,
    /// Deleted with the node.
    _temporary: Option<TempDir>,
}

impl Node {
    /// Opens or creates the chain and starts to serve it.
    ///
    /// # Errors
    /// See [`LaunchError`].
    pub async fn launch(config: NodeConfig) -> Result<Self, LaunchError> {
        let NodeConfig { address, block_mode, data_dir, genesis, genesis_timestamp } = config;
        let genesis_timestamp = genesis_timestamp.unwrap_or_else(now);
        let temporary = match &data_dir {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("zkthreads-").tempdir()?),
        };
        let directory = match (&data_dir, &temporary) {
            (Some(path), _) => path.clone(),
            (None, Some(temporary)) => temporary.path().to_owned(),
            (None, None) => std::env::temp_dir(),
        };
        let chain = tokio::task::spawn_blocking(move || open_chain(&directory, genesis, genesis_timestamp));
        let Chain { manifest, accounts, executor } =
            chain.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;

        let storage = executor.storage().clone();
        let mempool = Arc::new(Mempool::new(storage.clone(), Limits::default()));
        let producer = Producer::new(executor.clone(), Arc::clone(&mempool), block_mode);
        let producer = spawn_producer(producer, Arc::clone(&mempool))?;
        let context = RpcContext {
            storage: storage.clone(),
            executor,
            sink: Arc::clone(&mempool) as _,
            feed: ChainFeed::default(),
            devnet: None,
        };
        let rpc = match serve(address, context).await {
            Ok(rpc) => rpc,
            Err(error) => {
                mempool.close("the node did not start");
                return Err(error.into());
            }
        };
        Ok(Self { manifest, accounts, rpc, mempool, storage, producer, _temporary: temporary })
    }

    /// Where RPC listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.rpc.address()
    }

    /// What the chain was made with.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its predeployed accounts.
    #[must_use]
    pub fn accounts(&self) -> &[PredeployedAccount] {
        &self.accounts
    }

    /// Waits until block production fails, which it should never.
    pub async fn failed(&mut self) -> ProducerError {
        match (&mut self.producer).await {
            Ok(Err(error)) => error,
            Ok(Ok(())) | Err(_) => ProducerError::Panic,
        }
    }

    /// Finishes the block under construction, answers the requests under way, and ends.
    ///
    /// # Errors
    /// If the last block failed.
    pub async fn stop(self) -> Result<(), ProducerError> {
        self.mempool.close("the node is shutting down");
        let produced = self.producer.await.unwrap_or(Err(ProducerError::Panic));
        self.rpc.stop().await;
        drop(self.mempool);
        // The last connections' tasks drop their handles a little after they ended. Once none is left, the database
        // closes here, and the directory can be opened again.
        let deadline = Instant::now() + CLOSE_TIMEOUT;
        while !self.storage.is_last_handle() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        produced
    }
}

struct Chain {
    manifest: Manifest,
    accounts: Vec<PredeployedAccount>,
    executor: Executor,
}

/// The chain in `directory`, begun if it is not there yet.
fn open_chain(
    directory: &Path,
    wishes: Wishes,
    genesis_timestamp: BlockTimestamp,
) -> Result<Chain, LaunchError> {
    let manifest = Manifest::open(directory, wishes)?;
    let accounts = derive(manifest.seed, manifest.accounts)?;
    let storage = Storage::open(&directory.join("chain"))?;
    let executor = Executor::new(storage, chain_config(manifest.chain_id.clone())?);
    match executor.storage().latest()? {
        Some(latest) => tracing::info!(number = latest.0, "continuing"),
        None => {
            let genesis = genesis_state(&accounts, manifest.initial_balance, genesis_timestamp)?;
            let header = executor.commit_genesis(genesis)?;
            tracing::info!(hash = format_args!("{:#x}", header.block_hash.0), "genesis");
        }
    }
    Ok(Chain { manifest, accounts, executor })
}

/// Block production has a thread of its own: it computes, and waits for proofs. When it ends for any reason, the
/// mempool closes, so that nobody's transaction waits for a block that will not come.
fn spawn_producer(
    producer: Producer,
    mempool: Arc<Mempool>,
) -> Result<oneshot::Receiver<Result<(), ProducerError>>, std::io::Error> {
    let (ended, receiver) = oneshot::channel();
    std::thread::Builder::new().name("block-producer".to_owned()).spawn(move || {
        let run = std::panic::AssertUnwindSafe(|| producer.run());
        let result = std::panic::catch_unwind(run).unwrap_or(Err(ProducerError::Panic));
        if let Err(error) = &result {
            tracing::error!(%error, "block production ended");
        }
        mempool.close("block production has ended");
        drop(mempool);
        let _ = ended.send(result);
    })?;
    Ok(receiver)
}

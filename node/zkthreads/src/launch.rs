//! Wires storage, execution, mempool, block production and RPC into a running node.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::sync::oneshot;
use zkthreads_devnet::control::Parts;
use zkthreads_devnet::{Devnet, RunningDevnet, StartError};
use zkthreads_execution::ExecutionError;
use zkthreads_genesis::accounts::PredeployedAccount;
use zkthreads_mempool::{Mempool, MempoolLimits, Restored};
use zkthreads_producer::{BlockMode, Producer, ProducerConfig, ProducerError};
use zkthreads_rpc::{RpcContext, RpcServer, ServeError, ServerLimits, serve_with};
use zkthreads_rpc_api::{ChainFeed, Outcomes, TransactionSink, Until};
use zkthreads_storage::Storage;

use crate::chain::{Chain, ChainError, ChainOrigin};
use crate::hardening::Hardening;
use crate::metrics::Sources;

/// Longest that a stopped node waits for the last handles of its database.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// What a node is launched with.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// Where RPC listens; port 0 lets the system choose.
    pub address: SocketAddr,
    /// When blocks are made.
    pub block_mode: BlockMode,
    /// Where the chain lives; a temporary directory if absent.
    pub data_dir: Option<PathBuf>,
    /// What the chain begins with.
    pub origin: ChainOrigin,
    /// What the mempool may hold.
    pub limits: MempoolLimits,
    /// How many blocks back states and tries are kept; all if absent.
    pub state_history: Option<u64>,
}

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The chain cannot be opened.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// What the mempool held before cannot be read.
    #[error("mempool: {0}")]
    Mempool(#[from] ExecutionError),
    /// What only a devnet does when it starts.
    #[error(transparent)]
    Devnet(#[from] StartError),
    /// The RPC server.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The system refused a directory or a thread.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// What is being started. Its type is erased, so that starting it is compiled here, once, not in every crate that waits for it.
pub type Launch<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// A running node.
pub struct Node {
    devnet: Option<RunningDevnet>,
    rpc: RpcServer,
    mempool: Arc<Mempool>,
    storage: Storage,
    sources: Sources,
    producer: oneshot::Receiver<Result<(), ProducerError>>,
    hardening: Hardening,
    /// Deleted with the node.
    _temporary: Option<TempDir>,
}

impl Node {
    /// Opens or creates the chain and starts to serve it.
    ///
    /// # Errors
    /// See [`LaunchError`].
    pub fn launch(config: NodeConfig) -> Launch<Self, LaunchError> {
        Box::pin(Self::open(config))
    }

    async fn open(config: NodeConfig) -> Result<Self, LaunchError> {
        let NodeConfig { address, block_mode, data_dir, origin, limits, state_history } = config;
        let temporary = match &data_dir {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("zkthreads-").tempdir()?),
        };
        let directory = match (&data_dir, &temporary) {
            (Some(path), _) => path.clone(),
            (None, Some(temporary)) => temporary.path().to_owned(),
            (None, None) => std::env::temp_dir(),
        };
        let at = directory.clone();
        let chain = tokio::task::spawn_blocking(move || Chain::open(&at, origin));
        let Chain { executor, devnet, fork } =
            chain.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;

        let start_time = devnet.as_ref().and_then(|devnet| devnet.options.start_time);
        let storage = executor.storage().clone();
        let feed = ChainFeed::default();
        let mempool = Mempool::new(executor.clone(), limits, feed.clone());
        restore(Arc::clone(&mempool)).await?;
        let config = ProducerConfig { mode: block_mode, start_time, state_history };
        let producer = Producer::new(executor.clone(), Arc::clone(&mempool), feed.clone(), config);
        let handle = producer.handle();
        let producer = spawn_producer(producer, Arc::clone(&mempool))?;
        let hardening = Hardening::start(executor.clone())?;
        let sources = Sources::new(&executor, Arc::clone(&mempool));
        let sink: Arc<dyn TransactionSink> = Arc::clone(&mempool) as _;
        let until = match block_mode {
            BlockMode::OnTransaction => Until::Sealed,
            BlockMode::OnDemand | BlockMode::Interval(_) => Until::PreConfirmed,
        };
        let forbidden_methods =
            devnet.as_ref().and_then(|devnet| devnet.options.forbidden_methods.clone()).unwrap_or_default();
        // What its users send, they look at next.
        let answers_after = devnet.is_some().then_some(until);
        let outcomes =
            Outcomes { storage: storage.clone(), sink: Arc::clone(&sink), feed: feed.clone(), until };
        let parts = Parts {
            producer: handle,
            executor: executor.clone(),
            outcomes,
            mode: block_mode,
            address,
            directory,
        };
        let started = async {
            let devnet = match devnet {
                Some(devnet) => Some(RunningDevnet::start(devnet, parts).await?),
                None => None,
            };
            let origin = fork.map(|fork| fork.origin);
            let control = devnet.as_ref().map(|devnet| Arc::clone(devnet.control()) as _);
            let storage = storage.clone();
            let context = RpcContext {
                storage,
                executor,
                sink,
                feed,
                answers_after,
                devnet: control,
                origin,
                thread: None,
            };
            let limits = ServerLimits { forbidden_methods, ..ServerLimits::default() };
            let rpc = serve_with(address, context, limits).await?;
            if let Some(devnet) = &devnet {
                devnet.control().listens_at(rpc.address());
            }
            Ok((devnet, rpc))
        };
        match started.await {
            Ok((devnet, rpc)) => Ok(Self {
                devnet,
                rpc,
                mempool,
                storage,
                sources,
                producer,
                hardening,
                _temporary: temporary,
            }),
            Err(error) => {
                mempool.close("the node did not start");
                Err(error)
            }
        }
    }

    /// Where RPC listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.rpc.address()
    }

    /// What the chain was made with, if it is a devnet.
    #[must_use]
    pub fn devnet(&self) -> Option<Devnet> {
        self.devnet.as_ref().map(|devnet| devnet.control().devnet())
    }

    /// Its predeployed accounts; none unless it is a devnet.
    #[must_use]
    pub fn accounts(&self) -> Vec<PredeployedAccount> {
        self.devnet().map(|devnet| devnet.accounts).unwrap_or_default()
    }

    /// What its metrics are read from.
    #[must_use]
    pub fn sources(&self) -> Sources {
        self.sources.clone()
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
        let dump = match &self.devnet {
            Some(devnet) => devnet.last_dump().await,
            None => None,
        };
        self.mempool.close("the node is shutting down");
        let produced = self.producer.await.unwrap_or(Err(ProducerError::Panic));
        if let Some(devnet) = self.devnet {
            devnet.stop(dump, self.storage.clone()).await;
        }
        self.rpc.stop().await;
        drop(self.mempool);
        drop(self.sources);
        self.hardening.stop().await;
        // The last connections' tasks drop their handles a little after they ended. Once none is left, the database
        // closes here, and the directory can be opened again.
        let deadline = Instant::now() + CLOSE_TIMEOUT;
        while !self.storage.is_last_handle() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        produced
    }
}

/// Takes up the transactions that waited when the node was last stopped.
async fn restore(mempool: Arc<Mempool>) -> Result<(), LaunchError> {
    let restored = tokio::task::spawn_blocking(move || mempool.restore());
    let restored = restored.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
    if restored != Restored::default() {
        tracing::info!(kept = restored.kept, dropped = restored.dropped, "transactions from the last run");
    }
    Ok(())
}

/// Block production has a thread of its own: it computes. When it ends for any reason, the mempool closes, so that
/// nobody's transaction waits for a block that will not come.
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

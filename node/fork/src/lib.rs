//! A devnet that begins where another network is: after a block of its *origin*, which is pinned for good.
//!
//! What was never written locally is read from the origin by JSON-RPC and kept on disk, as it cannot change any more
//! ([`Fork`]). Calls about older blocks and transactions are passed on to the origin, by `zkthreads_rpc`'s rules. What
//! the origin does after the pinned block is not part of this chain.

mod backoff;
mod client;
mod compiling;
pub mod first_block;
pub mod pin;
mod relay;
mod state;
mod wait;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::Url;
use serde::{Deserialize, Serialize};
use starknet_api::StarknetApiError;
use starknet_api::block::{BlockHash, BlockNumber, BlockTimestamp};
use starknet_rust::core::types::BlockId;
use starknet_rust::providers::JsonRpcClient;
use tokio::runtime::Handle;
use zkthreads_client::RemoteState;
use zkthreads_rpc_api::Origin;
use zkthreads_storage::{BaseState, BaseStateError, CachedBase, ForkPoint, StorageError};

use backoff::Backoff;
use client::OriginClient;
use compiling::Compiling;
use relay::Relay;
use state::{ForkedState, RemoteBase};

pub use client::AskError;

/// Where what was read from the origin is kept, in a data directory.
pub const CACHE: &str = "fork-cache";

/// What the user wants forked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForkRequest {
    /// The origin's JSON-RPC.
    pub url: Option<String>,
    /// The block after which the chain begins; the origin's latest if absent.
    pub block: Option<u64>,
    /// Where what was read from the origin is kept; in the data directory if absent.
    pub cache: Option<PathBuf>,
}

/// What was forked, as the data directory remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForkRecord {
    /// The origin's JSON-RPC.
    pub url: String,
    /// The block after which the chain begins.
    pub block_number: BlockNumber,
    /// Its hash.
    pub block_hash: BlockHash,
    /// Its timestamp.
    pub timestamp: BlockTimestamp,
}

/// Why nothing can be forked.
#[derive(Debug, thiserror::Error)]
pub enum ForkError {
    /// Not a URL of a node.
    #[error("{url} is not a node's URL: {reason}")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// HTTP itself.
    #[error("no HTTP client can be made: {0}")]
    Http(String),
    /// The origin gives no answer.
    #[error("the network to fork does not answer")]
    Ask(#[from] AskError),
    /// The origin refuses a call that every node must answer.
    #[error("the network to fork refuses {method}: {reason}")]
    Refused {
        /// The method.
        method: &'static str,
        /// Its error.
        reason: String,
    },
    /// The origin speaks a version of JSON-RPC that is too old or too new.
    #[error(
        "the network to fork speaks Starknet JSON-RPC {found}, 0.8 to 0.10 is needed (a URL often says which, as in \
         .../rpc/v0_10)"
    )]
    SpecVersion {
        /// The version.
        found: String,
    },
    /// There is no such block.
    #[error("the network to fork has no block {number}")]
    NoSuchBlock {
        /// The number.
        number: u64,
    },
    /// The origin has the block but not its state.
    #[error(
        "the network to fork does not tell the state of block {number}: {reason} (a node that keeps old states, an \
         archive, is needed)"
    )]
    NoState {
        /// The block.
        number: BlockNumber,
        /// The error.
        reason: String,
    },
    /// The origin's answer makes no sense.
    #[error("the network to fork answers {method} with nonsense: {reason}")]
    Nonsense {
        /// What was asked.
        method: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The cache.
    #[error("the cache of the forked network")]
    Cache(#[from] StorageError),
    /// The state that the chain begins with cannot be read.
    #[error(transparent)]
    State(#[from] BaseStateError),
    /// A value that Starknet's types cannot hold.
    #[error(transparent)]
    Value(#[from] StarknetApiError),
}

impl ForkRecord {
    /// The block.
    #[must_use]
    pub fn point(&self) -> ForkPoint {
        ForkPoint { number: self.block_number, hash: self.block_hash }
    }
}

impl fmt::Display for ForkRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.point(), self.url)
    }
}

/// A forked chain's origin.
#[derive(Clone)]
pub struct Fork {
    /// Its state, after the pinned block.
    pub base: Arc<dyn BaseState>,
    /// What RPC asks of it.
    pub origin: Arc<dyn Origin>,
}

impl Fork {
    /// The origin at `url`, pinned at `point`. What is read of it is kept in `cache`, or in the data directory
    /// `directory`. Nothing is sent yet. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// If the URL is none, or the cache cannot be opened.
    pub fn open(
        directory: &Path,
        url: &str,
        point: ForkPoint,
        cache: Option<PathBuf>,
    ) -> Result<Self, ForkError> {
        let (client, runtime) = (client(url)?, Handle::current());
        let block = BlockId::Hash(point.hash.0);
        let compiling = Arc::new(Compiling::new());
        let remote = RemoteBase {
            state: RemoteState::new(Arc::new(JsonRpcClient::new(Arc::clone(&client))), block),
            runtime: runtime.clone(),
            fork: point.number,
            compiling: Arc::clone(&compiling),
        };
        // The hash alone names the block: it commits to its chain.
        let cache = cache.unwrap_or_else(|| directory.join(CACHE)).join(format!("{:#x}", point.hash.0));
        std::fs::create_dir_all(&cache)
            .map_err(|error| StorageError::Directory { path: cache.display().to_string(), error })?;
        let cached = CachedBase::open(&cache, point, remote)?;
        Ok(Self {
            base: Arc::new(ForkedState::new(cached, point.number, compiling)),
            origin: Arc::new(Relay { client, runtime }),
        })
    }
}

/// The node at `url`, for calls that are passed on to it. Nothing is sent yet. Must be called on a tokio runtime.
///
/// # Errors
/// If the URL is none.
pub fn relay(url: &str) -> Result<Arc<dyn Origin>, ForkError> {
    Ok(Arc::new(Relay { client: client(url)?, runtime: Handle::current() }))
}

fn client(url: &str) -> Result<Arc<OriginClient>, ForkError> {
    let bad = |reason: String| ForkError::Url { url: url.to_owned(), reason };
    let parsed = Url::parse(url).map_err(|error| bad(error.to_string()))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(bad("http:// or https:// is expected".to_owned()));
    }
    let client = OriginClient::new(parsed, Backoff::default());
    Ok(Arc::new(client.map_err(|error| ForkError::Http(error.to_string()))?))
}

//! A node, seen through JSON-RPC.

mod asking;
mod chain;
mod rules;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jsonrpsee::core::ClientError;
use jsonrpsee::core::client::ClientT;
use jsonrpsee::core::params::ObjectParams;
use jsonrpsee::http_client::{HttpClient, HttpClientBuilder};
use serde::Deserialize;
use starknet_api::block::{BlockHash, BlockNumber, BlockTimestamp};
use starknet_api::core::{ChainId, ContractAddress};
use starknet_api::transaction::{InvokeTransactionV3, TransactionHash};
use starknet_rust::core::types::{
    BlockId, BlockTag, BroadcastedTransaction, FeeEstimate, MaybePreConfirmedBlockWithTxHashes,
    SimulationFlagForEstimateFee, StarknetError, TransactionReceiptWithBlockInfo,
};
use starknet_rust::core::utils::parse_cairo_short_string;
use starknet_rust::providers::jsonrpc::HttpTransport;
use starknet_rust::providers::{JsonRpcClient, Provider, ProviderError, Url};
use starknet_types_core::felt::Felt;
use zkthreads_execution::RuleLinesError;
use zkthreads_protocol::BaseBlock;
use zkthreads_protocol::limits::MAX_PACKAGE_BYTES;
use zkthreads_storage::BlockBytesError;

use crate::fork::RemoteState;
use crate::http::http_client;
use crate::wire::broadcast;

/// How long to wait for the answer to a `zkthread_*` call: checking a thread may wait for its verification.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
/// How often to ask for a receipt.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Largest request, bytes: a package in base64 with its envelope around it.
const MAX_REQUEST_BYTES: usize = MAX_PACKAGE_BYTES * 2;

/// Largest response, bytes: 16 MiB of a block in base64, and room for a longer part.
const MAX_RESPONSE_BYTES: u32 = 32 << 20;

/// What a node will answer. Its type is erased, so that what asks for it is compiled here, once, not in every crate that
/// waits for it: that is a fifth of the node's code.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, NodeError>> + Send + 'a>>;

/// A JSON-RPC client of one node. Cheap to clone.
#[derive(Debug, Clone)]
pub struct NodeClient {
    /// The `starknet_*` methods.
    starknet: Arc<JsonRpcClient<HttpTransport>>,
    /// The `zkthread_*` methods.
    zkthread: HttpClient,
}

/// Why a node did not answer as asked.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Not a URL of a node.
    #[error("{url} is not a node's URL: {reason}")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The node refuses, or cannot be reached, or answers outside the specification.
    #[error("node: {0}")]
    Starknet(#[from] ProviderError),
    /// The same, for a `zkthread_*` method.
    #[error("node: {0}")]
    Zkthread(#[from] ClientError),
    /// An answer that makes no sense.
    #[error("the node's {field} is out of range: {value}")]
    OutOfRange {
        /// Which part of the answer.
        field: &'static str,
        /// Its value.
        value: String,
    },
    /// The node answered with a block that is not final.
    #[error("the node answers with a pre-confirmed block where a block was asked for")]
    NotABlock,
    /// The bytes of a block that the node exported.
    #[error("the node's block: {0}")]
    Block(#[from] BlockBytesError),
    /// The node does not know a method that it must have.
    #[error("the node is older than this program: it does not know {method}")]
    Older {
        /// The method.
        method: &'static str,
    },
    /// What the node says that threads must keep to.
    #[error("the node's answer: {0}")]
    Rules(#[from] RuleLinesError),
    /// No receipt in time.
    #[error("transaction {hash:#x} is in no block after {seconds} seconds")]
    NoReceipt {
        /// The transaction.
        hash: Felt,
        /// How long was waited.
        seconds: u64,
    },
}

/// JSON-RPC's code of a failure that is the server's own.
const INTERNAL: i32 = -32603;
/// Codes by which providers ask their clients to slow down.
const BUSY: [i32; 2] = [429, -32005];

impl NodeError {
    /// Whether asking again may help: the node is away, busy or broken, which says nothing about what was asked.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Url { .. }
            | Self::OutOfRange { .. }
            | Self::NotABlock
            | Self::Older { .. }
            | Self::Rules(_) => false,
            Self::Starknet(ProviderError::StarknetError(error)) => {
                matches!(error, StarknetError::UnexpectedError(_))
            }
            Self::Zkthread(ClientError::Call(error)) => {
                error.code() == INTERNAL || BUSY.contains(&error.code())
            }
            _ => true,
        }
    }
}

/// What `zkthread_checkThread` answers.
#[derive(Debug, Clone, Deserialize)]
pub struct ThreadCheckAnswer {
    /// Whether it would settle in the next block.
    pub would_settle: bool,
    /// Every check that fails.
    pub errors: Vec<FailedCheck>,
    /// Every precondition that no longer holds.
    pub conflicts: Vec<FailedPrecondition>,
    /// The same, segment by segment. Those before the first that fails would settle.
    #[serde(default)]
    pub segments: Vec<SegmentCheck>,
    /// What it would cost.
    pub fee_estimate: FeeEstimate,
}

/// What `zkthread_checkThread` says of a segment.
#[derive(Debug, Clone, Deserialize)]
pub struct SegmentCheck {
    /// Whether it would settle in the next block.
    pub would_settle: bool,
    /// Every check that fails.
    pub errors: Vec<FailedCheck>,
    /// Every precondition that no longer holds.
    pub conflicts: Vec<FailedPrecondition>,
}

/// A check that a thread fails.
#[derive(Debug, Clone, Deserialize)]
pub struct FailedCheck {
    /// Which check.
    pub kind: String,
    /// The revert reason it would get.
    pub message: String,
}

/// A precondition that no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FailedPrecondition {
    /// The contract whose state moved.
    pub contract: Felt,
    /// `STORAGE`, `NONCE` or `CLASS_HASH`.
    pub kind: String,
    /// The storage key, of a storage cell.
    pub key: Option<Felt>,
    /// The value the sub-block read.
    pub expected: Felt,
    /// The value now.
    pub found: Felt,
}

#[derive(Deserialize)]
struct Added {
    transaction_hash: Felt,
}

impl NodeClient {
    /// A client of the node at `url`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`NodeError::Url`].
    pub fn new(url: &str) -> Result<Self, NodeError> {
        let bad = |reason: String| NodeError::Url { url: url.to_owned(), reason };
        let parsed = Url::parse(url).map_err(|error| bad(error.to_string()))?;
        let zkthread = HttpClientBuilder::default()
            .max_request_size(u32::try_from(MAX_REQUEST_BYTES).unwrap_or(u32::MAX))
            .max_response_size(MAX_RESPONSE_BYTES)
            .request_timeout(REQUEST_TIMEOUT)
            .build(parsed.as_str())
            .map_err(|error| bad(error.to_string()))?;
        let http = http_client(&parsed).map_err(|error| bad(error.to_string()))?;
        let transport = HttpTransport::new_with_client(parsed, http);
        Ok(Self { starknet: Arc::new(JsonRpcClient::new(transport)), zkthread })
    }

    /// The client of the `starknet_*` methods, for anything not offered here.
    #[must_use]
    pub fn starknet(&self) -> &JsonRpcClient<HttpTransport> {
        &self.starknet
    }

    /// The state after a block.
    #[must_use]
    pub fn state_at(&self, block: BlockId) -> RemoteState<HttpTransport> {
        RemoteState::new(Arc::clone(&self.starknet), block)
    }

    /// The chain's id.
    ///
    /// # Errors
    /// If the node does not answer with a short string.
    pub fn chain_id(&self) -> Answer<'_, ChainId> {
        Box::pin(async move {
            let id = self.starknet.chain_id().await?;
            let name = parse_cairo_short_string(&id)
                .map_err(|_| NodeError::OutOfRange { field: "chain id", value: format!("{id:#x}") })?;
            Ok(ChainId::from(name))
        })
    }

    /// The newest block's hash and context.
    ///
    /// # Errors
    /// If the node does not answer with a block.
    pub fn latest_block(&self) -> Answer<'_, (BlockHash, BaseBlock)> {
        Box::pin(async move {
            let latest = BlockId::Tag(BlockTag::Latest);
            let answer = self.starknet.get_block_with_tx_hashes(latest).await?;
            let MaybePreConfirmedBlockWithTxHashes::Block(block) = answer else {
                return Err(NodeError::NotABlock);
            };
            let base_block = BaseBlock {
                number: BlockNumber(block.block_number),
                timestamp: BlockTimestamp(block.timestamp),
                sequencer: address("sequencer address", block.sequencer_address)?,
            };
            Ok((BlockHash(block.block_hash), base_block))
        })
    }

    /// Sends an ordinary transaction, or an envelope with its package, by `starknet_addInvokeTransaction`.
    ///
    /// # Errors
    /// If the node refuses it.
    pub fn add_invoke<'a>(
        &'a self,
        invoke: &'a InvokeTransactionV3,
        package: Option<&'a [u8]>,
    ) -> Answer<'a, TransactionHash> {
        Box::pin(async move {
            let added = self.starknet.add_invoke_transaction(broadcast(invoke, package)).await?;
            Ok(TransactionHash(added.transaction_hash))
        })
    }

    /// Sends an envelope with its package by `zkthread_addThreadTransaction`.
    ///
    /// # Errors
    /// If the node refuses it.
    pub fn add_thread<'a>(
        &'a self,
        envelope: &'a InvokeTransactionV3,
        package: &'a [u8],
    ) -> Answer<'a, TransactionHash> {
        Box::pin(async move {
            let params = invoke_params(envelope, package)?;
            let added: Added = self.zkthread.request("zkthread_addThreadTransaction", params).await?;
            Ok(TransactionHash(added.transaction_hash))
        })
    }

    /// Asks whether a thread would settle now, and for what fee. Who signs the envelope does not wait behind strangers.
    ///
    /// # Errors
    /// If the package is not one.
    pub fn check_thread<'a>(
        &'a self,
        envelope: &'a InvokeTransactionV3,
        package: &'a [u8],
    ) -> Answer<'a, ThreadCheckAnswer> {
        Box::pin(async move {
            let params = invoke_params(envelope, package)?;
            Ok(self.zkthread.request("zkthread_checkThread", params).await?)
        })
    }

    /// The fee of a transaction after the newest block, by `starknet_estimateFee`.
    ///
    /// # Errors
    /// If it fails.
    pub fn estimate_fee<'a>(
        &'a self,
        invoke: &'a InvokeTransactionV3,
        package: Option<&'a [u8]>,
    ) -> Answer<'a, FeeEstimate> {
        Box::pin(async move {
            let transaction = BroadcastedTransaction::Invoke(broadcast(invoke, package));
            let flags: [SimulationFlagForEstimateFee; 0] = [];
            Ok(self.starknet.estimate_fee_single(transaction, flags, BlockId::Tag(BlockTag::Latest)).await?)
        })
    }

    /// Waits until a transaction is in a block.
    ///
    /// # Errors
    /// [`NodeError::NoReceipt`] after `timeout`, or if the node cannot be reached.
    pub fn receipt(
        &self,
        hash: TransactionHash,
        timeout: Duration,
    ) -> Answer<'_, TransactionReceiptWithBlockInfo> {
        Box::pin(async move {
            let asking = async {
                loop {
                    match self.receipt_now(hash).await? {
                        Some(receipt) if receipt.block.is_block() => return Ok(receipt),
                        Some(_) | None => {}
                    }
                    tokio::time::sleep(POLL_INTERVAL).await;
                }
            };
            tokio::time::timeout(timeout, asking)
                .await
                .unwrap_or(Err(NodeError::NoReceipt { hash: hash.0, seconds: timeout.as_secs() }))
        })
    }
}

fn invoke_params(envelope: &InvokeTransactionV3, package: &[u8]) -> Result<ObjectParams, NodeError> {
    let mut params = ObjectParams::new();
    params.insert("invoke_transaction", broadcast(envelope, Some(package))).map_err(unsendable)?;
    Ok(params)
}

/// What cannot be written as JSON.
fn unsendable(error: serde_json::Error) -> NodeError {
    NodeError::Zkthread(ClientError::ParseError(error))
}

fn address(field: &'static str, value: Felt) -> Result<ContractAddress, NodeError> {
    ContractAddress::try_from(value)
        .map_err(|_| NodeError::OutOfRange { field, value: format!("{value:#x}") })
}

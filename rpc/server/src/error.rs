//! Every error a method can answer with, and its code, message and data on the wire.
//!
//! Codes 1 to 99 are the Starknet specification's (0.10.3), 10001 and up are this node's (`docs/rpc-zkthread.md`),
//! negative ones JSON-RPC's own.

use jsonrpsee::core::server::MethodResponse;
use jsonrpsee::types::ErrorObjectOwned;
use jsonrpsee::types::error::{METHOD_NOT_FOUND_CODE, TOO_MANY_SUBSCRIPTIONS_CODE};
use serde_json::{Value, json};
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_execution::CallStack;
use zkthreads_rpc_api::OriginError;
use zkthreads_rpc_api::devnet::DevnetError;
use zkthreads_storage::StorageError;

use crate::missing::{BLOCK_NOT_FOUND, Missing, TRANSACTION_NOT_FOUND};
use crate::thread_error::ThreadError;
use crate::unexpected::Unexpected;

/// Code of [`OriginError::Unavailable`].
const ORIGIN_UNAVAILABLE: i32 = 10021;

/// Code of [`RpcError::TooMuchWork`].
const TOO_MUCH_WORK: i32 = 10022;

/// Code of [`RpcError::TooManySubscriptions`]: jsonrpsee's.
const TOO_MANY_SUBSCRIPTIONS: i32 = -32006;
const _: () = assert!(TOO_MANY_SUBSCRIPTIONS == TOO_MANY_SUBSCRIPTIONS_CODE);

/// Code of [`RpcError::Busy`] and [`RpcError::ThreadBusy`]: what other nodes say where a limit is exceeded (EIP-1474).
const BUSY: i32 = -32005;

/// After how many seconds a client that finds a lane full may try again.
const RETRY_AFTER: u64 = 1;

/// What a method can fail with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RpcError {
    #[error("Contract not found")]
    ContractNotFound,
    #[error("Requested entry point does not exist in the contract")]
    EntryPointNotFound,
    #[error("Block not found")]
    BlockNotFound,
    /// The block is there, its state is not.
    #[error("Block not found")]
    StateGone { reason: String },
    #[error("Invalid transaction index in a block")]
    InvalidTransactionIndex,
    #[error("Class hash not found")]
    ClassHashNotFound,
    /// With a reason where the pool remembers one (the transaction was rejected).
    #[error("Transaction hash not found")]
    TransactionHashNotFound { rejected: Option<String> },
    #[error("Requested page size is too big")]
    PageSizeTooBig,
    #[error("There are no blocks")]
    NoBlocks,
    #[error("The supplied continuation token is invalid or unknown")]
    InvalidContinuationToken,
    #[error("Too many keys provided in a filter")]
    TooManyKeysInFilter,
    #[error("Contract error")]
    ContractError { stack: CallStack },
    #[error("Transaction execution error")]
    TransactionExecution { index: usize, stack: CallStack },
    #[error("the node doesn't support storage proofs for blocks that are too far in the past")]
    StorageProofNotSupported { reason: String },
    #[error("No trace available for transaction")]
    NoTrace { status: &'static str },
    /// An inner transaction, which this chain did not execute.
    #[error("No trace available for transaction")]
    NotTraced { thread: TransactionHash },
    #[error("Failed to compile the contract")]
    CompilationError { reason: String },
    #[error("Class already declared")]
    ClassAlreadyDeclared { reason: String },
    #[error("Invalid transaction nonce")]
    InvalidTransactionNonce { reason: String },
    #[error("The transaction's resources don't cover validation or the minimal transaction fee")]
    InsufficientResources { reason: String },
    #[error(
        "Account balance is smaller than the transaction's maximal fee (calculated as the sum of each resource's \
         limit x max price)"
    )]
    InsufficientBalance { reason: String },
    #[error("Account validation failed")]
    ValidationFailure { reason: String },
    /// It was ended, because it took so long.
    #[error("Account validation failed")]
    ValidationTooLong { reason: String },
    #[error("Compilation failed")]
    CompilationFailed { reason: String },
    #[error("Contract class size is too large")]
    ClassTooLarge { reason: String },
    #[error("Sender address is not an account contract")]
    NonAccount,
    #[error("A transaction with the same hash already exists in the mempool")]
    DuplicateTransaction,
    #[error("the compiled class hash did not match the one supplied in the transaction")]
    CompiledClassHashMismatch { reason: String },
    #[error("the transaction version is not supported")]
    UnsupportedTransactionVersion { reason: String },
    #[error("the contract class version is not supported")]
    UnsupportedClassVersion { reason: String },
    /// What the specification has no code for; `kind` tells these apart.
    #[error("An unexpected error occurred")]
    Unexpected { kind: Unexpected, reason: String },
    #[error("Replacement transaction is underpriced")]
    ReplacementUnderpriced,
    /// What the specification knows a bad thread package as.
    #[error("The proof field in the invoke v3 transaction is invalid")]
    InvalidProof(ThreadError),
    /// The same, in the `zkthread` namespace.
    #[error("{0}")]
    Thread(ThreadError),
    #[error("Invalid subscription id")]
    InvalidSubscriptionId,
    #[error("Too many addresses in filter sender_address filter")]
    TooManyAddressesInFilter,
    #[error("Cannot go back more than 1024 blocks")]
    TooManyBlocksBack,
    /// A connection's share of subscriptions is used up.
    #[error("Too many subscriptions on the connection")]
    TooManySubscriptions { limit: usize },
    /// A subscription was asked for by HTTP.
    #[error("Method not found")]
    NeedsWebSocket,
    /// In the `devnet` namespace.
    #[error(transparent)]
    Devnet(#[from] DevnetError),
    /// On a fork: not here, but maybe on the chain that was forked.
    #[error("{0}")]
    Missing(Missing),
    /// On a fork: the chain that was forked does not tell.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// There is as much work of this kind as there may be: come back later.
    #[error("Too many requests")]
    Busy { lane: &'static str },
    /// The thread takes no more for the time being, or no more of this kind from this account.
    #[error("The thread takes no more now")]
    ThreadBusy {
        reason: String,
        /// Seconds.
        retry_after: u64,
    },
    /// One request asks for more work than it may. It says nothing about a transaction.
    #[error("The request asks for too much work")]
    TooMuchWork { reason: String },
    #[error("Invalid params: {0}")]
    InvalidParams(String),
    #[error("Internal error")]
    Internal { reason: String },
}

impl RpcError {
    /// The code on the wire.
    pub(crate) fn code(&self) -> i32 {
        match self {
            Self::ContractNotFound => 20,
            Self::EntryPointNotFound => 21,
            Self::BlockNotFound | Self::StateGone { .. } => BLOCK_NOT_FOUND,
            Self::InvalidTransactionIndex => 27,
            Self::ClassHashNotFound => 28,
            Self::TransactionHashNotFound { .. } => TRANSACTION_NOT_FOUND,
            Self::PageSizeTooBig => 31,
            Self::NoBlocks => 32,
            Self::InvalidContinuationToken => 33,
            Self::TooManyKeysInFilter => 34,
            Self::ContractError { .. } => 40,
            Self::TransactionExecution { .. } => 41,
            Self::StorageProofNotSupported { .. } => 42,
            Self::NoTrace { .. } | Self::NotTraced { .. } => 10,
            Self::CompilationError { .. } => 100,
            Self::ClassAlreadyDeclared { .. } => 51,
            Self::InvalidTransactionNonce { .. } => 52,
            Self::InsufficientResources { .. } => 53,
            Self::InsufficientBalance { .. } => 54,
            Self::ValidationFailure { .. } | Self::ValidationTooLong { .. } => 55,
            Self::CompilationFailed { .. } => 56,
            Self::ClassTooLarge { .. } => 57,
            Self::NonAccount => 58,
            Self::DuplicateTransaction => 59,
            Self::CompiledClassHashMismatch { .. } => 60,
            Self::UnsupportedTransactionVersion { .. } => 61,
            Self::UnsupportedClassVersion { .. } => 62,
            Self::Unexpected { .. } => 63,
            Self::ReplacementUnderpriced => 64,
            Self::InvalidProof(_) => 69,
            Self::Thread(error) => error.code(),
            Self::Devnet(error) => error.code(),
            Self::InvalidSubscriptionId => 66,
            Self::TooManyAddressesInFilter => 67,
            Self::TooManyBlocksBack => 68,
            Self::TooManySubscriptions { .. } => TOO_MANY_SUBSCRIPTIONS,
            Self::NeedsWebSocket => METHOD_NOT_FOUND_CODE,
            Self::Missing(missing) => missing.code(),
            Self::Origin(OriginError::Refused(error)) => error.code(),
            Self::Origin(OriginError::Unavailable { .. }) => ORIGIN_UNAVAILABLE,
            Self::Busy { .. } | Self::ThreadBusy { .. } => BUSY,
            Self::TooMuchWork { .. } => TOO_MUCH_WORK,
            Self::InvalidParams(_) => -32602,
            Self::Internal { .. } => -32603,
        }
    }

    /// The data on the wire: the specification's where it names any, the reason as a string elsewhere.
    pub(crate) fn data(&self) -> Option<Value> {
        match self {
            Self::ContractError { stack } => Some(json!({ "revert_error": nested(stack) })),
            Self::TransactionExecution { index, stack } => {
                Some(json!({ "transaction_index": index, "execution_error": nested(stack) }))
            }
            Self::NoTrace { status } => Some(json!({ "status": status })),
            Self::NotTraced { thread } => Some(json!({
                "thread": thread,
                "reason": "a thread transaction settled it by proof; zkthread_getThread shows what it did",
            })),
            Self::CompilationError { reason } => Some(json!({ "compilation_error": reason })),
            Self::Busy { lane } => Some(json!({ "work": lane, "retry_after_seconds": RETRY_AFTER })),
            Self::ThreadBusy { reason, retry_after } => {
                Some(json!({ "work": "thread", "reason": reason, "retry_after_seconds": retry_after }))
            }
            Self::InvalidParams(reason) => Some(reason.as_str().into()),
            Self::TransactionHashNotFound { rejected } => rejected.as_deref().map(Value::from),
            Self::InvalidTransactionNonce { reason }
            | Self::ClassAlreadyDeclared { reason }
            | Self::InsufficientResources { reason }
            | Self::InsufficientBalance { reason }
            | Self::ValidationFailure { reason }
            | Self::ValidationTooLong { reason }
            | Self::CompilationFailed { reason }
            | Self::ClassTooLarge { reason }
            | Self::CompiledClassHashMismatch { reason }
            | Self::UnsupportedTransactionVersion { reason }
            | Self::UnsupportedClassVersion { reason }
            | Self::StateGone { reason }
            | Self::StorageProofNotSupported { reason }
            | Self::TooMuchWork { reason }
            | Self::Internal { reason } => Some(reason.as_str().into()),
            // The specification has a text here, and clients read one.
            Self::Unexpected { kind, reason } => Some(format!("{kind}: {reason}; {}", kind.advice()).into()),
            Self::InvalidProof(error) | Self::Thread(error) => Some(error.data()),
            Self::Origin(OriginError::Refused(error)) => {
                error.data().and_then(|data| serde_json::from_str(data.get()).ok())
            }
            Self::Origin(OriginError::Unavailable { reason }) => Some(reason.as_str().into()),
            Self::Devnet(error) => error.data(),
            Self::TooManySubscriptions { limit } => Some(format!("at most {limit}").into()),
            Self::NeedsWebSocket => Some("subscriptions need a WebSocket: connect to /ws".into()),
            Self::ContractNotFound
            | Self::EntryPointNotFound
            | Self::BlockNotFound
            | Self::InvalidTransactionIndex
            | Self::ClassHashNotFound
            | Self::PageSizeTooBig
            | Self::NoBlocks
            | Self::InvalidContinuationToken
            | Self::TooManyKeysInFilter
            | Self::NonAccount
            | Self::DuplicateTransaction
            | Self::ReplacementUnderpriced
            | Self::InvalidSubscriptionId
            | Self::TooManyAddressesInFilter
            | Self::TooManyBlocksBack
            | Self::Missing(_) => None,
        }
    }
}

/// In how many seconds to try again, as the error of an answer says that was not carried out because there is too much to do;
/// Code of the errors that the server answers in a method's place, JSON-RPC's first "server error".
pub(crate) const SERVER_ERROR: i32 = -32000;

/// `None` for any other answer.
pub(crate) fn retry_after(answer: &MethodResponse) -> Option<u64> {
    if answer.as_error_code() != Some(BUSY) {
        return None;
    }
    let told = serde_json::from_str::<Value>(answer.as_json().get()).unwrap_or_default();
    // What a thread passes on is its node's word, who may say less.
    Some(told["error"]["data"]["retry_after_seconds"].as_u64().unwrap_or(RETRY_AFTER))
}

/// The specification's `CONTRACT_EXECUTION_ERROR`: each call holds what went wrong in it, the innermost a text.
fn nested(stack: &CallStack) -> Value {
    let hex = |felt: &Felt| format!("{felt:#x}");
    stack.calls.iter().rfold(Value::from(stack.reason.as_str()), |error, call| {
        json!({
            "contract_address": hex(call.contract.0.key()),
            "class_hash": hex(&call.class_hash.0),
            "selector": hex(&call.selector.0),
            "error": error,
        })
    })
}

impl From<StorageError> for RpcError {
    fn from(error: StorageError) -> Self {
        let reason = error.to_string();
        match error {
            StorageError::Pruned { .. } | StorageError::Reverted { .. } => Self::StateGone { reason },
            StorageError::Base(_) => OriginError::Unavailable { reason }.into(),
            _ => Self::Internal { reason },
        }
    }
}

impl From<RpcError> for ErrorObjectOwned {
    fn from(error: RpcError) -> Self {
        if let RpcError::Internal { reason } = &error {
            tracing::error!(reason, "a request met an internal error");
        }
        Self::owned(error.code(), error.to_string(), error.data())
    }
}

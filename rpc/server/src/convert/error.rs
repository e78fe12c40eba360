//! From the errors of execution and the pool to those of the wire.

use zkthreads_execution::{AdmitError, CallError, ExecutionError, SimulateError};
use zkthreads_rpc_api::SubmitError;

use crate::error::RpcError;
use crate::thread_error::ThreadError;
use crate::unexpected::Unexpected;

impl From<AdmitError> for RpcError {
    fn from(error: AdmitError) -> Self {
        let reason = error.to_string();
        match error {
            AdmitError::InvalidNonce { .. } => Self::InvalidTransactionNonce { reason },
            AdmitError::InsufficientResources(_) | AdmitError::FeeBelowMinimum(_) => {
                Self::InsufficientResources { reason }
            }
            AdmitError::InsufficientBalance(_) => Self::InsufficientBalance { reason },
            AdmitError::Validation(_) => Self::ValidationFailure { reason },
            AdmitError::TooLong(_) => Self::ValidationTooLong { reason },
            AdmitError::ClassAlreadyDeclared(_) => Self::ClassAlreadyDeclared { reason },
            AdmitError::ClassHashNotFound(_) => Self::ClassHashNotFound,
            AdmitError::CompilerBusy => Self::Busy { lane: "compilation" },
            AdmitError::CompilationFailed(_) => Self::CompilationFailed { reason },
            AdmitError::ClassTooLarge(_) => Self::ClassTooLarge { reason },
            AdmitError::CompiledClassHashMismatch { .. } => Self::CompiledClassHashMismatch { reason },
            AdmitError::UnsupportedTransactionVersion(_) => Self::UnsupportedTransactionVersion { reason },
            AdmitError::UnsupportedClassVersion(_) => Self::UnsupportedClassVersion { reason },
            AdmitError::Envelope(error) => Self::InvalidProof(error.into()),
            AdmitError::InnerTransaction { .. } => {
                Self::InvalidProof(ThreadError::InnerTransaction { reason })
            }
            AdmitError::Unsettleable(error) => Self::InvalidProof(ThreadError::Unsettleable(error)),
            AdmitError::Unverified => Self::Internal { reason },
            AdmitError::Malformed(_) => Self::Unexpected { kind: Unexpected::Malformed, reason },
            AdmitError::Execution(_) => Self::Unexpected { kind: Unexpected::ExecutionFailed, reason },
            AdmitError::Internal(error) => error.into(),
        }
    }
}

impl From<ExecutionError> for RpcError {
    fn from(error: ExecutionError) -> Self {
        match error {
            ExecutionError::Storage(error) => error.into(),
            error => Self::Internal { reason: error.to_string() },
        }
    }
}

impl From<CallError> for RpcError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::UnknownBlock(_) => Self::BlockNotFound,
            CallError::ContractNotFound(_) => Self::ContractNotFound,
            CallError::EntryPointNotFound { .. } => Self::EntryPointNotFound,
            CallError::Reverted(stack) => Self::ContractError { stack },
            CallError::Internal(error) => error.into(),
        }
    }
}

impl From<SimulateError> for RpcError {
    fn from(error: SimulateError) -> Self {
        let reason = error.to_string();
        match error {
            SimulateError::UnknownBlock(_) => Self::BlockNotFound,
            SimulateError::Transaction { index, error } => match *error {
                AdmitError::Internal(error) => error.into(),
                AdmitError::Validation(stack) | AdmitError::Execution(stack) => {
                    Self::TransactionExecution { index, stack }
                }
                error => Self::TransactionExecution { index, stack: error.to_string().into() },
            },
            SimulateError::TooMuchWork { .. } => Self::TooMuchWork { reason },
            SimulateError::Internal(error) => error.into(),
        }
    }
}

impl From<SubmitError> for RpcError {
    fn from(error: SubmitError) -> Self {
        let reason = error.to_string();
        match error {
            SubmitError::Duplicate => Self::DuplicateTransaction,
            SubmitError::Nonce { .. } => Self::InvalidTransactionNonce { reason },
            SubmitError::ReplacementUnderpriced { .. } => Self::ReplacementUnderpriced,
            SubmitError::NotReplaceable { .. } => {
                Self::Unexpected { kind: Unexpected::NotReplaceable, reason }
            }
            SubmitError::Full { .. } => Self::Unexpected { kind: Unexpected::PoolFull, reason },
            SubmitError::Unavailable { .. } => Self::Unexpected { kind: Unexpected::NodeStopping, reason },
        }
    }
}

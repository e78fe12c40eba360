//! Blockifier's errors as reasons not to admit a transaction.

use blockifier::blockifier::stateful_validator::StatefulValidatorError;
use blockifier::blockifier::transaction_executor::TransactionExecutorError;
use blockifier::state::errors::StateError;
use blockifier::transaction::errors::{
    ResourceBoundsError, TransactionExecutionError, TransactionFeeError, TransactionPreValidationError,
};
use starknet_api::StarknetApiError;

use crate::error::{AdmitError, ExecutionError};

/// Most felts of an account's wrong answer that are told.
const MAX_TOLD_FELTS: usize = 64;

impl From<StateError> for AdmitError {
    fn from(error: StateError) -> Self {
        match error {
            StateError::UndeclaredClassHash(class_hash) => Self::ClassHashNotFound(class_hash),
            StateError::StateReadError(_) => Self::Internal(error.into()),
            error => Self::Execution(error.to_string().into()),
        }
    }
}

impl From<StarknetApiError> for AdmitError {
    fn from(error: StarknetApiError) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl From<TransactionFeeError> for AdmitError {
    fn from(error: TransactionFeeError) -> Self {
        use TransactionFeeError as Fee;
        match error {
            Fee::StateError(error) => error.into(),
            Fee::ResourcesBoundsExceedBalance { .. }
            | Fee::GasBoundsExceedBalance { .. }
            | Fee::MaxFeeExceedsBalance { .. } => Self::InsufficientBalance(error.to_string()),
            Fee::InsufficientResourceBounds { ref errors } if errors.iter().all(is_of_price) => {
                Self::FeeBelowMinimum(error.to_string())
            }
            Fee::InsufficientResourceBounds { .. }
            | Fee::MaxFeeTooLow { .. }
            | Fee::MissingL1GasBounds
            | Fee::InsufficientFee { .. }
            | Fee::FeeTransferError { .. } => Self::InsufficientResources(error.to_string()),
            Fee::ExecuteFeeTransferError(_) | Fee::CairoResourcesNotContainedInFeeCosts => {
                Self::Execution(error.to_string().into())
            }
        }
    }
}

fn is_of_price(error: &ResourceBoundsError) -> bool {
    matches!(error, ResourceBoundsError::MaxGasPriceTooLow { .. })
}

impl From<TransactionPreValidationError> for AdmitError {
    fn from(error: TransactionPreValidationError) -> Self {
        use TransactionPreValidationError as Pre;
        match error {
            Pre::InvalidNonce { address, account_nonce, incoming_tx_nonce } => {
                Self::InvalidNonce { account: address, account_nonce, transaction_nonce: incoming_tx_nonce }
            }
            Pre::StateError(error) => error.into(),
            Pre::TransactionFeeError(error) => (*error).into(),
            Pre::InvalidProofFacts(reason) => Self::Malformed(reason),
        }
    }
}

impl From<TransactionExecutionError> for AdmitError {
    fn from(error: TransactionExecutionError) -> Self {
        use TransactionExecutionError as Execution;
        match error {
            Execution::TransactionPreValidationError(error) => (*error).into(),
            Execution::TransactionFeeError(error) => (*error).into(),
            Execution::StateError(error) => error.into(),
            Execution::StarknetApiError(error) => error.into(),
            Execution::FeeCheckError(error) => Self::InsufficientResources(error.to_string()),
            Execution::DeclareTransactionError { class_hash } => Self::ClassAlreadyDeclared(class_hash),
            // Each felt takes seventy characters, and nobody pays for this.
            Execution::InvalidValidateReturnData { actual } | Execution::ValidateCairo0Error(actual)
                if actual.0.len() > MAX_TOLD_FELTS =>
            {
                Self::Validation(format!("`__validate__` answered {} felts", actual.0.len()).into())
            }
            Execution::ValidateTransactionError { .. }
            | Execution::PanicInValidate { .. }
            | Execution::InvalidValidateReturnData { .. }
            | Execution::ValidateCairo0Error(_) => Self::Validation((&error).into()),
            Execution::InvalidVersion { .. } => Self::UnsupportedTransactionVersion(error.to_string()),
            error => Self::Execution((&error).into()),
        }
    }
}

impl From<TransactionExecutorError> for AdmitError {
    fn from(error: TransactionExecutorError) -> Self {
        match error {
            TransactionExecutorError::StateError(error) => error.into(),
            TransactionExecutorError::TransactionExecutionError(error) => error.into(),
            error => Self::Internal(ExecutionError::Block(error.to_string())),
        }
    }
}

impl From<StatefulValidatorError> for AdmitError {
    fn from(error: StatefulValidatorError) -> Self {
        match error {
            StatefulValidatorError::StateError(error) => error.into(),
            StatefulValidatorError::TransactionExecutionError(error) => error.into(),
            StatefulValidatorError::TransactionExecutorError(error) => error.into(),
            StatefulValidatorError::TransactionPreValidationError(error) => error.into(),
        }
    }
}

//! What a message from L1 costs.

use blockifier::transaction::account_transaction::ExecutionFlags;
use starknet_api::block::GasPrices;
use starknet_api::core::ClassHash;
use starknet_api::transaction::fields::{Fee, Tip};
use zkthreads_protocol::L1Message;
use zkthreads_storage::ExecutionStatus;

use super::FeeEstimate;
use super::at::StateAt;
use crate::block::Refusal;
use crate::error::{AdmitError, CallError, ExecutionError};
use crate::executor::Executor;
use crate::transaction::Submission;

/// Messages are neither validated nor charged for on L2, whatever is asked.
const UNCHARGED: ExecutionFlags =
    ExecutionFlags { only_query: false, charge_fee: false, validate: false, strict_nonce_check: false };

impl Executor {
    /// What delivering a message from L1 on the state at a moment would cost on L1, in wei. What is said to be paid
    /// for it does not matter.
    ///
    /// # Errors
    /// If its recipient does not exist or refuses it.
    pub fn estimate_message_fee(
        &self,
        at: impl Into<StateAt>,
        message: L1Message,
    ) -> Result<FeeEstimate, CallError> {
        let at = at.into();
        let mut session = self.session_on(&at)?.ok_or_else(|| CallError::UnknownBlock(at.number()))?;
        let recipient = message.tx.contract_address;
        let class_hash = self.state(&at).class_hash(recipient).map_err(ExecutionError::from)?;
        if class_hash == ClassHash::default() {
            return Err(CallError::ContractNotFound(recipient));
        }
        // Blockifier asks that something was paid.
        let message = L1Message { paid_fee: Fee(1), ..message };
        let transaction = self.prepare(Submission::L1Handler(message), false).map_err(refused)?;
        let executed =
            session.execute_and_explain(&transaction, UNCHARGED).map_err(|refusal| match refusal {
                Refusal::Rejected { reason } => refused(*reason),
                Refusal::BlockFull => CallError::Reverted("larger than any block".to_owned().into()),
            });
        let (receipt, _, stack) = executed?;
        if let ExecutionStatus::Reverted { reason } = receipt.status {
            return Err(CallError::Reverted(stack.unwrap_or_else(|| reason.into())));
        }
        let GasPrices { eth_gas_prices, .. } = &session.context().block_info().gas_prices;
        Ok(FeeEstimate::new(receipt.gas, eth_gas_prices, Tip::ZERO))
    }
}

fn refused(error: AdmitError) -> CallError {
    match error {
        AdmitError::Internal(error) => CallError::Internal(error),
        AdmitError::Execution(stack) | AdmitError::Validation(stack) => CallError::Reverted(stack),
        error => CallError::Reverted(error.to_string().into()),
    }
}

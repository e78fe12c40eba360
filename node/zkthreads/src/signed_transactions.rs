//! Signed user transactions in the form that `starknet_addInvokeTransaction` takes.

use starknet_api::rpc_transaction::{RpcInvokeTransaction, RpcTransaction};
use starknet_api::transaction::InvokeTransactionV3;
use zkthreads_protocol::InnerTransaction;
use zkthreads_protocol::package::InnerTransactionError;

/// Why a list of transactions is not one.
#[derive(Debug, thiserror::Error)]
pub enum TransactionListError {
    /// Not a JSON list of broadcasted transactions.
    #[error("not a JSON list of broadcasted transactions: {0}")]
    Json(#[from] serde_json::Error),
    /// A transaction is of another kind.
    #[error("transaction {index} is not an INVOKE")]
    NotAnInvoke {
        /// Which, counted from zero.
        index: usize,
    },
    /// An INVOKE cannot be an inner transaction.
    #[error("transaction {index}: {reason}")]
    NotInner {
        /// Which, counted from zero.
        index: usize,
        /// Why.
        reason: InnerTransactionError,
    },
}

/// Reads a JSON list of signed INVOKE v3.
///
/// # Errors
/// See [`TransactionListError`].
pub fn parse(json: &[u8]) -> Result<Vec<InnerTransaction>, TransactionListError> {
    let transactions: Vec<RpcTransaction> = serde_json::from_slice(json)?;
    transactions
        .into_iter()
        .enumerate()
        .map(|(index, transaction)| match transaction {
            RpcTransaction::Invoke(RpcInvokeTransaction::V3(invoke)) => {
                InnerTransaction::try_from(InvokeTransactionV3::from(invoke))
                    .map_err(|reason| TransactionListError::NotInner { index, reason })
            }
            _ => Err(TransactionListError::NotAnInvoke { index }),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As starknet-rust broadcasts it.
    fn invoke() -> serde_json::Value {
        serde_json::json!({
            "type": "INVOKE",
            "version": "0x3",
            "sender_address": "0x64b48806902a367c8598f4f95c305e8c1a1acba5f082d294a43793113115691",
            "calldata": ["0x1", "0x2"],
            "signature": ["0x3", "0x4"],
            "nonce": "0x5",
            "resource_bounds": {
                "l1_gas": {"max_amount": "0x0", "max_price_per_unit": "0x1"},
                "l1_data_gas": {"max_amount": "0x2", "max_price_per_unit": "0x3"},
                "l2_gas": {"max_amount": "0x4", "max_price_per_unit": "0x5"},
            },
            "tip": "0x0",
            "paymaster_data": [],
            "account_deployment_data": [],
            "nonce_data_availability_mode": "L1",
            "fee_data_availability_mode": "L1",
        })
    }

    #[test]
    fn broadcasted_invokes_are_read() {
        let json = serde_json::to_vec(&[invoke()]).unwrap();
        let transactions = parse(&json).unwrap();
        assert_eq!(transactions[0].as_invoke().nonce.0, 5.into());
        assert_eq!(transactions[0].as_invoke().calldata.0.len(), 2);
    }

    #[test]
    fn what_is_no_list_of_inner_transactions_is_refused() {
        assert!(matches!(parse(b"[{]"), Err(TransactionListError::Json(_))));
        let mut with_facts = invoke();
        with_facts["proof_facts"] = serde_json::json!(["0x1"]);
        let json = serde_json::to_vec(&[invoke(), with_facts]).unwrap();
        assert!(matches!(parse(&json), Err(TransactionListError::NotInner { index: 1, .. })));
    }
}

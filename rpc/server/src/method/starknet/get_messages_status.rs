//! `starknet_getMessagesStatus`.

use serde::Deserialize;
use starknet_rust_core::types::{MessageStatus, TransactionFinalityStatus};
use zkthreads_protocol::{L1TransactionHash, Transaction};
use zkthreads_rpc_api::devnet::L1Hash;
use zkthreads_storage::BlockTransaction;

use super::execution_result;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::place::Finality;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    transaction_hash: L1Hash,
}

/// What became of the messages that an L1 transaction sent, in its order.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Vec<MessageStatus>, RpcError> {
    let l1_transaction = L1TransactionHash(params.transaction_hash.0);
    let mut statuses = Vec::new();
    for hash in context.storage.l1_messages(l1_transaction)? {
        // It is gone if its block was reverted since.
        if let Some((number, _, transaction)) = context.storage.transaction(hash)? {
            statuses.push(status(&transaction, context.finality(number)?));
        }
    }
    let open = context.shown()?;
    for executed in open.iter().flat_map(|block| block.transactions()) {
        let transaction = &executed.transaction;
        let is_its = matches!(&transaction.body, Transaction::L1Handler(message)
            if message.l1_transaction == Some(l1_transaction));
        let is_new = |status: &MessageStatus| status.transaction_hash != transaction.hash.0;
        if is_its && statuses.iter().all(is_new) {
            statuses.push(status(transaction, Finality::PreConfirmed));
        }
    }
    if statuses.is_empty() {
        return Err(RpcError::TransactionHashNotFound { rejected: None });
    }
    Ok(statuses)
}

fn status(transaction: &BlockTransaction, finality: Finality) -> MessageStatus {
    MessageStatus {
        transaction_hash: transaction.hash.0,
        finality_status: match finality {
            Finality::PreConfirmed => TransactionFinalityStatus::PreConfirmed,
            Finality::AcceptedOnL2 => TransactionFinalityStatus::AcceptedOnL2,
            Finality::AcceptedOnL1 => TransactionFinalityStatus::AcceptedOnL1,
        },
        execution_result: execution_result(&transaction.receipt.status),
    }
}

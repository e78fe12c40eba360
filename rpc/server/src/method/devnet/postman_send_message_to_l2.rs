//! `devnet_postmanSendMessageToL2`.

use serde::Serialize;
use starknet_api::transaction::TransactionHash;
use zkthreads_rpc_api::devnet::MessageToL2;

use super::control;
use crate::context::RpcContext;
use crate::error::RpcError;

#[derive(Serialize)]
pub(super) struct Sent {
    transaction_hash: TransactionHash,
}

/// Sends a message as if from L1.
pub(super) fn answer(context: &RpcContext, message: MessageToL2) -> Result<Sent, RpcError> {
    Ok(Sent { transaction_hash: control(context)?.send_to_l2(message)? })
}

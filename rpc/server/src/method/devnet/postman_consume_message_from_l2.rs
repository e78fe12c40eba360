//! `devnet_postmanConsumeMessageFromL2`.

use serde::Serialize;
use zkthreads_rpc_api::devnet::{L1Hash, SentMessage};

use super::control;
use crate::context::RpcContext;
use crate::error::RpcError;

#[derive(Serialize)]
pub(super) struct Consumed {
    message_hash: L1Hash,
}

/// Consumes a message that a contract sent to L1, as an L1 contract would.
pub(super) fn answer(context: &RpcContext, message: SentMessage) -> Result<Consumed, RpcError> {
    Ok(Consumed { message_hash: control(context)?.consume_from_l2(&message)? })
}

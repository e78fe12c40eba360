//! `devnet_postmanFlush`.

use serde::Deserialize;
use zkthreads_rpc_api::devnet::FlushedMessages;

use super::control;
use crate::context::RpcContext;
use crate::error::RpcError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    #[serde(default)]
    dry_run: bool,
}

/// Delivers the messages that wait on either side, or only tells those for L1.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<FlushedMessages, RpcError> {
    Ok(control(context)?.flush_l1(params.dry_run)?)
}

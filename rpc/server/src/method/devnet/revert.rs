//! `devnet_revert`.

use serde::Deserialize;
use zkthreads_rpc_api::number::U64Hex;

use super::control;
use crate::context::RpcContext;
use crate::error::RpcError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    snapshot_id: U64Hex,
}

/// Returns to a snapshot; false if there is no such one any more.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<bool, RpcError> {
    Ok(control(context)?.revert(params.snapshot_id.0)?)
}

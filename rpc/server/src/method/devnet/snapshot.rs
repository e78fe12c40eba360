//! `devnet_snapshot`.

use zkthreads_rpc_api::number::U64Hex;

use super::control;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::params::NoParams;

/// Remembers the present, for `devnet_revert`.
pub(super) fn answer(context: &RpcContext, _: NoParams) -> Result<U64Hex, RpcError> {
    Ok(U64Hex(control(context)?.snapshot()?))
}

//! `devnet_getConfig`.

use zkthreads_rpc_api::devnet::DevnetConfig;

use super::control;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::params::NoParams;

/// How the devnet is set up.
pub(super) fn answer(context: &RpcContext, _: NoParams) -> Result<DevnetConfig, RpcError> {
    Ok(control(context)?.config())
}

//! `devnet_getConfig`.

use super::control;
use crate::context::RpcContext;
use crate::devnet::DevnetConfig;
use crate::error::RpcError;
use crate::params::NoParams;

/// How the devnet is set up.
pub(super) fn answer(context: &RpcContext, _: NoParams) -> Result<DevnetConfig, RpcError> {
    Ok(control(context)?.config())
}

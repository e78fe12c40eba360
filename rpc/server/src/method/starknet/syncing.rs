//! `starknet_syncing`.

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::params::NoParams;

/// Never: this node produces the blocks.
pub(super) fn answer(_: &RpcContext, _: NoParams) -> Result<bool, RpcError> {
    Ok(false)
}

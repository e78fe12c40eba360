//! `starknet_blockNumber`.

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::params::NoParams;

/// The newest block's number.
pub(super) fn answer(context: &RpcContext, _: NoParams) -> Result<u64, RpcError> {
    Ok(context.latest()?.0)
}

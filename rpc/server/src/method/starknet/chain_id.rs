//! `starknet_chainId`.

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::params::NoParams;

/// The chain's id, in hexadecimal.
pub(super) fn answer(context: &RpcContext, _: NoParams) -> Result<String, RpcError> {
    Ok(context.executor.config().chain_id.as_hex())
}

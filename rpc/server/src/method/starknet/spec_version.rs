//! `starknet_specVersion`.

use super::SPEC_VERSION;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::params::NoParams;

/// The version of the specification.
pub(super) fn answer(_: &RpcContext, _: NoParams) -> Result<&'static str, RpcError> {
    Ok(SPEC_VERSION)
}

//! `starknet_unsubscribe`.

use serde::Deserialize;

use super::Session;
use crate::context::RpcContext;
use crate::error::RpcError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    subscription_id: String,
}

/// Ends a subscription of the same connection.
pub(super) fn answer(_: &RpcContext, session: &Session, params: Params) -> Result<bool, RpcError> {
    session.close(params.subscription_id)?;
    Ok(true)
}

//! `devnet_impersonateAccount`, `devnet_autoImpersonate`, and the two that end these.

use super::{Account, Empty, control};
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::params::NoParams;

/// From now on, transactions of the account need no valid signature.
pub(super) fn account(context: &RpcContext, params: Account) -> Result<Empty, RpcError> {
    control(context)?.impersonate(params.account_address.0, true);
    Ok(Empty {})
}

/// From now on they need one, unless those of all accounts do not.
pub(super) fn not_account(context: &RpcContext, params: Account) -> Result<Empty, RpcError> {
    control(context)?.impersonate(params.account_address.0, false);
    Ok(Empty {})
}

/// From now on, no transaction needs a valid signature.
pub(super) fn everyone(context: &RpcContext, _: NoParams) -> Result<Empty, RpcError> {
    control(context)?.impersonate_everyone(true);
    Ok(Empty {})
}

/// From now on, only those of the accounts named need none.
pub(super) fn not_everyone(context: &RpcContext, _: NoParams) -> Result<Empty, RpcError> {
    control(context)?.impersonate_everyone(false);
    Ok(Empty {})
}

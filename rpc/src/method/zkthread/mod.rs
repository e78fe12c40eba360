//! The `zkthread` namespace: what only thread transactions have.

mod add_thread_transaction;
mod check_thread;
mod found;
mod get_inner_receipts;
mod get_thread;
mod os_versions;

use jsonrpsee::server::RegisterMethodError;
use serde::Deserialize;

use super::registry::Registry;
use crate::wire::number::FeltHex;

/// The hash of a thread transaction.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThreadParams {
    transaction_hash: FeltHex,
}

pub(super) fn register(registry: &mut Registry) -> Result<(), RegisterMethodError> {
    registry
        .method("zkthread_addThreadTransaction", add_thread_transaction::answer)?
        .method("zkthread_checkThread", check_thread::answer)?
        .method("zkthread_getThread", get_thread::answer)?
        .method("zkthread_getInnerReceipts", get_inner_receipts::answer)?
        .method("zkthread_osVersions", os_versions::answer)?;
    Ok(())
}

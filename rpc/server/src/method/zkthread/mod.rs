//! The `zkthread` namespace: what only thread transactions have.

mod add_thread_transaction;
mod check_thread;
mod export_block;
mod found;
mod get_inner_receipts;
mod get_rules;
mod get_thread;
mod list_threads;
mod os_versions;
mod status;

use jsonrpsee::server::RegisterMethodError;
use serde::Deserialize;
use zkthreads_rpc_api::number::FeltHex;

use super::registry::Registry;
use crate::jobs::Lane;

/// The hash of a thread transaction.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThreadParams {
    transaction_hash: FeltHex,
}

pub(super) fn register(registry: &mut Registry) -> Result<(), RegisterMethodError> {
    registry
        .admission("zkthread_addThreadTransaction", Lane::Admission, add_thread_transaction::answer)?
        .in_steps("zkthread_checkThread", Lane::Packages, check_thread::begin)?
        .method("zkthread_exportBlock", Lane::Scanning, export_block::answer)?
        .method("zkthread_getThread", Lane::Scanning, get_thread::answer)?
        .method("zkthread_getInnerReceipts", Lane::Scanning, get_inner_receipts::answer)?
        .method("zkthread_getRules", Lane::Reading, get_rules::answer)?
        .method("zkthread_listThreads", Lane::Scanning, list_threads::answer)?
        .method("zkthread_osVersions", Lane::Reading, os_versions::answer)?
        .method("zkthread_status", Lane::Reading, status::answer)?;
    Ok(())
}

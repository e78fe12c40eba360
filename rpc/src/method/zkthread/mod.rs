//! The `zkthread` namespace: what only thread transactions have.

mod add_thread_transaction;
mod check_thread;
mod get_thread;
mod os_versions;

use jsonrpsee::server::RegisterMethodError;

use super::registry::Registry;

pub(super) fn register(registry: &mut Registry) -> Result<(), RegisterMethodError> {
    registry
        .method("zkthread_addThreadTransaction", add_thread_transaction::answer)?
        .method("zkthread_checkThread", check_thread::answer)?
        .method("zkthread_getThread", get_thread::answer)?
        .method("zkthread_osVersions", os_versions::answer)?;
    Ok(())
}

//! The methods, and how they are registered.

mod devnet;
pub(crate) mod registry;
pub(crate) mod starknet;
mod zkthread;

use jsonrpsee::server::{Methods, RegisterMethodError};

use crate::context::RpcContext;
use crate::jobs::Jobs;
use crate::subscription;
use registry::Registry;

/// Every method of every namespace.
pub(crate) fn all(context: RpcContext, jobs: Jobs) -> Result<Methods, RegisterMethodError> {
    // A thread passes these on: its node may be a devnet.
    let is_devnet = context.devnet.is_some() || context.thread.is_some();
    let mut registry = Registry::new(context, jobs);
    starknet::register(&mut registry)?;
    zkthread::register(&mut registry)?;
    subscription::register(&mut registry)?;
    if is_devnet {
        devnet::register(&mut registry)?;
    }
    Ok(registry.into_methods())
}

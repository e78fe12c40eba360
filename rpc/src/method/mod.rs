//! The methods, and how they are registered.

mod registry;
mod starknet;
mod zkthread;

use jsonrpsee::server::{Methods, RegisterMethodError};

use crate::context::RpcContext;
use registry::Registry;

/// Every method of every namespace.
pub(crate) fn all(context: RpcContext) -> Result<Methods, RegisterMethodError> {
    let mut registry = Registry::new(context);
    starknet::register(&mut registry)?;
    zkthread::register(&mut registry)?;
    Ok(registry.into_methods())
}

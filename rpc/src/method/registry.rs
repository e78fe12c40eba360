//! From a plain function to a JSON-RPC method.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jsonrpsee::server::{Methods, RegisterMethodError, RpcModule};
use jsonrpsee::types::{ErrorObjectOwned, Params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::params;
use crate::subscription::Session;
use crate::thread::is_left_to_the_node;

/// The methods registered so far.
///
/// Why not jsonrpsee's `#[rpc]` traits: the parameter readers they generate ignore unknown names and surplus
/// positions, and this node refuses both.
pub(crate) struct Registry {
    module: RpcModule<RpcContext>,
    /// Whether a thread is served.
    thread: bool,
}

impl Registry {
    pub(super) fn new(context: RpcContext) -> Self {
        Self { thread: context.thread.is_some(), module: RpcModule::new(context) }
    }

    /// Registers `method`. It runs on a thread for blocking work; a panic in it becomes an internal error. On a fork, what
    /// it does not find is asked of the origin. If a thread is served, some are left to its node.
    pub(super) fn method<P: DeserializeOwned + 'static, R: Serialize + 'static>(
        &mut self,
        name: &'static str,
        method: fn(&RpcContext, P) -> Result<R, RpcError>,
    ) -> Result<&mut Self, RegisterMethodError> {
        let left_to_the_node = self.thread && is_left_to_the_node(name);
        self.module.register_blocking_method(name, move |params, context, _| {
            catch(name, || {
                if left_to_the_node {
                    return context.pass_on(name, &params);
                }
                let answer = answer(&context, &params, method);
                answer.or_else(|failure| context.fall_through(name, &params, failure))
            })
        })?;
        Ok(self)
    }

    /// Registers a method about a connection's subscriptions. Without a WebSocket it does not exist.
    pub(crate) fn session_method<P: DeserializeOwned + 'static, R: Serialize + 'static>(
        &mut self,
        name: &'static str,
        method: impl Fn(&RpcContext, &Session, P) -> Result<R, RpcError> + Clone + Send + Sync + 'static,
    ) -> Result<&mut Self, RegisterMethodError> {
        self.module.register_blocking_method(name, move |params, context, extensions| {
            let in_session = |context: &RpcContext, params| match extensions.get::<Session>() {
                Some(session) => method(context, session, params),
                None => Err(RpcError::NeedsWebSocket),
            };
            catch(name, || answer(&context, &params, in_session))
        })?;
        Ok(self)
    }

    pub(super) fn into_methods(self) -> Methods {
        self.module.into()
    }
}

fn answer<P: DeserializeOwned, R: Serialize>(
    context: &RpcContext,
    params: &Params<'_>,
    method: impl Fn(&RpcContext, P) -> Result<R, RpcError>,
) -> Result<Box<RawValue>, RpcError> {
    let result = method(context, params::parse(params)?)?;
    to_raw_value(&result).map_err(|error| RpcError::Internal { reason: error.to_string() })
}

/// Makes a panic an internal error.
fn catch(
    name: &'static str,
    answer: impl FnOnce() -> Result<Box<RawValue>, RpcError>,
) -> Result<Box<RawValue>, ErrorObjectOwned> {
    catch_unwind(AssertUnwindSafe(answer))
        .unwrap_or_else(|_| Err(RpcError::Internal { reason: format!("{name} panicked") }))
        .map_err(ErrorObjectOwned::from)
}

//! Passes calls on to the origin.

use std::sync::Arc;

use jsonrpsee::types::ErrorObjectOwned;
use serde_json::value::RawValue;
use tokio::runtime::Handle;
use zkthreads_rpc_api::{Origin, OriginError};

use crate::client::{AskError, OriginClient};
use crate::wait::wait;

/// The origin, as RPC asks it.
pub(super) struct Relay {
    pub(super) client: Arc<OriginClient>,
    pub(super) runtime: Handle,
}

impl Origin for Relay {
    fn ask(&self, method: &str, params: &RawValue) -> Result<Box<RawValue>, OriginError> {
        let (client, method, params) = (Arc::clone(&self.client), method.to_owned(), params.to_owned());
        self.wait(async move { client.ask(&method, &params).await })
    }

    fn tell(&self, method: &str, params: &RawValue) -> Result<Box<RawValue>, OriginError> {
        let (client, method, params) = (Arc::clone(&self.client), method.to_owned(), params.to_owned());
        self.wait(async move { client.tell(&method, &params).await })
    }
}

impl Relay {
    fn wait(
        &self,
        answer: impl Future<Output = Result<Result<Box<RawValue>, ErrorObjectOwned>, AskError>> + Send + 'static,
    ) -> Result<Box<RawValue>, OriginError> {
        match wait(&self.runtime, answer) {
            Some(Ok(answer)) => answer.map_err(OriginError::Refused),
            Some(Err(error)) => Err(OriginError::Unavailable { reason: error.to_string() }),
            None => Err(OriginError::Unavailable { reason: "this node is shutting down".to_owned() }),
        }
    }
}

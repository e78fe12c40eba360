//! `devnet_load`.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zkthreads_rpc_api::devnet::LoadSource;

use super::{Empty, control};
use crate::context::RpcContext;
use crate::error::RpcError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    #[serde(default)]
    path: Option<PathBuf>,
    /// What `devnet_dump` answered.
    #[serde(default)]
    dump: Option<String>,
}

/// Replaces everything by what a dump holds.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Empty, RpcError> {
    let source = match (params.path, params.dump) {
        (Some(path), None) => LoadSource::File(path),
        (None, Some(text)) => {
            let bytes = STANDARD.decode(text);
            LoadSource::Bytes(bytes.map_err(|error| RpcError::InvalidParams(format!("dump: {error}")))?)
        }
        _ => return Err(RpcError::InvalidParams("either `path` or `dump` is expected".to_owned())),
    };
    control(context)?.load(source)?;
    Ok(Empty {})
}

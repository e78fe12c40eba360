//! `devnet_dump`.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zkthreads_rpc_api::devnet::{DevnetError, DumpPlace};

use super::control;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::server::MAX_RESPONSE_BYTES;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    #[serde(default)]
    path: Option<PathBuf>,
    /// The dump in the answer, whatever path the node was started with.
    #[serde(default)]
    inline: bool,
}

/// The dump in base64, or null if it went into a file.
#[derive(Serialize)]
pub(super) struct Dump {
    dump: Option<String>,
}

/// Writes the whole chain into a file, or into the answer.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Dump, RpcError> {
    let place = match params.path {
        Some(path) => DumpPlace::File(path),
        None if params.inline => DumpPlace::Inline,
        None => DumpPlace::Default,
    };
    let dump = control(context)?.dump(place)?.map(|bytes| STANDARD.encode(bytes));
    // The rest of the answer takes less than a kilobyte.
    if dump.as_ref().is_some_and(|text| text.len() + 1_024 > MAX_RESPONSE_BYTES as usize) {
        let reason = "too large for an answer, give a path".to_owned();
        return Err(DevnetError::Dump { reason }.into());
    }
    Ok(Dump { dump })
}

//! `devnet_restart`.

use serde::Deserialize;

use super::{Empty, control};
use crate::context::RpcContext;
use crate::error::RpcError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    #[serde(default)]
    restart_l1_to_l2_messaging: bool,
}

/// Goes back to the first block.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Empty, RpcError> {
    control(context)?.restart(params.restart_l1_to_l2_messaging)?;
    Ok(Empty {})
}

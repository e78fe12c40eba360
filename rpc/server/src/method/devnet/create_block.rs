//! `devnet_createBlock`.

use super::{MadeBlock, control};
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::params::NoParams;

/// Seals the pre-confirmed block, empty or not.
pub(super) fn answer(context: &RpcContext, _: NoParams) -> Result<MadeBlock, RpcError> {
    Ok(MadeBlock { block_hash: control(context)?.create_block()? })
}

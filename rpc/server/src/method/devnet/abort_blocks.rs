//! `devnet_abortBlocks`.

use serde::Serialize;
use starknet_api::block::BlockHash;

use super::{StartingBlock, control, number};
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;

#[derive(Serialize)]
pub(super) struct Aborted {
    aborted: Vec<BlockHash>,
}

/// Undoes the block named and all after it. The pre-confirmed block is sealed first and then undone.
pub(super) fn answer(context: &RpcContext, params: StartingBlock) -> Result<Aborted, RpcError> {
    let control = control(context)?;
    let first = match params.starting_block_id {
        BlockId::PreConfirmed => {
            let sealed = control.create_block()?;
            number(context, BlockId::Hash(sealed))?
        }
        id => number(context, id)?,
    };
    Ok(Aborted { aborted: control.abort_blocks(first)? })
}

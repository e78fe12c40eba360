//! `devnet_acceptOnL1`.

use serde::Serialize;
use starknet_api::block::BlockHash;
use zkthreads_rpc_api::devnet::DevnetError;

use super::{StartingBlock, control, number};
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;

#[derive(Serialize)]
pub(super) struct Accepted {
    accepted: Vec<BlockHash>,
}

/// Marks the block named and all before it as accepted on L1.
pub(super) fn answer(context: &RpcContext, params: StartingBlock) -> Result<Accepted, RpcError> {
    let last = match params.starting_block_id {
        BlockId::PreConfirmed => return Err(DevnetError::PreConfirmedOnL1.into()),
        id => number(context, id)?,
    };
    Ok(Accepted { accepted: control(context)?.accept_on_l1(last)? })
}

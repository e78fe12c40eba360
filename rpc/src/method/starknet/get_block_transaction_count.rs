//! `starknet_getBlockTransactionCount`.

use super::BlockParams;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;

/// How many transactions a block holds; the next one, none yet.
pub(super) fn answer(context: &RpcContext, params: BlockParams) -> Result<usize, RpcError> {
    if params.block_id == BlockId::PreConfirmed {
        return Ok(0);
    }
    Ok(context.header(params.block_id)?.n_transactions)
}

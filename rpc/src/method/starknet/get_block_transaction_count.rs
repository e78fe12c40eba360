//! `starknet_getBlockTransactionCount`.

use super::BlockParams;
use crate::context::RpcContext;
use crate::error::RpcError;

/// How many transactions a block holds.
pub(super) fn answer(context: &RpcContext, params: BlockParams) -> Result<usize, RpcError> {
    Ok(context.header(params.block_id)?.n_transactions)
}

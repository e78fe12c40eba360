//! `starknet_getBlockWithTxHashes`.

use starknet_types_core::felt::Felt;

use super::BlockParams;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block::BlockOut;

/// A block and its transactions' hashes.
pub(super) fn answer(context: &RpcContext, params: BlockParams) -> Result<BlockOut<Felt>, RpcError> {
    let number = context.resolve(params.block_id)?;
    let transactions = context.transactions_at(number)?;
    Ok(BlockOut::new(&context.header_at(number)?, &transactions, |transaction| transaction.hash.0))
}

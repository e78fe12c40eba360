//! `starknet_getBlockWithTxHashes`.

use starknet_types_core::felt::Felt;

use super::{BlockParams, block};
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block::BlockOut;

/// A block and its transactions' hashes.
pub(super) fn answer(context: &RpcContext, params: BlockParams) -> Result<BlockOut<Felt>, RpcError> {
    block(context, params.block_id, |transaction, _| transaction.hash.0)
}

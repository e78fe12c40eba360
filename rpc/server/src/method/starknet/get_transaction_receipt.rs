//! `starknet_getTransactionReceipt`.

use starknet_api::transaction::TransactionHash;

use super::TransactionParams;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::lookup::Found;
use crate::wire::receipt::ReceiptOut;

/// The receipt of a transaction in a block, or in a thread transaction that settled there.
pub(super) fn answer(context: &RpcContext, params: TransactionParams) -> Result<ReceiptOut, RpcError> {
    let hash = TransactionHash(params.transaction_hash.0);
    match context.find_in_blocks(hash)? {
        Some(Found::InBlock(found)) => {
            Ok(ReceiptOut::new(&found.transaction, found.place.finality).in_block(&found.place))
        }
        Some(Found::Inner(inner)) => Ok(ReceiptOut::inner(hash, inner.effects()?, &inner.place)),
        Some(Found::Pending(_)) | None => Err(context.not_found(hash)),
    }
}

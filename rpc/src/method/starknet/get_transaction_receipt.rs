//! `starknet_getTransactionReceipt`.

use starknet_api::transaction::TransactionHash;

use super::TransactionParams;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::receipt::ReceiptOut;

/// The receipt of a transaction in a block.
pub(super) fn answer(context: &RpcContext, params: TransactionParams) -> Result<ReceiptOut, RpcError> {
    let hash = TransactionHash(params.transaction_hash.0);
    let (number, _, transaction) =
        context.storage.transaction(hash)?.ok_or_else(|| context.not_found(hash))?;
    let block_hash = context.header_at(number)?.block_hash;
    Ok(ReceiptOut::new(&transaction, Some((block_hash, number))))
}

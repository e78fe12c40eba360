//! `starknet_getTransactionByBlockIdAndIndex`.

use serde::Deserialize;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;
use crate::wire::flags::{TransactionFlag, has};
use crate::wire::transaction::TransactionOut;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    block_id: BlockId,
    index: usize,
    #[serde(default)]
    response_flags: Option<Vec<TransactionFlag>>,
}

/// The transaction at a place in a block; the next block has none yet.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<TransactionOut, RpcError> {
    if params.block_id == BlockId::PreConfirmed {
        return Err(RpcError::InvalidTransactionIndex);
    }
    let number = context.resolve(params.block_id)?;
    let transaction =
        context.storage.transaction_at(number, params.index)?.ok_or(RpcError::InvalidTransactionIndex)?;
    let proof_facts = has(&params.response_flags, TransactionFlag::IncludeProofFacts);
    Ok(TransactionOut::new(&transaction.body, Some(transaction.hash), proof_facts))
}

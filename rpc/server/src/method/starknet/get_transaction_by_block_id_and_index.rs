//! `starknet_getTransactionByBlockIdAndIndex`.

use serde::Deserialize;
use zkthreads_execution::StateAt;

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

/// The transaction at a place in a block.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<TransactionOut, RpcError> {
    let transaction = match context.resolve(params.block_id)? {
        StateAt::Block(number) => context.storage.transaction_at(number, params.index)?,
        StateAt::PreConfirmed(block) => {
            block.transaction(params.index).map(|executed| executed.transaction.clone())
        }
    };
    let transaction = transaction.ok_or(RpcError::InvalidTransactionIndex)?;
    let proof_facts = has(&params.response_flags, TransactionFlag::IncludeProofFacts);
    Ok(TransactionOut::new(&transaction.body, Some(transaction.hash), proof_facts))
}

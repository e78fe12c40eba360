//! `starknet_getBlockWithTxs`.

use serde::Deserialize;

use super::block;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block::BlockOut;
use crate::wire::block_id::BlockId;
use crate::wire::flags::{TransactionFlag, has};
use crate::wire::transaction::TransactionOut;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    block_id: BlockId,
    #[serde(default)]
    response_flags: Option<Vec<TransactionFlag>>,
}

/// A block and its transactions.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<BlockOut<TransactionOut>, RpcError> {
    let proof_facts = has(&params.response_flags, TransactionFlag::IncludeProofFacts);
    block(context, params.block_id, |transaction, _| {
        TransactionOut::new(&transaction.body, Some(transaction.hash), proof_facts)
    })
}

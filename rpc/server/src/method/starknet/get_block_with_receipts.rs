//! `starknet_getBlockWithReceipts`.

use serde::Deserialize;

use super::block;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block::{BlockOut, TransactionWithReceipt};
use crate::wire::block_id::BlockId;
use crate::wire::flags::{TransactionFlag, has};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    block_id: BlockId,
    #[serde(default)]
    response_flags: Option<Vec<TransactionFlag>>,
}

/// A block, its transactions and their receipts.
pub(super) fn answer(
    context: &RpcContext,
    params: Params,
) -> Result<BlockOut<TransactionWithReceipt>, RpcError> {
    let proof_facts = has(&params.response_flags, TransactionFlag::IncludeProofFacts);
    block(context, params.block_id, |transaction, finality| {
        TransactionWithReceipt::new(transaction, finality, proof_facts)
    })
}

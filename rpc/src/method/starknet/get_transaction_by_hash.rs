//! `starknet_getTransactionByHash`.

use serde::Deserialize;
use starknet_api::transaction::TransactionHash;

use crate::context::{Found, RpcContext};
use crate::error::RpcError;
use crate::wire::flags::{TransactionFlag, has};
use crate::wire::number::FeltHex;
use crate::wire::transaction::TransactionOut;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    transaction_hash: FeltHex,
    #[serde(default)]
    response_flags: Option<Vec<TransactionFlag>>,
}

/// A transaction, in a block or in the pool.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<TransactionOut, RpcError> {
    let proof_facts = has(&params.response_flags, TransactionFlag::IncludeProofFacts);
    let hash = TransactionHash(params.transaction_hash.0);
    let body = match context.find(hash)? {
        Found::InBlock(_, transaction) => transaction.body,
        Found::Pending(transaction) => transaction.to_transaction(),
    };
    Ok(TransactionOut::new(&body, Some(hash), proof_facts))
}

//! `starknet_getTransactionByHash`.

use serde::Deserialize;
use starknet_api::transaction::TransactionHash;
use zkthreads_rpc_api::number::FeltHex;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::lookup::Found;
use crate::wire::flags::{TransactionFlag, has};
use crate::wire::transaction::TransactionOut;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    transaction_hash: FeltHex,
    #[serde(default)]
    response_flags: Option<Vec<TransactionFlag>>,
}

/// A transaction: in a block, in a thread transaction that settled, or in the pool.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<TransactionOut, RpcError> {
    let proof_facts = has(&params.response_flags, TransactionFlag::IncludeProofFacts);
    let hash = TransactionHash(params.transaction_hash.0);
    Ok(match context.find(hash)? {
        Found::InBlock(found) => TransactionOut::new(&found.transaction.body, Some(hash), proof_facts),
        Found::Inner(inner) => {
            TransactionOut::invoke(inner.included()?.transaction.as_invoke(), Some(hash), proof_facts)
        }
        Found::Pending(transaction) => {
            TransactionOut::new(&transaction.to_transaction(), Some(hash), proof_facts)
        }
    })
}

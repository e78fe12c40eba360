//! `starknet_addInvokeTransaction`.

use serde::{Deserialize, Serialize};
use starknet_types_core::felt::Felt;

use crate::context::RpcContext;
use crate::convert::submission;
use crate::error::RpcError;
use crate::wire::broadcast::BroadcastInvoke;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    invoke_transaction: BroadcastInvoke,
}

#[derive(Serialize)]
pub(super) struct Added {
    transaction_hash: Felt,
}

/// Takes an invoke: a thread transaction if its `proof_facts` are a thread's, an ordinary one if it has none.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Added, RpcError> {
    let transaction = params.invoke_transaction;
    submission::executable(transaction.version)?;
    let sender = transaction.sender_address.0;
    let submission = submission::invoke(transaction).map_err(RpcError::InvalidProof)?;
    let pending = context.admit(sender, submission)?;
    Ok(Added { transaction_hash: context.submit(pending)?.0 })
}

//! `starknet_addDeclareTransaction`.

use serde::{Deserialize, Serialize};
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_execution::PendingBody;

use crate::context::RpcContext;
use crate::convert::submission;
use crate::door::Door;
use crate::error::RpcError;
use crate::method::registry::Added;
use crate::wire::broadcast::BroadcastDeclare;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    declare_transaction: BroadcastDeclare,
}

#[derive(Serialize)]
pub(super) struct AddedDeclare {
    transaction_hash: Felt,
    class_hash: Felt,
}

/// Takes a declare.
pub(super) fn answer(context: &RpcContext, door: &Door, params: Params) -> Result<AddedDeclare, RpcError> {
    let transaction = params.declare_transaction;
    submission::executable(transaction.version)?;
    let sender = transaction.sender_address.0;
    let pending = context.admit(door, sender, submission::declare(transaction))?;
    let PendingBody::Declare { tx, .. } = &pending.body else {
        return Err(RpcError::Internal { reason: "admission changed the kind of a transaction".to_owned() });
    };
    let class_hash = tx.class_hash.0;
    Ok(AddedDeclare { transaction_hash: context.submit(pending)?.0, class_hash })
}

impl Added for AddedDeclare {
    fn transaction_hash(&self) -> TransactionHash {
        TransactionHash(self.transaction_hash)
    }
}

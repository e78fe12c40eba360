//! `starknet_addInvokeTransaction`.

use starknet_api::transaction::TransactionHash;

use crate::context::RpcContext;
use crate::convert::submission;
use crate::door::Door;
use crate::error::RpcError;
use crate::method::registry::Added;
use crate::thread;
use crate::wire::broadcast::{AddInvoke, AddedInvoke};

/// Takes an invoke: a thread transaction if its `proof_facts` are a thread's, an ordinary one if it has none. A thread takes
/// inner transactions only.
pub(super) fn answer(context: &RpcContext, door: &Door, params: AddInvoke) -> Result<AddedInvoke, RpcError> {
    let transaction = params.invoke_transaction;
    submission::executable(transaction.version)?;
    if let Some(thread) = context.thread.as_deref() {
        return Ok(AddedInvoke { transaction_hash: thread::submit(thread, transaction)?.0 });
    }
    let sender = transaction.sender_address.0;
    let submission = submission::invoke(transaction).map_err(RpcError::InvalidProof)?;
    let pending = context.admit(door, sender, submission)?;
    Ok(AddedInvoke { transaction_hash: context.submit(pending)?.0 })
}

impl Added for AddedInvoke {
    fn transaction_hash(&self) -> TransactionHash {
        TransactionHash(self.transaction_hash)
    }
}

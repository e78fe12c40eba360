//! `zkthread_addThreadTransaction`.

use crate::context::RpcContext;
use crate::convert::submission;
use crate::door::Door;
use crate::error::RpcError;
use crate::wire::broadcast::{AddInvoke, AddedInvoke};

/// Takes a thread transaction. As `starknet_addInvokeTransaction`, but nothing else will do, and what is wrong with
/// a package has an error code of its own.
pub(super) fn answer(context: &RpcContext, door: &Door, params: AddInvoke) -> Result<AddedInvoke, RpcError> {
    let transaction = params.invoke_transaction;
    submission::executable(transaction.version)?;
    let sender = transaction.sender_address.0;
    let submission = submission::thread_invoke(transaction).map_err(RpcError::Thread)?;
    let pending = context.admit(door, sender, submission).map_err(|error| match error {
        RpcError::InvalidProof(error) => RpcError::Thread(error),
        error => error,
    })?;
    Ok(AddedInvoke { transaction_hash: context.submit(pending)?.0 })
}

//! `zkthread_getInnerReceipts`.

use starknet_api::transaction::TransactionHash;

use super::ThreadParams;
use super::found::FoundThread;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::thread_error::ThreadError;
use crate::wire::inner::effects;
use crate::wire::receipt::ReceiptOut;

/// The receipts of a thread's settled inner transactions, in order.
pub(super) fn answer(context: &RpcContext, params: ThreadParams) -> Result<Vec<ReceiptOut>, RpcError> {
    let found = FoundThread::by_hash(context, TransactionHash(params.transaction_hash.0))?;
    let outcome = found.outcome.as_ref().filter(|outcome| outcome.has_settled());
    let (Some(outcome), Some(place)) = (outcome, found.place) else {
        return Err(RpcError::Thread(ThreadError::NotSettled { status: found.status() }));
    };
    let settled = found.contents(context, outcome.settled())?;
    let receipt = |(hash, effects)| ReceiptOut::inner(hash, effects, &place);
    Ok(effects(&settled).into_iter().map(receipt).collect())
}

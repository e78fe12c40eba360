//! `starknet_subscribeTransactionStatus`.

use serde::{Deserialize, Serialize};
use starknet_api::block::BlockHeader;
use starknet_api::transaction::TransactionHash;
use starknet_rust_core::types::TransactionStatus;
use starknet_types_core::felt::Felt;
use zkthreads_rpc_api::ChainEvent;
use zkthreads_rpc_api::number::FeltHex;

use super::start::start;
use super::{Notification, Opening, Seen, Subscription};
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::method::starknet::{execution_result, get_transaction_status};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    transaction_hash: FeltHex,
}

struct Status {
    hash: TransactionHash,
    /// What was told last.
    last: Option<TransactionStatus>,
}

#[derive(Serialize)]
struct NewStatus<'a> {
    transaction_hash: Felt,
    status: &'a TransactionStatus,
}

/// A transaction's status as far as it is known, then each further one. A transaction that nobody has sent yet may be
/// waited for; one that is inside a thread transaction has a status once that settles.
pub(super) fn open(context: &RpcContext, params: Params) -> Result<Opening, RpcError> {
    let subscription = Status { hash: TransactionHash(params.transaction_hash.0), last: None };
    Ok(Opening::new(subscription, start(context, None)?))
}

impl Status {
    /// Tells `status`, unless it was told or the transaction has come further. A thread may execute a transaction again,
    /// with another result.
    fn tell(&mut self, status: TransactionStatus) -> Result<Option<Notification>, RpcError> {
        let is_old = |last: &TransactionStatus| *last == status || rank(last) > rank(&status);
        if self.last.as_ref().is_some_and(is_old) {
            return Ok(None);
        }
        let told = Notification::new(&NewStatus { transaction_hash: self.hash.0, status: &status })?;
        self.last = Some(status);
        Ok(Some(told))
    }

    fn look(&mut self, context: &RpcContext) -> Result<Option<Notification>, RpcError> {
        match get_transaction_status::status(context, self.hash)? {
            Some(status) => self.tell(status),
            None => Ok(None),
        }
    }
}

impl Subscription for Status {
    fn method(&self) -> &'static str {
        "starknet_subscriptionTransactionStatus"
    }

    fn kind(&self) -> &'static str {
        "transaction_status"
    }

    fn on_open(&mut self, context: &RpcContext) -> Result<Option<Notification>, RpcError> {
        self.look(context)
    }

    fn on_block(&mut self, context: &RpcContext, _: &BlockHeader) -> Result<Option<Notification>, RpcError> {
        self.look(context)
    }

    fn wants_pre_confirmed(&self) -> bool {
        true
    }

    /// Only of the open block: the stored ones are looked into as a whole.
    fn on_transaction(&mut self, seen: &Seen<'_>) -> Result<Vec<Notification>, RpcError> {
        let own = seen.transactions().find(|transaction| transaction.hash == self.hash);
        let Some(own) = own else { return Ok(Vec::new()) };
        let result = execution_result(&own.receipt.status);
        Ok(self.tell(TransactionStatus::PreConfirmed(result))?.into_iter().collect())
    }

    fn on_event(
        &mut self,
        context: &RpcContext,
        event: &ChainEvent,
    ) -> Result<Option<Notification>, RpcError> {
        match event {
            ChainEvent::Received { hash, .. } if *hash == self.hash => self.tell(TransactionStatus::Received),
            ChainEvent::L1Accepted(_) | ChainEvent::Reorg { .. } => self.look(context),
            // A thread's state may not have had the block yet when that was looked into.
            ChainEvent::Block(..) if context.thread.is_some() => self.look(context),
            _ => Ok(None),
        }
    }

    fn on_reorg(&mut self) {
        self.last = None;
    }
}

/// How far a status is.
fn rank(status: &TransactionStatus) -> u8 {
    match status {
        TransactionStatus::Received => 0,
        TransactionStatus::Candidate => 1,
        TransactionStatus::PreConfirmed(_) => 2,
        TransactionStatus::AcceptedOnL2(_) => 3,
        TransactionStatus::AcceptedOnL1(_) => 4,
    }
}

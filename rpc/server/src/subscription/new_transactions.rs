//! `starknet_subscribeNewTransactions`.

use serde::{Deserialize, Serialize};
use starknet_api::block::BlockHeader;
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::Transaction;
use zkthreads_rpc_api::ChainEvent;
use zkthreads_rpc_api::number::AddressHex;

use super::filter::{Senders, Status};
use super::start::start;
use super::{Notification, Opening, Seen, Subscription};
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::flags::{TransactionFlag, has};
use crate::wire::transaction::TransactionOut;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    #[serde(default)]
    finality_status: Option<Vec<Status>>,
    #[serde(default)]
    sender_address: Option<Vec<AddressHex>>,
    #[serde(default)]
    tags: Option<Vec<TransactionFlag>>,
}

struct NewTransactions {
    statuses: Vec<Status>,
    senders: Senders,
    proof_facts: bool,
}

#[derive(Serialize)]
struct NewTransaction {
    #[serde(flatten)]
    transaction: TransactionOut,
    finality_status: Status,
}

/// Transactions of some senders, whenever they reach one of some statuses; inner ones when their thread settles.
pub(super) fn open(context: &RpcContext, params: Params) -> Result<Opening, RpcError> {
    let subscription = NewTransactions {
        statuses: params.finality_status.unwrap_or_else(|| vec![Status::AcceptedOnL2]),
        senders: Senders::new(params.sender_address)?,
        proof_facts: has(&params.tags, TransactionFlag::IncludeProofFacts),
    };
    Ok(Opening::new(subscription, start(context, None)?))
}

impl NewTransactions {
    fn told(
        &self,
        hash: TransactionHash,
        transaction: &Transaction,
        finality_status: Status,
    ) -> Result<Notification, RpcError> {
        let transaction = TransactionOut::new(transaction, Some(hash), self.proof_facts);
        Notification::new(&NewTransaction { transaction, finality_status })
    }
}

impl Subscription for NewTransactions {
    fn method(&self) -> &'static str {
        "starknet_subscriptionNewTransaction"
    }

    fn kind(&self) -> &'static str {
        "new_transactions"
    }

    fn wants_transactions(&self, _: &BlockHeader) -> bool {
        self.statuses.contains(&Status::AcceptedOnL2)
    }

    fn wants_pre_confirmed(&self) -> bool {
        self.statuses.contains(&Status::PreConfirmed)
    }

    fn on_transaction(&mut self, seen: &Seen<'_>) -> Result<Vec<Notification>, RpcError> {
        let wanted = seen.transactions().filter(|transaction| self.senders.sent(transaction));
        wanted.map(|transaction| self.told(transaction.hash, &transaction.body, Status::of(seen))).collect()
    }

    fn on_event(&mut self, _: &RpcContext, event: &ChainEvent) -> Result<Option<Notification>, RpcError> {
        match event {
            ChainEvent::Received { hash, sender, transaction }
                if self.statuses.contains(&Status::Received) && self.senders.has(*sender) =>
            {
                self.told(*hash, transaction, Status::Received).map(Some)
            }
            _ => Ok(None),
        }
    }
}

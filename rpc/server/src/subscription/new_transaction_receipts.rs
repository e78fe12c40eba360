//! `starknet_subscribeNewTransactionReceipts`.

use serde::Deserialize;
use starknet_api::block::BlockHeader;
use zkthreads_rpc_api::number::AddressHex;

use super::filter::{BlockStatus, Senders};
use super::start::start;
use super::{Notification, Opening, Seen, Subscription};
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::receipt::ReceiptOut;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    #[serde(default)]
    finality_status: Option<Vec<BlockStatus>>,
    #[serde(default)]
    sender_address: Option<Vec<AddressHex>>,
}

struct NewReceipts {
    statuses: Vec<BlockStatus>,
    senders: Senders,
}

/// Receipts of some senders' transactions, whenever they reach one of some statuses. Inner transactions have theirs when
/// their thread settles.
pub(super) fn open(context: &RpcContext, params: Params) -> Result<Opening, RpcError> {
    let subscription = NewReceipts {
        statuses: params.finality_status.unwrap_or_else(|| vec![BlockStatus::AcceptedOnL2]),
        senders: Senders::new(params.sender_address)?,
    };
    Ok(Opening::new(subscription, start(context, None)?))
}

impl Subscription for NewReceipts {
    fn method(&self) -> &'static str {
        "starknet_subscriptionNewTransactionReceipts"
    }

    fn kind(&self) -> &'static str {
        "new_transaction_receipts"
    }

    fn wants_transactions(&self, _: &BlockHeader) -> bool {
        self.statuses.contains(&BlockStatus::AcceptedOnL2)
    }

    fn wants_pre_confirmed(&self) -> bool {
        self.statuses.contains(&BlockStatus::PreConfirmed)
    }

    fn on_transaction(&mut self, seen: &Seen<'_>) -> Result<Vec<Notification>, RpcError> {
        let wanted = seen.transactions().filter(|transaction| self.senders.sent(transaction));
        wanted
            .map(|transaction| {
                Notification::new(&ReceiptOut::new(transaction, seen.place.finality).in_block(&seen.place))
            })
            .collect()
    }
}

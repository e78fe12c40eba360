//! `starknet_subscribeEvents`.

use serde::{Deserialize, Serialize};
use starknet_api::block::BlockHeader;
use zkthreads_rpc_api::number::FeltHex;

use super::filter::BlockStatus;
use super::start::{StartId, start_with_latest};
use super::{Notification, Opening, OriginBlock, Seen, Subscription};
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::event::{Addresses, EmittedEvent, EventFilter};
use crate::wire::place::Finality;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    #[serde(default)]
    from_address: Option<Addresses>,
    #[serde(default)]
    keys: Option<Vec<Vec<FeltHex>>>,
    #[serde(default)]
    block_id: Option<StartId>,
    #[serde(default)]
    finality_status: Option<BlockStatus>,
}

struct Events {
    filter: EventFilter,
    pre_confirmed: bool,
}

#[derive(Serialize)]
struct NewEvent {
    #[serde(flatten)]
    event: EmittedEvent,
    finality_status: Finality,
}

/// The events that a filter lets through, from a block on; with `PRE_CONFIRMED`, those of the open block, too, which
/// come again once it is stored.
pub(super) fn open(context: &RpcContext, params: Params) -> Result<Opening, RpcError> {
    let subscription = Events {
        filter: EventFilter::new(params.from_address, params.keys)?,
        pre_confirmed: params.finality_status == Some(BlockStatus::PreConfirmed),
    };
    Ok(Opening::new(subscription, start_with_latest(context, params.block_id)?))
}

impl Subscription for Events {
    fn method(&self) -> &'static str {
        "starknet_subscriptionEvents"
    }

    fn kind(&self) -> &'static str {
        "events"
    }

    fn wants_transactions(&self, header: &BlockHeader) -> bool {
        header.n_events > 0
    }

    fn wants_pre_confirmed(&self) -> bool {
        self.pre_confirmed
    }

    fn replays_pre_confirmed(&self) -> bool {
        self.pre_confirmed
    }

    fn on_origin_block(&mut self, block: &OriginBlock) -> Result<Vec<Notification>, RpcError> {
        let mut told = Vec::new();
        for (index, receipt) in block.receipts.iter().enumerate() {
            let events = receipt.events.iter().enumerate();
            for (event_index, event) in events.filter(|(_, event)| self.filter.matches(event)) {
                let transaction = (receipt.transaction_hash, index);
                let event = EmittedEvent::new(event, &block.place, transaction, event_index);
                told.push(Notification::new(&NewEvent { event, finality_status: block.place.finality })?);
            }
        }
        Ok(told)
    }

    fn on_transaction(&mut self, seen: &Seen<'_>) -> Result<Vec<Notification>, RpcError> {
        let Seen { place, index, settled } = seen;
        let matching = settled.events().filter(|(event, _)| self.filter.matches(event));
        matching
            .map(|(event, (hash, event_index))| {
                let event = EmittedEvent::new(event, place, (hash, *index), event_index);
                Notification::new(&NewEvent { event, finality_status: place.finality })
            })
            .collect()
    }
}

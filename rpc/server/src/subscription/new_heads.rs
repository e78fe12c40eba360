//! `starknet_subscribeNewHeads`.

use serde::Deserialize;
use starknet_api::block::BlockHeader;

use super::start::{StartId, start};
use super::{Notification, Opening, OriginBlock, Subscription};
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block::HeaderOut;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    #[serde(default)]
    block_id: Option<StartId>,
}

struct NewHeads;

/// The headers of all blocks, from a block on.
pub(super) fn open(context: &RpcContext, params: Params) -> Result<Opening, RpcError> {
    Ok(Opening::new(NewHeads, start(context, params.block_id)?))
}

impl Subscription for NewHeads {
    fn method(&self) -> &'static str {
        "starknet_subscriptionNewHeads"
    }

    fn kind(&self) -> &'static str {
        "new_heads"
    }

    fn on_origin_block(&mut self, block: &OriginBlock) -> Result<Vec<Notification>, RpcError> {
        Ok(vec![Notification::new(&block.header)?])
    }

    fn on_block(&mut self, _: &RpcContext, header: &BlockHeader) -> Result<Option<Notification>, RpcError> {
        Notification::new(&HeaderOut::from(header)).map(Some)
    }
}

//! `devnet_getAccountBalance`.

use serde::{Deserialize, Serialize};
use zkthreads_rpc_api::devnet::Unit;
use zkthreads_rpc_api::number::AddressHex;

use super::balance;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    address: AddressHex,
    #[serde(default)]
    unit: Option<Unit>,
    #[serde(default)]
    block_id: Option<BlockId>,
}

/// A balance, decimal.
#[derive(Serialize)]
pub(super) struct Balance {
    amount: String,
    unit: Unit,
}

impl Balance {
    pub(super) fn read(
        context: &RpcContext,
        address: AddressHex,
        unit: Unit,
        block: BlockId,
    ) -> Result<Self, RpcError> {
        Ok(Self { amount: balance(context, address.0, unit, block)?.to_string(), unit })
    }
}

/// What an account holds of a token.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Balance, RpcError> {
    let block = params.block_id.unwrap_or(BlockId::Latest);
    Balance::read(context, params.address, params.unit.unwrap_or_default(), block)
}

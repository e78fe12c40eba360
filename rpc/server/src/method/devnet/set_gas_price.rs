//! `devnet_setGasPrice`.

use std::num::NonZeroU128;

use serde::Deserialize;
use zkthreads_rpc_api::devnet::GasPriceChange;

use super::control;
use crate::context::RpcContext;
use crate::error::RpcError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    #[serde(default)]
    gas_price_wei: Option<NonZeroU128>,
    #[serde(default)]
    data_gas_price_wei: Option<NonZeroU128>,
    #[serde(default)]
    gas_price_fri: Option<NonZeroU128>,
    #[serde(default)]
    data_gas_price_fri: Option<NonZeroU128>,
    #[serde(default)]
    l2_gas_price_wei: Option<NonZeroU128>,
    #[serde(default)]
    l2_gas_price_fri: Option<NonZeroU128>,
    #[serde(default)]
    generate_block: Option<bool>,
}

/// Sets gas prices from the next block on; all prices after that.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<GasPriceChange, RpcError> {
    let change = GasPriceChange {
        gas_price_wei: params.gas_price_wei,
        gas_price_fri: params.gas_price_fri,
        data_gas_price_wei: params.data_gas_price_wei,
        data_gas_price_fri: params.data_gas_price_fri,
        l2_gas_price_wei: params.l2_gas_price_wei,
        l2_gas_price_fri: params.l2_gas_price_fri,
    };
    Ok(control(context)?.set_gas_prices(change, params.generate_block.unwrap_or_default())?)
}

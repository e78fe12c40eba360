//! `devnet_setStorageAt`.

use serde::Deserialize;
use zkthreads_rpc_api::number::{AddressHex, FeltHex, KeyHex};

use super::{Empty, control};
use crate::context::RpcContext;
use crate::error::RpcError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    contract_address: AddressHex,
    key: KeyHex,
    value: FeltHex,
}

/// Writes a storage cell, in the pre-confirmed block.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Empty, RpcError> {
    control(context)?.set_storage(params.contract_address.0, params.key.0, params.value.0)?;
    Ok(Empty {})
}

//! `devnet_postmanLoad`.

use serde::{Deserialize, Serialize};
use zkthreads_rpc_api::devnet::EthAddress;

use super::control;
use crate::context::RpcContext;
use crate::error::RpcError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    network_url: String,
    #[serde(default, alias = "address")]
    messaging_contract_address: Option<EthAddress>,
    /// Read and not needed: nothing is deployed.
    #[serde(default)]
    #[expect(dead_code, reason = "clients of starknet-devnet send it")]
    deployer_account_private_key: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Loaded {
    messaging_contract_address: EthAddress,
}

/// Connects to L1: the mock within the node.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Loaded, RpcError> {
    let contract = control(context)?.load_l1(&params.network_url, params.messaging_contract_address)?;
    Ok(Loaded { messaging_contract_address: contract })
}

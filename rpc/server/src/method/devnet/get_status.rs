//! `devnet_getStatus`.

use serde::Serialize;
use starknet_api::core::ContractAddress;
use zkthreads_rpc_api::devnet::{ForkConfig, Impersonated};

use super::control;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::method::starknet::SPEC_VERSION;
use crate::params::NoParams;

#[derive(Serialize)]
pub(super) struct Status {
    block_count: u64,
    chain_id: String,
    protocol_version: &'static str,
    pre_confirmed_tx_count: usize,
    devnet_version: &'static str,
    is_forked: bool,
    fork_config: ForkConfig,
    impersonated_accounts: Vec<ContractAddress>,
    auto_impersonate: bool,
}

/// What the devnet is doing.
pub(super) fn answer(context: &RpcContext, _: NoParams) -> Result<Status, RpcError> {
    let control = control(context)?;
    let config = control.config();
    let Impersonated { everyone, accounts } = control.impersonation();
    // A fork's own blocks begin after the origin's.
    let first = config.fork_config.block_number.map_or(0, |origin| origin.saturating_add(1));
    let pre_confirmed = context.feed.pre_confirmed();
    Ok(Status {
        block_count: context.latest()?.0.saturating_sub(first).saturating_add(1),
        chain_id: config.chain_id,
        protocol_version: SPEC_VERSION,
        pre_confirmed_tx_count: pre_confirmed.map_or(0, |block| block.len()),
        devnet_version: env!("CARGO_PKG_VERSION"),
        is_forked: config.fork_config.url.is_some(),
        fork_config: config.fork_config,
        impersonated_accounts: accounts,
        auto_impersonate: everyone,
    })
}

//! The `devnet` namespace: starknet-devnet's methods, and three that it lacks or got late (`docs/devnet.md`).

mod abort_blocks;
mod accept_on_l1;
mod create_block;
mod dump;
mod get_account_balance;
mod get_config;
mod get_predeployed_accounts;
mod get_status;
mod impersonate;
mod increase_time;
mod load;
mod mint;
mod postman_consume_message_from_l2;
mod postman_flush;
mod postman_load;
mod postman_send_message_to_l2;
mod restart;
mod revert;
mod set_gas_price;
mod set_storage_at;
mod set_time;
mod snapshot;

use jsonrpsee::server::RegisterMethodError;
use num_bigint::BigUint;
use serde::{Deserialize, Serialize};
use starknet_api::abi::abi_utils::get_storage_var_address;
use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::ContractAddress;
use zkthreads_rpc_api::devnet::{DevnetControl, DevnetError, Unit};

use super::registry::Registry;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::jobs::Lane;
use crate::wire::block_id::BlockId;

pub(super) fn register(registry: &mut Registry) -> Result<(), RegisterMethodError> {
    registry
        .method("devnet_abortBlocks", Lane::Control, abort_blocks::answer)?
        .method("devnet_acceptOnL1", Lane::Control, accept_on_l1::answer)?
        .method("devnet_autoImpersonate", Lane::Control, impersonate::everyone)?
        .method("devnet_createBlock", Lane::Control, create_block::answer)?
        .method("devnet_dump", Lane::Control, dump::answer)?
        .method("devnet_getAccountBalance", Lane::Control, get_account_balance::answer)?
        .method("devnet_getConfig", Lane::Control, get_config::answer)?
        .method("devnet_getPredeployedAccounts", Lane::Control, get_predeployed_accounts::answer)?
        .method("devnet_getStatus", Lane::Control, get_status::answer)?
        .method("devnet_impersonateAccount", Lane::Control, impersonate::account)?
        .method("devnet_increaseTime", Lane::Control, increase_time::answer)?
        .method("devnet_load", Lane::Control, load::answer)?
        .method("devnet_mint", Lane::Control, mint::answer)?
        .method("devnet_postmanConsumeMessageFromL2", Lane::Control, postman_consume_message_from_l2::answer)?
        .method("devnet_postmanFlush", Lane::Control, postman_flush::answer)?
        .method("devnet_postmanLoad", Lane::Control, postman_load::answer)?
        .method("devnet_postmanSendMessageToL2", Lane::Control, postman_send_message_to_l2::answer)?
        .method("devnet_restart", Lane::Control, restart::answer)?
        .method("devnet_revert", Lane::Control, revert::answer)?
        .method("devnet_setGasPrice", Lane::Control, set_gas_price::answer)?
        .method("devnet_setStorageAt", Lane::Control, set_storage_at::answer)?
        .method("devnet_setTime", Lane::Control, set_time::answer)?
        .method("devnet_snapshot", Lane::Control, snapshot::answer)?
        .method("devnet_stopAutoImpersonate", Lane::Control, impersonate::not_everyone)?
        .method("devnet_stopImpersonateAccount", Lane::Control, impersonate::not_account)?;
    Ok(())
}

/// The answer of a method that has nothing to say: `{}`.
#[derive(Serialize)]
struct Empty {}

/// Parameters of a method about all blocks from one on, or up to one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StartingBlock {
    starting_block_id: BlockId,
}

/// Parameters of a method about an account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    account_address: zkthreads_rpc_api::number::AddressHex,
}

/// The answer of a method that made a block.
#[derive(Serialize)]
struct MadeBlock {
    block_hash: BlockHash,
}

/// The devnet's controls. Its methods are registered only where there are any.
fn control(context: &RpcContext) -> Result<&dyn DevnetControl, RpcError> {
    let control = context.devnet.as_deref();
    control.ok_or_else(|| RpcError::Internal { reason: "this node is no devnet".to_owned() })
}

/// The number of the sealed block that a request names.
fn number(context: &RpcContext, id: BlockId) -> Result<BlockNumber, RpcError> {
    match context.resolve(id) {
        Ok(at) => Ok(at.number()),
        Err(RpcError::BlockNotFound | RpcError::Missing(_)) => Err(DevnetError::NoBlock.into()),
        Err(error) => Err(error),
    }
}

/// What an account holds of a token, by the token's storage.
fn balance(
    context: &RpcContext,
    account: ContractAddress,
    unit: Unit,
    block: BlockId,
) -> Result<BigUint, RpcError> {
    let config = context.executor.config();
    let token = match unit {
        Unit::Wei => config.eth_address,
        Unit::Fri => config.strk_address,
    };
    let key = get_storage_var_address("ERC20_balances", &[*account.0.key()]);
    let high_key =
        key.next_storage_key().map_err(|error| RpcError::Internal { reason: error.to_string() })?;
    let state = context.state(block)?;
    let (low, high) = (state.storage(token, key)?, state.storage(token, high_key)?);
    Ok(low.to_biguint() + (high.to_biguint() << 128_u32))
}

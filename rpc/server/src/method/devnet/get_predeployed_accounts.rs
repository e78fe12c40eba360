//! `devnet_getPredeployedAccounts`.

use serde::{Deserialize, Serialize};
use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;
use zkthreads_rpc_api::devnet::{DevnetAccount, Unit};
use zkthreads_rpc_api::number::AddressHex;

use super::control;
use super::get_account_balance::Balance;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    #[serde(default)]
    with_balance: Option<bool>,
}

#[derive(Serialize)]
pub(super) struct Account {
    initial_balance: String,
    address: ContractAddress,
    public_key: Felt,
    private_key: Felt,
    balance: Option<Balances>,
}

#[derive(Serialize)]
struct Balances {
    eth: Balance,
    strk: Balance,
}

/// The predeployed accounts, with their balances in the pre-confirmed block if asked.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Vec<Account>, RpcError> {
    let with_balance = params.with_balance.unwrap_or_default();
    let balances = |account: &DevnetAccount| {
        let read = |unit| Balance::read(context, AddressHex(account.address), unit, BlockId::PreConfirmed);
        Ok::<_, RpcError>(Balances { eth: read(Unit::Wei)?, strk: read(Unit::Fri)? })
    };
    let show = |account: DevnetAccount| {
        Ok(Account {
            balance: with_balance.then(|| balances(&account)).transpose()?,
            initial_balance: account.initial_balance.to_string(),
            address: account.address,
            public_key: account.public_key,
            private_key: account.private_key,
        })
    };
    control(context)?.accounts().into_iter().map(show).collect()
}

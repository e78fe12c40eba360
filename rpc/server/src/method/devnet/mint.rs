//! `devnet_mint`.

use num_bigint::BigUint;
use serde::{Deserialize, Serialize};
use starknet_api::transaction::TransactionHash;
use zkthreads_rpc_api::devnet::Unit;
use zkthreads_rpc_api::number::AddressHex;

use super::{balance, control};
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::amount::Amount;
use crate::wire::block_id::BlockId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    address: AddressHex,
    amount: Amount,
    #[serde(default)]
    unit: Option<Unit>,
}

#[derive(Serialize)]
pub(super) struct Minted {
    /// Decimal.
    new_balance: String,
    unit: Unit,
    tx_hash: TransactionHash,
}

/// Gives an account more of a token.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Minted, RpcError> {
    let (AddressHex(receiver), Amount(amount)) = (params.address, params.amount);
    if amount.bits() > 256 {
        return Err(RpcError::InvalidParams("amount: more than 256 bits".to_owned()));
    }
    let unit = params.unit.unwrap_or_default();
    let tx_hash = control(context)?.mint(receiver, &amount, unit)?;
    let new_balance: BigUint = balance(context, receiver, unit, BlockId::PreConfirmed)?;
    Ok(Minted { new_balance: new_balance.to_string(), unit, tx_hash })
}

//! The devnet's ERC-20 tokens. Scenarios move ether, so that fees, which are paid in STRK, do not blur balances.

use anyhow::{Context, Result, ensure};
use starknet_api::abi::abi_utils::get_storage_var_address;
use starknet_types_core::felt::Felt;

use crate::node::TestNode;
use crate::rpc::Rpc;
use crate::wallet::{Call, Wallet, hash_of, wire};

/// Ether.
pub const ETH: Felt =
    Felt::from_hex_unchecked("0x49d36570d4e46f48e99674bd3fcc84644ddd6b96f7c741b1562b82f9e004dc7");
/// The token that fees are paid in.
pub const STRK: Felt =
    Felt::from_hex_unchecked("0x4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d");
/// What each predeployed account holds of each at genesis.
pub const INITIAL_BALANCE: u128 = 1_000_000_000_000_000_000_000;

/// Moves `amount` of `token` to `recipient`.
///
/// # Errors
/// Never; the function's name is ASCII.
pub fn transfer(token: Felt, recipient: Felt, amount: u128) -> Result<Call> {
    Call::new(token, "transfer", vec![recipient, Felt::from(amount), Felt::ZERO])
}

/// The cell that holds the low half of `owner`'s balance.
#[must_use]
pub fn balance_key(owner: Felt) -> Felt {
    *get_storage_var_address("ERC20_balances", &[owner]).0.key()
}

/// `owner`'s balance in the latest block.
///
/// # Errors
/// If the call fails or the balance does not fit.
pub async fn balance(rpc: &Rpc, token: Felt, owner: Felt) -> Result<u128> {
    let result = rpc.view(token, "balance_of", &[owner]).await?;
    let low = result.first().context("no balance")?;
    u128::try_from(*low).map_err(|_| anyhow::anyhow!("balance {low:#x}"))
}

/// Moves ether by way of a node or a thread; the transaction's hash.
///
/// # Errors
/// If it is refused, or acknowledged by another hash than its own.
pub async fn send_ether(rpc: &Rpc, from: &Wallet, nonce: u64, to: Felt, amount: u128) -> Result<Felt> {
    let transaction = from.invoke(nonce, &[transfer(ETH, to, amount)?])?;
    let hash = rpc.send(&wire(&transaction, None)).await?;
    ensure!(hash == hash_of(&transaction)?.0, "it is acknowledged as {hash:#x}");
    Ok(hash)
}

/// Ether is neither lost nor made: all that is there belongs to the predeployed accounts.
///
/// # Errors
/// If it does not.
pub async fn check_supply(node: &TestNode) -> Result<()> {
    let mut total = 0;
    for account in &node.accounts {
        total += balance(&node.rpc, ETH, account.address).await?;
    }
    ensure!(total == INITIAL_BALANCE * node.accounts.len() as u128, "there is {total} of ether");
    Ok(())
}

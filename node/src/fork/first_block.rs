//! The first block of a fork: what a devnet's user counts on, on top of what the origin has.

use starknet_api::abi::abi_utils::get_storage_var_address;
use starknet_api::core::{ClassHash, ContractAddress};
use zkthreads_execution::GenesisState;
use zkthreads_storage::BaseState;

use super::ForkError;
use crate::devnet::constants::{ETH_ADDRESS, LEGACY_UDC_ADDRESS, STRK_ADDRESS, UDC_ADDRESS};

/// What remains to be done of a devnet's genesis block where the origin has done a part of it.
///
/// Tokens and deployers that the origin has stay its own; of the tokens' cells only the accounts' balances and the right
/// to mint are written. Accounts get the class and the key that the devnet tells its user. The devnet's classes are
/// declared in any case: so they need not be fetched.
///
/// # Errors
/// If the origin does not answer.
pub fn adapt(mut genesis: GenesisState, base: &dyn BaseState) -> Result<GenesisState, ForkError> {
    let mut accounts = Vec::new();
    let mut present = Vec::new();
    for (contract, class) in &genesis.contracts {
        let found = base.class_hash(*contract)?;
        if !is_shared(*contract) {
            accounts.push(*contract);
        }
        if found == *class || (found != ClassHash::default() && is_shared(*contract)) {
            present.push(*contract);
        }
    }
    for token in [ETH_ADDRESS, STRK_ADDRESS] {
        let token = ContractAddress::try_from(token)?;
        if present.contains(&token) {
            keep_funds(&mut genesis, token, &accounts)?;
        }
    }
    genesis.contracts.retain(|contract, _| !present.contains(contract));
    Ok(genesis)
}

/// Whether all of a network use the contract.
fn is_shared(contract: ContractAddress) -> bool {
    [ETH_ADDRESS, STRK_ADDRESS, UDC_ADDRESS, LEGACY_UDC_ADDRESS].contains(contract.0.key())
}

/// Leaves a token's name, supply and the like as they are.
fn keep_funds(
    genesis: &mut GenesisState,
    token: ContractAddress,
    accounts: &[ContractAddress],
) -> Result<(), ForkError> {
    let mut kept = vec![get_storage_var_address("permitted_minter", &[])];
    for account in accounts {
        let low = get_storage_var_address("ERC20_balances", &[*account.0.key()]);
        kept.extend([low, low.next_storage_key()?]);
    }
    genesis.storage.retain(|(contract, key), _| *contract != token || kept.contains(key));
    Ok(())
}

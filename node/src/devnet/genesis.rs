//! The state a devnet begins with: tokens, deployers and funded accounts, as starknet-devnet's.

use num_bigint::BigUint;
use starknet_api::StarknetApiError;
use starknet_api::abi::abi_utils::get_storage_var_address;
use starknet_api::block::BlockTimestamp;
use starknet_api::core::{ClassHash, ContractAddress};
use starknet_types_core::felt::Felt;
use zkthreads_execution::GenesisState;

use super::accounts::PredeployedAccount;
use super::classes::{ClassError, genesis_classes};
use super::constants::{
    ACCOUNT_CLASS_HASH, ETH_ADDRESS, ETH_CLASS_HASH, LEGACY_UDC_ADDRESS, LEGACY_UDC_CLASS_HASH, STRK_ADDRESS,
    STRK_CLASS_HASH, UDC_ADDRESS, UDC_CLASS_HASH,
};
use super::tokens::{Slots, token_slots};

/// The SNIP-6 account interface: OpenZeppelin's constructor registers it, so genesis does.
const ACCOUNT_INTERFACE: Felt =
    Felt::from_hex_unchecked("0x2ceccef7f994940b3962a6c67e0ba4fcd37df7d131417c604f91e03caecc1cd");

/// Why there is no genesis state.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// An embedded class is wrong.
    #[error(transparent)]
    Class(#[from] ClassError),
    /// A value that Starknet's types cannot hold.
    #[error(transparent)]
    Value(#[from] StarknetApiError),
}

/// Block 0 with these accounts, each holding `initial_balance` of both tokens, and the chargeable account.
///
/// # Errors
/// If an embedded class is not what it should be.
pub fn genesis_state(
    accounts: &[PredeployedAccount],
    initial_balance: u128,
    timestamp: BlockTimestamp,
) -> Result<GenesisState, GenesisError> {
    let mut genesis = GenesisState { timestamp, classes: genesis_classes()?, ..GenesisState::default() };
    let chargeable = PredeployedAccount::chargeable()?;

    let balances: Vec<_> = accounts
        .iter()
        .map(|account| (account.address, BigUint::from(initial_balance)))
        .chain([(chargeable.address, BigUint::from(1_u8) << 255_u32)])
        .collect();
    let tokens = [
        (ETH_ADDRESS, ETH_CLASS_HASH, "Ether", "ETH"),
        (STRK_ADDRESS, STRK_CLASS_HASH, "StarkNet Token", "STRK"),
    ];
    for (address, class_hash, name, symbol) in tokens {
        deploy(&mut genesis, address, class_hash, token_slots(name, symbol, &balances)?)?;
    }
    for (address, class_hash) in [(UDC_ADDRESS, UDC_CLASS_HASH), (LEGACY_UDC_ADDRESS, LEGACY_UDC_CLASS_HASH)]
    {
        deploy(&mut genesis, address, class_hash, Slots::new())?;
    }
    for account in accounts.iter().chain([&chargeable]) {
        deploy(&mut genesis, *account.address.0.key(), ACCOUNT_CLASS_HASH, account_slots(account))?;
    }
    Ok(genesis)
}

/// What the account's constructor writes.
fn account_slots(account: &PredeployedAccount) -> Slots {
    Slots::from([
        (get_storage_var_address("Account_public_key", &[]), account.public_key),
        (get_storage_var_address("SRC5_supported_interfaces", &[ACCOUNT_INTERFACE]), Felt::ONE),
    ])
}

fn deploy(
    genesis: &mut GenesisState,
    address: Felt,
    class_hash: Felt,
    slots: Slots,
) -> Result<(), StarknetApiError> {
    let address = ContractAddress::try_from(address)?;
    genesis.contracts.insert(address, ClassHash(class_hash));
    genesis.storage.extend(slots.into_iter().map(|(key, value)| ((address, key), value)));
    Ok(())
}

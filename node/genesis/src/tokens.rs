//! Genesis storage of the two fee tokens, slot by slot.

use std::collections::BTreeMap;

use num_bigint::BigUint;
use starknet_api::StarknetApiError;
use starknet_api::abi::abi_utils::get_storage_var_address;
use starknet_api::core::{ContractAddress, ascii_as_felt};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::Poseidon;

/// Storage of one contract at genesis. Holds no zeros: an absent slot reads as zero.
pub(crate) type Slots = BTreeMap<StorageKey, Felt>;

/// The slots of an ERC-20 with its metadata, its minter if anybody may mint, and these balances; the total supply is their sum, modulo
/// 2^256.
///
/// # Errors
/// If the name or symbol is not a short ASCII string, or a storage key cannot be computed.
pub(crate) fn token_slots(
    name: &str,
    symbol: &str,
    minter: Option<Felt>,
    balances: &[(ContractAddress, BigUint)],
) -> Result<Slots, StarknetApiError> {
    let mut slots = Slots::new();
    set_short_byte_array(&mut slots, "ERC20_name", name)?;
    set_short_byte_array(&mut slots, "ERC20_symbol", symbol)?;
    slots.insert(get_storage_var_address("ERC20_decimals", &[]), Felt::from(18_u8));
    if let Some(minter) = minter {
        slots.insert(get_storage_var_address("permitted_minter", &[]), minter);
    }
    for (holder, balance) in balances {
        set_u256(&mut slots, get_storage_var_address("ERC20_balances", &[*holder.0.key()]), balance)?;
    }
    let supply: BigUint = balances.iter().map(|(_, balance)| balance).sum();
    let supply = supply % (BigUint::from(1_u8) << 256_u32);
    set_u256(&mut slots, get_storage_var_address("ERC20_total_supply", &[]), &supply)?;
    Ok(slots)
}

/// A Cairo `u256` takes two slots, the low 128 bits first.
fn set_u256(slots: &mut Slots, key: StorageKey, value: &BigUint) -> Result<(), StarknetApiError> {
    let low = Felt::from(value & BigUint::from(u128::MAX));
    let high = Felt::from(value >> 128_u32);
    for (key, half) in [(key, low), (key.next_storage_key()?, high)] {
        if half != Felt::ZERO {
            slots.insert(key, half);
        }
    }
    Ok(())
}

/// A Cairo `ByteArray` of less than 31 bytes: its length at its own address, its bytes as one word at the address
/// of its first chunk.
fn set_short_byte_array(slots: &mut Slots, variable: &str, text: &str) -> Result<(), StarknetApiError> {
    let key = get_storage_var_address(variable, &[]);
    let mut chunk = [key.into(), Felt::ZERO, ascii_as_felt("ByteArray")?];
    Poseidon::hades_permutation(&mut chunk);
    slots.insert(key, Felt::from(text.len()));
    slots.insert(chunk_key(chunk[0])?, ascii_as_felt(text)?);
    Ok(())
}

/// Storage addresses live below 2^251 − 256; hashes are reduced to fit.
fn chunk_key(hash: Felt) -> Result<StorageKey, StarknetApiError> {
    let bound = (BigUint::from(1_u8) << 251_u32) - 256_u32;
    Felt::from(hash.to_biguint() % bound).try_into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_supply_is_the_sum_of_the_balances_and_zeros_are_left_out() {
        let holder = ContractAddress::from(5_u8);
        let rich = ContractAddress::from(6_u8);
        let slots = token_slots(
            "StarkNet Token",
            "STRK",
            None,
            &[(holder, BigUint::from(7_u8)), (rich, BigUint::from(1_u8) << 255_u32)],
        )
        .unwrap();
        let supply = get_storage_var_address("ERC20_total_supply", &[]);
        assert_eq!(slots[&supply], Felt::from(7));
        assert_eq!(slots[&supply.next_storage_key().unwrap()], Felt::from(1_u128 << 127));
        let balance = get_storage_var_address("ERC20_balances", &[Felt::from(5)]);
        assert_eq!(slots[&balance], Felt::from(7));
        assert!(!slots.contains_key(&balance.next_storage_key().unwrap()));
        assert!(slots.values().all(|value| *value != Felt::ZERO));
    }
}

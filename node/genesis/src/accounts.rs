//! The predeployed accounts: the same keys and addresses as starknet-devnet's for the same seed.

use std::hash::{BuildHasher, Hasher};

use rand_core::SeedableRng;
use rand_mt::Mt64;
use starknet_api::StarknetApiError;
use starknet_api::core::{ClassHash, ContractAddress, calculate_contract_address};
use starknet_api::transaction::fields::{Calldata, ContractAddressSalt};
use starknet_rust::signers::SigningKey;
use starknet_types_core::felt::Felt;

use crate::constants::{CHARGEABLE_ADDRESS, CHARGEABLE_PRIVATE_KEY};

/// The class that addresses are derived from. It is not the class deployed: starknet-devnet kept the addresses of
/// its first account contract when it moved to later ones.
const CLASS_HASH_OF_ADDRESSES: Felt =
    Felt::from_hex_unchecked("0x3fcbf77b28c96f4f2fb5bd2d176ab083a12a5e123adeb0de955d7ee228c9854");
const SALT: Felt = Felt::from_hex_unchecked("0x14");

/// An account deployed at genesis, with the key that signs for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PredeployedAccount {
    /// Where it is deployed.
    pub address: ContractAddress,
    /// Signs its transactions. Public knowledge: devnet accounts hold nothing of value.
    pub private_key: Felt,
    /// What the account's contract checks signatures against.
    pub public_key: Felt,
}

impl PredeployedAccount {
    /// The account of a private key, at the address derived from it.
    ///
    /// # Errors
    /// Never for a key within the curve's order; the address computation is fallible in principle.
    pub fn from_private_key(private_key: Felt) -> Result<Self, StarknetApiError> {
        let public_key = public_key(private_key);
        let address = calculate_contract_address(
            ContractAddressSalt(SALT),
            ClassHash(CLASS_HASH_OF_ADDRESSES),
            &Calldata(vec![public_key].into()),
            ContractAddress::default(),
        )?;
        Ok(Self { address, private_key, public_key })
    }

    /// The account that holds 2^255 of each token and may mint more.
    ///
    /// # Errors
    /// Never: its address is a constant in range.
    pub fn chargeable() -> Result<Self, StarknetApiError> {
        Ok(Self {
            address: CHARGEABLE_ADDRESS.try_into()?,
            private_key: CHARGEABLE_PRIVATE_KEY,
            public_key: public_key(CHARGEABLE_PRIVATE_KEY),
        })
    }
}

/// The first `count` accounts of `seed`.
///
/// # Errors
/// As [`PredeployedAccount::from_private_key`].
pub fn derive(seed: u32, count: u8) -> Result<Vec<PredeployedAccount>, StarknetApiError> {
    let mut random = Mt64::seed_from_u64(seed.into());
    (0..count)
        .map(|_| {
            let low = u128::from(random.next_u64());
            let high = u128::from(random.next_u64());
            PredeployedAccount::from_private_key(Felt::from((high << 64) | low))
        })
        .collect()
}

/// A seed nobody chose. Keys of a devnet need no better entropy than the standard library's hash seeds.
#[must_use]
pub fn random_seed() -> u32 {
    let entropy = std::collections::hash_map::RandomState::new().build_hasher().finish();
    (entropy >> 32) as u32
}

fn public_key(private_key: Felt) -> Felt {
    SigningKey::from_secret_scalar(private_key).verifying_key().scalar()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn felt(hex: &str) -> Felt {
        Felt::from_hex(hex).unwrap()
    }

    #[test]
    fn seed_zero_yields_the_accounts_everyone_knows() {
        let accounts = derive(0, 3).unwrap();
        let known = [
            (
                "0x064b48806902a367c8598f4f95c305e8c1a1acba5f082d294a43793113115691",
                "0x71d7bb07b9a64f6f78ac4c816aff4da9",
            ),
            (
                "0x078662e7352d062084b0010068b99288486c2d8b914f6e2a55ce945f8792c8b1",
                "0xe1406455b7d66b1690803be066cbe5e",
            ),
            (
                "0x049dfb8ce986e21d354ac93ea65e6a11f639c1934ea253e5ff14ca62eca0f38e",
                "0xa20a02f0ac53692d144b20cb371a60d7",
            ),
        ];
        for (account, (address, private_key)) in accounts.iter().zip(known) {
            assert_eq!(*account.address.0.key(), felt(address));
            assert_eq!(account.private_key, felt(private_key));
        }
        assert_eq!(
            accounts[0].public_key,
            felt("0x39d9e6ce352ad4530a0ef5d5a18fd3303c3606a7fa6ac5b620020ad681cc33b")
        );
    }

    #[test]
    fn a_shorter_list_is_a_prefix_of_a_longer_one() {
        assert_eq!(derive(7, 2).unwrap(), derive(7, 5).unwrap()[..2]);
        assert_ne!(derive(7, 1).unwrap(), derive(8, 1).unwrap());
    }

    #[test]
    fn the_chargeable_account_has_its_public_key() {
        assert_eq!(
            PredeployedAccount::chargeable().unwrap().public_key,
            felt("0x4c37ab4f0994879337bfd4ead0800776db57da382b8ed8efaa478c5d3b942a4")
        );
    }
}

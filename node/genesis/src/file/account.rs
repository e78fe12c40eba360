//! An account of a genesis file.

use num_bigint::BigUint;
use serde::{Deserialize, Serialize};
use starknet_api::StarknetApiError;
use starknet_api::core::{ClassHash, ContractAddress, calculate_contract_address};
use starknet_api::transaction::fields::{Calldata, ContractAddressSalt};
use starknet_types_core::felt::Felt;

use super::GenesisFileError;
use crate::constants::ACCOUNT_CLASS_HASH;
use crate::state::Holder;

/// An account that is deployed, or an address that only holds something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GenesisAccount {
    /// The address; without it, the one that deploying the account with this key and salt 0 would give.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What an OpenZeppelin account deployed there checks signatures against; nothing is deployed without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// Decimal, of STRK in fri and of ETH in wei. TOML's integers are too small for it.
    pub balance: String,
}

impl GenesisAccount {
    /// As the genesis state takes it.
    pub(super) fn holder(&self) -> Result<Holder, GenesisFileError> {
        let public_key = self.public_key.as_deref().map(|key| felt("public-key", key)).transpose()?;
        let address = match (&self.address, public_key) {
            (Some(address), _) => felt("address", address)?.try_into(),
            (None, Some(key)) => account_address(key),
            (None, None) => return Err(GenesisFileError::Nobody),
        };
        let address =
            address.map_err(|_| self.wrong("address", self.address.as_deref().unwrap_or_default()))?;
        let balance: BigUint = self.balance.parse().map_err(|_| self.wrong("balance", &self.balance))?;
        if balance.bits() > 128 {
            return Err(self.wrong("balance", &self.balance));
        }
        let account = public_key.map(|key| (ClassHash(ACCOUNT_CLASS_HASH), key));
        Ok(Holder { address, account, balance })
    }

    fn wrong(&self, key: &'static str, value: &str) -> GenesisFileError {
        GenesisFileError::Value { key, value: value.to_owned() }
    }
}

/// Where an OpenZeppelin account with this key goes if its owner deploys it with salt 0.
fn account_address(public_key: Felt) -> Result<ContractAddress, StarknetApiError> {
    calculate_contract_address(
        ContractAddressSalt(Felt::ZERO),
        ClassHash(ACCOUNT_CLASS_HASH),
        &Calldata(vec![public_key].into()),
        ContractAddress::default(),
    )
}

fn felt(key: &'static str, value: &str) -> Result<Felt, GenesisFileError> {
    let felt = value.starts_with("0x").then(|| Felt::from_hex(value).ok()).flatten();
    felt.ok_or_else(|| GenesisFileError::Value { key, value: value.to_owned() })
}

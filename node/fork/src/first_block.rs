//! The first block of a fork: what a devnet's user counts on, on top of what the origin has.

use starknet_api::abi::abi_utils::get_storage_var_address;
use starknet_api::core::{ClassHash, ContractAddress};
use zkthreads_execution::GenesisState;
use zkthreads_genesis::constants::{ETH_ADDRESS, LEGACY_UDC_ADDRESS, STRK_ADDRESS, UDC_ADDRESS};
use zkthreads_storage::BaseState;

use crate::ForkError;

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

#[cfg(test)]
mod tests {
    use starknet_api::core::Nonce;
    use starknet_api::state::StorageKey;
    use starknet_types_core::felt::Felt;
    use zkthreads_storage::{BaseStateError, ClassRecord};

    use super::*;
    use zkthreads_genesis::accounts::derive;
    use zkthreads_genesis::constants::ACCOUNT_CLASS_HASH;
    use zkthreads_genesis::state::{AccountClasses, devnet_state};

    /// A network where only these contracts exist.
    struct Contracts(Vec<(Felt, Felt)>);

    impl BaseState for Contracts {
        fn storage(&self, _: ContractAddress, _: StorageKey) -> Result<Felt, BaseStateError> {
            Ok(Felt::ZERO)
        }

        fn nonce(&self, _: ContractAddress) -> Result<Nonce, BaseStateError> {
            Ok(Nonce::default())
        }

        fn class_hash(&self, contract: ContractAddress) -> Result<ClassHash, BaseStateError> {
            let found = self.0.iter().find(|(address, _)| address == contract.0.key());
            Ok(ClassHash(found.map(|(_, class)| *class).unwrap_or_default()))
        }

        fn class(&self, _: ClassHash) -> Result<Option<ClassRecord>, BaseStateError> {
            Ok(None)
        }
    }

    #[test]
    fn what_the_origin_has_stays_and_accounts_get_their_funds() {
        let accounts = derive(0, 2).unwrap();
        let [there, otherwise] = [accounts[0].address, accounts[1].address];
        let genesis =
            devnet_state(&accounts, &1_000.into(), &AccountClasses::default(), Default::default()).unwrap();
        let origin = Contracts(vec![
            (STRK_ADDRESS, Felt::ONE),
            (UDC_ADDRESS, Felt::TWO),
            (*there.0.key(), ACCOUNT_CLASS_HASH),
            (*otherwise.0.key(), Felt::THREE),
        ]);
        let block = adapt(genesis.clone(), &origin).unwrap();

        let has = |address: Felt| block.contracts.contains_key(&ContractAddress::try_from(address).unwrap());
        assert!(has(ETH_ADDRESS) && has(LEGACY_UDC_ADDRESS));
        assert!(!has(STRK_ADDRESS) && !has(UDC_ADDRESS) && !has(*there.0.key()));
        assert_eq!(block.contracts.get(&otherwise), Some(&ClassHash(ACCOUNT_CLASS_HASH)));

        let cell = |token: Felt, variable: &str, arguments: &[Felt]| {
            let key = get_storage_var_address(variable, arguments);
            block.storage.get(&(ContractAddress::try_from(token).unwrap(), key)).copied()
        };
        for account in [there, otherwise] {
            assert_eq!(cell(STRK_ADDRESS, "ERC20_balances", &[*account.0.key()]), Some(Felt::from(1_000)));
        }
        assert!(cell(STRK_ADDRESS, "permitted_minter", &[]).is_some());
        for (variable, token, is_written) in [
            ("ERC20_decimals", STRK_ADDRESS, false),
            ("ERC20_total_supply", STRK_ADDRESS, false),
            ("ERC20_decimals", ETH_ADDRESS, true),
        ] {
            assert_eq!(cell(token, variable, &[]).is_some(), is_written, "{variable} {token:#x}");
        }
    }

    #[test]
    fn where_nothing_is_everything_is_deployed() {
        let genesis = devnet_state(
            &derive(0, 2).unwrap(),
            &1_000.into(),
            &AccountClasses::default(),
            Default::default(),
        )
        .unwrap();
        let block = adapt(genesis.clone(), &Contracts(Vec::new())).unwrap();
        assert_eq!(block.contracts, genesis.contracts);
        assert_eq!(block.storage, genesis.storage);
    }
}

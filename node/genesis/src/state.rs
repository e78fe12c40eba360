//! The state a chain begins with: tokens, deployers and funded accounts, as starknet-devnet's.

use num_bigint::BigUint;
use starknet_api::StarknetApiError;
use starknet_api::abi::abi_utils::get_storage_var_address;
use starknet_api::block::BlockTimestamp;
use starknet_api::core::{ClassHash, ContractAddress};
use starknet_types_core::felt::Felt;
use zkthreads_execution::GenesisState;

use crate::account_class::AccountClass;
use crate::accounts::PredeployedAccount;
use crate::balance::Balance;
use crate::classes::{ClassError, argent, legacy_account, standard};
use crate::constants::{
    CHARGEABLE_ADDRESS, ETH_ADDRESS, ETH_CLASS_HASH, LEGACY_UDC_ADDRESS, LEGACY_UDC_CLASS_HASH, STRK_ADDRESS,
    STRK_CLASS_HASH, UDC_ADDRESS, UDC_CLASS_HASH,
};
use crate::tokens::{Slots, token_slots};

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

/// Who has something in block 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Where.
    pub address: ContractAddress,
    /// The class and the key of the account that is deployed there, if any is.
    pub account: Option<(ClassHash, Felt)>,
    /// Of each token.
    pub balance: BigUint,
}

/// Account classes of a devnet.
#[derive(Debug, Clone, Default)]
pub struct AccountClasses {
    /// Of the predeployed accounts.
    pub predeployed: AccountClass,
    /// Whether Argent's are declared as well.
    pub argent: bool,
}

/// Block 0 of a devnet: these accounts, each holding `initial_balance` of both tokens, and the chargeable account.
///
/// # Errors
/// If an embedded class is not what it should be, or the user's account class does not compile.
pub fn devnet_state(
    accounts: &[PredeployedAccount],
    initial_balance: &Balance,
    classes: &AccountClasses,
    timestamp: BlockTimestamp,
) -> Result<GenesisState, GenesisError> {
    let holder = |account: &PredeployedAccount, class: ClassHash, balance| Holder {
        address: account.address,
        account: Some((class, account.public_key)),
        balance,
    };
    let (chargeable, endless) = (PredeployedAccount::chargeable()?, BigUint::from(1_u8) << 255_u32);
    let predeployed = classes.predeployed.hash();
    let holders: Vec<_> = accounts
        .iter()
        .map(|account| holder(account, predeployed, initial_balance.amount().clone()))
        .chain([holder(&chargeable, AccountClass::default().hash(), endless)])
        .collect();
    let mut genesis = genesis_state(&holders, Some(CHARGEABLE_ADDRESS), timestamp)?;
    genesis.classes.push(legacy_account()?);
    genesis.classes.extend(classes.predeployed.own_record()?);
    if classes.argent {
        genesis.classes.extend(argent()?.into_iter().filter(|(hash, _)| *hash != predeployed));
    }
    Ok(genesis)
}

/// Block 0: the standard classes, both deployers, the tokens with these holders, and who may mint more of them.
///
/// # Errors
/// If an embedded class is not what it should be.
pub fn genesis_state(
    holders: &[Holder],
    minter: Option<Felt>,
    timestamp: BlockTimestamp,
) -> Result<GenesisState, GenesisError> {
    let mut genesis = GenesisState { timestamp, classes: standard()?, ..GenesisState::default() };
    let balances: Vec<_> = holders.iter().map(|holder| (holder.address, holder.balance.clone())).collect();
    let tokens = [
        (ETH_ADDRESS, ETH_CLASS_HASH, "Ether", "ETH"),
        (STRK_ADDRESS, STRK_CLASS_HASH, "StarkNet Token", "STRK"),
    ];
    for (address, class_hash, name, symbol) in tokens {
        deploy(&mut genesis, address, class_hash, token_slots(name, symbol, minter, &balances)?)?;
    }
    for (address, class_hash) in [(UDC_ADDRESS, UDC_CLASS_HASH), (LEGACY_UDC_ADDRESS, LEGACY_UDC_CLASS_HASH)]
    {
        deploy(&mut genesis, address, class_hash, Slots::new())?;
    }
    for holder in holders {
        if let Some((class, key)) = holder.account {
            deploy(&mut genesis, *holder.address.0.key(), class.0, account_slots(key))?;
        }
    }
    Ok(genesis)
}

/// What the account's constructor writes.
fn account_slots(public_key: Felt) -> Slots {
    Slots::from([
        (get_storage_var_address("Account_public_key", &[]), public_key),
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

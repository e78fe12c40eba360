//! What the devnet prints when it starts, line for line as starknet-devnet does, so that scripts which read it
//! keep working.

use std::fmt;

use starknet_api::core::{ChainId, ClassHash};
use starknet_types_core::felt::Felt;
use zkthreads_fork::ForkRecord;
use zkthreads_genesis::account_class::AccountClass;
use zkthreads_genesis::accounts::PredeployedAccount;
use zkthreads_genesis::balance::Balance;
use zkthreads_genesis::constants::{
    ETH_ADDRESS, ETH_CLASS_HASH, STRK_ADDRESS, STRK_CLASS_HASH, UDC_ADDRESS, UDC_CLASS_HASH,
};

/// The start-up text.
#[derive(Debug, Clone, Copy)]
pub struct Banner<'a> {
    /// The chain.
    pub chain_id: &'a ChainId,
    /// The predeployed accounts.
    pub accounts: &'a [PredeployedAccount],
    /// Their class.
    pub account_class: ClassHash,
    /// What each of them holds of each token.
    pub initial_balance: &'a Balance,
    /// What their keys derive from.
    pub seed: u32,
    /// What the chain is a fork of, if it is one.
    pub fork: Option<&'a ForkRecord>,
}

impl fmt::Display for Banner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Chain ID: {} ({})\n", self.chain_id, self.chain_id.as_hex())?;
        if let Some(fork) = self.fork {
            writeln!(f, "Forked at {fork}\n")?;
        }
        writeln!(f, "Predeployed FeeToken")?;
        writeln!(f, "ETH Address: 0x{ETH_ADDRESS:X}")?;
        writeln!(f, "Class Hash: 0x{ETH_CLASS_HASH:X}")?;
        writeln!(f, "STRK Address: 0x{STRK_ADDRESS:X}")?;
        writeln!(f, "Class Hash: 0x{STRK_CLASS_HASH:X}\n")?;
        writeln!(f, "Predeployed UDC")?;
        writeln!(f, "Address: 0x{UDC_ADDRESS:X}")?;
        writeln!(f, "Class Hash: 0x{UDC_CLASS_HASH:X}\n")?;
        if self.accounts.is_empty() {
            return Ok(());
        }
        let (name, class_hash) = (AccountClass::name(self.account_class), fixed(self.account_class.0));
        writeln!(f, "Predeployed accounts using class {name} with hash: {class_hash}")?;
        for account in self.accounts {
            writeln!(f)?;
            writeln!(f, "| Account address |  {}", fixed(*account.address.0.key()))?;
            writeln!(f, "| Private key     |  {}", fixed(account.private_key))?;
            writeln!(f, "| Public key      |  {}", fixed(account.public_key))?;
        }
        writeln!(f)?;
        writeln!(f, "Initial balance of each account: {} WEI and FRI", self.initial_balance)?;
        writeln!(f, "Seed to replicate this account sequence: {}", self.seed)
    }
}

/// All 64 hexadecimal digits.
fn fixed(felt: Felt) -> String {
    format!("{felt:#066x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use zkthreads_genesis::accounts::derive;

    #[test]
    fn reads_as_starknet_devnets() {
        let accounts = derive(0, 1).unwrap();
        let banner = Banner {
            chain_id: &ChainId::Sepolia,
            accounts: &accounts,
            account_class: AccountClass::default().hash(),
            initial_balance: &zkthreads_genesis::constants::DEFAULT_INITIAL_BALANCE.into(),
            seed: 0,
            fork: None,
        };
        let expected = "\
Chain ID: SN_SEPOLIA (0x534e5f5345504f4c4941)

Predeployed FeeToken
ETH Address: 0x49D36570D4E46F48E99674BD3FCC84644DDD6B96F7C741B1562B82F9E004DC7
Class Hash: 0xB45DBC3714180381C5680E41931172D67194D77D504413465390E0BEF194EC
STRK Address: 0x4718F5A0FC34CC1AF16A1CDEE98FFB20C31F5CD61D6AB07201858F4287C938D
Class Hash: 0x2E77EE61D4DF3D988EE1F42EA5442E913862CC82C2584D212ECDA76666498FC

Predeployed UDC
Address: 0x2CEED65A4BD731034C01113685C831B01C15D7D432F71AFB1CF1634B53A2125
Class Hash: 0x1B2DF6D8861670D4A8CA4670433B2418D78169C2947F46DC614E69F333745C8

Predeployed accounts using class OpenZeppelin 1.0.0 with hash: \
0x05b4b537eaa2399e3aa99c4e2e0208ebd6c71bc1467938cd52c798c601e43564

| Account address |  0x064b48806902a367c8598f4f95c305e8c1a1acba5f082d294a43793113115691
| Private key     |  0x0000000000000000000000000000000071d7bb07b9a64f6f78ac4c816aff4da9
| Public key      |  0x039d9e6ce352ad4530a0ef5d5a18fd3303c3606a7fa6ac5b620020ad681cc33b

Initial balance of each account: 1000000000000000000000 WEI and FRI
Seed to replicate this account sequence: 0
";
        assert_eq!(banner.to_string(), expected);
    }
}

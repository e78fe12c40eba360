use std::fs;

use starknet_types_core::felt::Felt;

use super::super::EXAMPLE;
use super::*;
use crate::constants::CHARGEABLE_ADDRESS;

/// When the chain begins.
const NOW: BlockTimestamp = BlockTimestamp(1_700_000_000);

fn read(content: &str) -> Result<Genesis, GenesisFileError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g.toml");
    fs::write(&path, content).unwrap();
    Genesis::read(&path)
}

#[test]
fn the_example_is_a_genesis() {
    let genesis = read(EXAMPLE).unwrap();
    assert_eq!(genesis.chain_id, ChainId::Other("MY_CHAIN".to_owned()));
    let state = genesis.state().unwrap();
    assert_eq!(state.timestamp.0, 1_700_000_000);
    let holders: Vec<_> = genesis.accounts.iter().map(|account| account.holder().unwrap()).collect();
    assert!(state.contracts.contains_key(&holders[0].address), "with a key it is deployed");
    assert_eq!(*holders[1].address.0.key(), Felt::from(0x1234));
    assert!(!state.contracts.contains_key(&holders[1].address), "without a key it is not");
    assert_eq!(
        genesis.thread_rules(),
        usual_rules(),
        "the rules that it shows are those that it could leave out"
    );
    let nobody = CHARGEABLE_ADDRESS.try_into().unwrap();
    assert!(!state.contracts.contains_key(&nobody), "nobody holds a key that everybody knows");
    assert!(!state.storage.values().any(|value| *value == CHARGEABLE_ADDRESS), "nobody may mint");
}

#[test]
fn mistakes_are_named() {
    let account = |line: &str| format!("chain-id = \"A\"\n[[accounts]]\n{line}\n");
    for (content, expected) in [
        (account("balance = \"1\""), "neither an address nor a public-key"),
        (account("address = \"12\"\nbalance = \"1\""), "address \"12\" of a genesis account is wrong"),
        (account("address = \"0x0\"\nbalance = \"one\""), "balance \"one\" of a genesis account is wrong"),
        (account("address = \"0x5\"\nbalance = \"-1\""), "balance \"-1\""),
        (account(&format!("address = \"0x5\"\nbalance = \"{}0\"", u128::MAX)), "balance \"34"),
        (account("address = \"0x5\"\nbalance = \"1\"\nkey = 1"), "unknown field `key`"),
        ("accounts = []\n".to_owned(), "missing field `chain-id`"),
        ("chain-id = \"A B\"\naccounts = []\n".to_owned(), "a chain id is 1 to 31 printable ASCII"),
        (
            format!(
                "{0}[[accounts]]\naddress = \"0x5\"\nbalance = \"1\"",
                account("address = \"0x5\"\nbalance = \"2\"")
            ),
            "two accounts at 0x5",
        ),
    ] {
        let error = read(&content).unwrap_err().to_string();
        assert!(error.contains(expected), "{content}: {error}");
    }
}

#[test]
fn a_chain_keeps_its_genesis() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    assert!(matches!(Genesis::open(&data, None, NOW), Err(GenesisFileError::Missing { .. })));
    assert!(!data.exists(), "a refused start leaves nothing behind");

    let wished = read("chain-id = \"A\"\n[[accounts]]\naddress = \"0x5\"\nbalance = \"1\"\n").unwrap();
    let first = Genesis::open(&data, Some(wished.clone()), NOW).unwrap();
    assert!(first.timestamp.is_some(), "the time of the first start is kept");
    assert_eq!(first.thread_rules, Some(usual_rules()), "so are the rules, whatever is usual later");
    assert_eq!(Genesis::open(&data, None, NOW).unwrap(), first);
    assert_eq!(Genesis::open(&data, Some(wished.clone()), NOW).unwrap(), first);

    let richer = Genesis { accounts: Vec::new(), ..wished };
    let error = Genesis::open(&data, Some(richer), NOW).unwrap_err();
    assert!(matches!(error, GenesisFileError::Contradiction { .. }));
    assert!(matches!(Genesis::refuse(&data), Err(GenesisFileError::NotADevnet { .. })));
}

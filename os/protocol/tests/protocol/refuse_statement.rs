//! Felts that are not a statement: every error, each provoked by one change to a well-formed statement.

use starknet_api::core::ClassHash;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::limits::{MAX_INNER_TRANSACTIONS, MAX_STATEMENT_FELTS};
use zkthreads_protocol::{InnerOutcome, Statement, StatementError};

use crate::sample::{address, felt, segment};

/// Indices of the sample's felts; see the codec's table.
const INNER_COUNT: usize = 6;
const FIRST_REVERTED: usize = 8;
const CLASS_COUNT: usize = 11;
const FIRST_GAS_METERED: usize = 14;
const CONTRACT_COUNT: usize = 18;
const FIRST_CONTRACT: usize = 19;
const FIRST_CELL: usize = 25;

fn sample() -> Statement {
    segment().statement
}

fn refusal(felts: &[Felt]) -> StatementError {
    Statement::decode(felts).expect_err("accepted")
}

fn with(at: usize, value: Felt) -> StatementError {
    let mut felts = sample().encode();
    felts[at] = value;
    refusal(&felts)
}

fn changed(change: impl FnOnce(&mut Statement)) -> StatementError {
    let mut statement = sample();
    change(&mut statement);
    refusal(&statement.encode())
}

#[test]
fn too_large() {
    let felts = vec![Felt::ZERO; MAX_STATEMENT_FELTS + 1];
    assert_eq!(refusal(&felts), StatementError::TooLarge { felts: MAX_STATEMENT_FELTS + 1 });
}

#[test]
fn unknown_version() {
    assert_eq!(with(0, felt(2)), StatementError::UnknownVersion { found: felt(2) });
}

#[test]
fn cut_at_every_felt() {
    let felts = sample().encode();
    for length in 0..felts.len() {
        let error = refusal(&felts[..length]);
        let expected =
            matches!(error, StatementError::Truncated { .. } | StatementError::CountExceedsInput { .. });
        assert!(expected, "cut at {length}: {error}");
    }
}

#[test]
fn trailing_felts() {
    let mut felts = sample().encode();
    felts.extend([Felt::ZERO; 2]);
    assert_eq!(refusal(&felts), StatementError::TrailingFelts { felts: 2 });
}

#[test]
fn counts_that_promise_too_much() {
    let counts = [
        (INNER_COUNT, "inner transactions"),
        (CLASS_COUNT, "classes"),
        (CONTRACT_COUNT, "contracts"),
        (FIRST_CELL - 1, "storage cells"),
    ];
    for (at, name) in counts {
        for promise in [felt(1_000), felt(u64::MAX), Felt::MAX] {
            let error = with(at, promise);
            let StatementError::CountExceedsInput { field, promised, possible } = error else {
                panic!("{name} × {promise:#x}: {error}")
            };
            assert_eq!((field, promised), (name, promise));
            assert!(possible < sample().encode().len());
        }
    }
    let last_payload_count = sample().encode().len() - 3;
    let error = with(last_payload_count, felt(3));
    assert_eq!(
        error,
        StatementError::CountExceedsInput { field: "message payload", promised: felt(3), possible: 2 }
    );
}

#[test]
fn out_of_range() {
    let two_to_64 = felt(u64::MAX) + 1;
    let messages = sample().encode().len() - 6;
    let cases = [
        (2, Felt::MAX, "submitter"),
        (3, two_to_64, "base block number"),
        (4, two_to_64, "base block timestamp"),
        (5, Felt::MAX, "sequencer"),
        (FIRST_REVERTED, felt(2), "reverted flag"),
        (FIRST_REVERTED + 2, Felt::MAX, "reverted flag"),
        (FIRST_GAS_METERED, felt(2), "gas metering flag"),
        (FIRST_GAS_METERED + 3, Felt::MAX, "gas metering flag"),
        (FIRST_CONTRACT, Felt::MAX, "contract address"),
        (FIRST_CONTRACT + 3, two_to_64, "nonce before"),
        (FIRST_CONTRACT + 4, two_to_64, "nonce after"),
        (FIRST_CELL, Felt::MAX, "storage key"),
        (messages - 3, two_to_64, "event count"),
        (messages, felt(1 << 32), "message transaction index"),
        (messages + 1, Felt::MAX, "message sender"),
    ];
    for (at, value, field) in cases {
        assert_eq!(with(at, value), StatementError::OutOfRange { field, value });
    }
}

#[test]
fn twice_the_same_or_out_of_order() {
    type Change = fn(&mut Statement);
    let cases: [(&str, Change); 6] = [
        ("classes", |statement| statement.classes.swap(0, 1)),
        ("classes", |statement| statement.classes[1] = statement.classes[0]),
        ("contracts", |statement| statement.contracts.swap(0, 2)),
        ("contracts", |statement| statement.contracts[1] = statement.contracts[0].clone()),
        ("storage keys", |statement| statement.contracts[0].storage.swap(1, 2)),
        ("storage keys", |statement| statement.contracts[0].storage[1] = statement.contracts[0].storage[0]),
    ];
    for (name, change) in cases {
        let error = changed(change);
        assert!(
            matches!(error, StatementError::NotAscending { field, .. } if field == name),
            "{name}: {error}"
        );
    }
}

#[test]
fn number_of_inner_transactions() {
    let none = changed(|statement| {
        statement.inner_transactions.clear();
        statement.messages.clear();
    });
    assert_eq!(none, StatementError::InnerTransactionCount { found: 0 });
    let many = MAX_INNER_TRANSACTIONS + 1;
    let outcome = InnerOutcome { hash: TransactionHash(felt(1)), reverted: false };
    let error = changed(|statement| statement.inner_transactions = vec![outcome; many]);
    assert_eq!(error, StatementError::InnerTransactionCount { found: many });
}

#[test]
fn nonces() {
    for (before, after) in [(5, 4), (5, 5), (1, 0)] {
        let error = changed(|statement| {
            statement.contracts[1].nonce_before.0 = felt(before);
            statement.contracts[1].nonce_after.0 = felt(after);
        });
        let (before, after) = (felt(before), felt(after));
        assert_eq!(error, StatementError::Nonce { address: *address(0x100).0.key(), before, after });
    }
}

#[test]
fn unlisted_classes() {
    let cases = [(0, 0x49, 5_000), (1, 0x100, 0), (3, 0x300, 7)];
    for (index, at, given) in cases {
        let error = changed(|statement| statement.contracts[index].class_hash_after = ClassHash(felt(given)));
        assert_eq!(error, StatementError::UnlistedClass { address: felt(at), class_hash: felt(given) });
    }
    let error = changed(|statement| {
        statement.classes.pop();
    });
    assert_eq!(error, StatementError::UnlistedClass { address: felt(0x400), class_hash: felt(6) });
}

#[test]
fn message_of_no_transaction() {
    let error = changed(|statement| statement.messages[0].transaction_index = 2);
    assert_eq!(error, StatementError::MessageIndex { index: 2, count: 2 });
}

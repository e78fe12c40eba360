//! Bytes that are not a package: every error, each provoked by one change to a well-formed package.

use zkthreads_protocol::limits::{MAX_PACKAGE_BYTES, MAX_PROOF_BYTES, MAX_REVERT_REASON_BYTES};
use zkthreads_protocol::package::{PACKAGE_MAGIC, PACKAGE_VERSION};
use zkthreads_protocol::{IncludedTransaction, Package, PackageError, StatementError};

use crate::sample::package;

/// The prime 2^251 + 17 * 2^192 + 1, which is the smallest non-canonical felt.
const PRIME: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[0] = 8;
    bytes[7] = 17;
    bytes[31] = 1;
    bytes
};

/// Where parts of the sample begin.
const STATEMENT_COUNT: usize = 10;
const FIRST_FELT: usize = 14;

fn transactions_at() -> usize {
    FIRST_FELT + 32 * package().segments[0].statement.encode().len()
}

fn refusal(bytes: &[u8]) -> PackageError {
    Package::decode(bytes).expect_err("accepted")
}

fn with(at: usize, replacement: &[u8]) -> PackageError {
    let mut bytes = package().encode();
    bytes[at..at + replacement.len()].copy_from_slice(replacement);
    refusal(&bytes)
}

fn changed(change: impl FnOnce(&mut Package)) -> PackageError {
    let mut package = package();
    change(&mut package);
    refusal(&package.encode())
}

#[test]
fn too_large() {
    let bytes = MAX_PACKAGE_BYTES + 1;
    assert_eq!(refusal(&vec![0; bytes]), PackageError::TooLarge { bytes });
    let mut padded = package().encode();
    padded.resize(bytes, 0);
    assert_eq!(refusal(&padded), PackageError::TooLarge { bytes });
}

#[test]
fn magic() {
    assert_eq!(with(0, b"z"), PackageError::Magic);
    assert_eq!(refusal(b""), PackageError::Magic);
    assert_eq!(refusal(&PACKAGE_MAGIC[..7]), PackageError::Magic);
}

#[test]
fn unknown_version() {
    let found = PACKAGE_VERSION + 1;
    assert_eq!(with(8, &found.to_be_bytes()), PackageError::UnknownVersion { found });
}

#[test]
fn cut_at_every_byte() {
    let bytes = package().encode();
    for length in PACKAGE_MAGIC.len()..bytes.len() {
        let error = refusal(&bytes[..length]);
        let expected =
            matches!(error, PackageError::Truncated { .. } | PackageError::LengthExceedsInput { .. });
        assert!(expected, "cut at {length}: {error}");
    }
}

#[test]
fn trailing_bytes() {
    let mut bytes = package().encode();
    bytes.extend([0; 3]);
    assert_eq!(refusal(&bytes), PackageError::TrailingBytes { bytes: 3 });
}

#[test]
fn lengths_that_promise_too_much() {
    let bytes = package().encode();
    let proof_at = bytes.len() - package().segments[0].proof.len() - 4;
    let cases =
        [(STATEMENT_COUNT, "statement"), (transactions_at(), "inner transactions"), (proof_at, "proof")];
    for (at, name) in cases {
        for promise in [100_000_u32, u32::MAX] {
            let error = with(at, &promise.to_be_bytes());
            let PackageError::LengthExceedsInput { field, promised, possible } = error else {
                panic!("{name} × {promise}: {error}")
            };
            assert_eq!((field, promised), (name, promise));
            assert!(possible <= bytes.len());
        }
    }
}

#[test]
fn non_canonical_felts() {
    let transaction = transactions_at() + 4;
    let cases = [
        (FIRST_FELT, "statement"),
        (FIRST_FELT + 32, "statement"),
        (transaction, "sender address"),
        (transaction + 32, "nonce"),
    ];
    for (at, field) in cases {
        assert_eq!(with(at, &PRIME), PackageError::NonCanonicalFelt { field });
        assert_eq!(with(at, &[0xff; 32]), PackageError::NonCanonicalFelt { field });
    }
}

#[test]
fn out_of_range() {
    let mut largest = PRIME;
    largest[31] = 0;
    let transaction = transactions_at() + 4;
    let error = with(transaction, &largest);
    assert!(matches!(error, PackageError::OutOfRange { field: "sender address", .. }), "{error}");
    let modes = transaction + 2 * 32 + 8 + 3 * 24;
    for at in [modes, modes + 1] {
        let error = with(at, &[2]);
        assert!(matches!(error, PackageError::OutOfRange { field: "data availability mode", .. }), "{error}");
    }
}

#[test]
fn proof_too_large() {
    let bytes = MAX_PROOF_BYTES + 1;
    assert_eq!(
        changed(|package| package.segments[0].proof = vec![0; bytes]),
        PackageError::ProofTooLarge { bytes }
    );
}

#[test]
fn statement_errors_pass_through() {
    let error = changed(|package| package.segments[0].statement.classes.swap(0, 1));
    assert!(matches!(error, PackageError::Statement(StatementError::NotAscending { .. })), "{error}");
}

#[test]
fn counts_that_differ_from_the_statement() {
    let error = changed(|package| {
        package.segments[0].inner_transactions.pop();
    });
    assert_eq!(error, PackageError::InnerTransactionCount { named: 2, held: 1 });
    let error = changed(|package| {
        package.segments[0].events.pop();
    });
    assert_eq!(error, PackageError::EventCount { named: 2, held: 1 });
    let error = changed(|package| package.segments[0].statement.event_count = u64::MAX);
    assert_eq!(error, PackageError::EventCount { named: u64::MAX, held: 2 });
}

#[test]
fn revert_reasons_that_differ_from_the_statement() {
    let error = changed(|package| package.segments[0].inner_transactions[1].revert_reason = None);
    assert_eq!(error, PackageError::RevertReasonMissing { index: 1 });
    let error =
        changed(|package| package.segments[0].inner_transactions[0].revert_reason = Some(String::new()));
    assert_eq!(error, PackageError::RevertReasonSuperfluous { index: 0 });
    let error = changed(|package| package.segments[0].statement.inner_transactions[0].reverted = true);
    assert_eq!(error, PackageError::RevertReasonMissing { index: 0 });
    let error = changed(|package| package.segments[0].statement.inner_transactions[1].reverted = false);
    assert_eq!(error, PackageError::RevertReasonSuperfluous { index: 1 });
}

/// Where the second transaction's revert reason begins: its flag.
fn revert_reason_at(bytes: &[u8]) -> usize {
    let text = b"ENTRYPOINT_FAILED";
    bytes.windows(text.len()).position(|window| window == text).expect("the reason is there") - 5
}

#[test]
fn malformed_revert_reasons() {
    let bytes = package().encode();
    let flag = revert_reason_at(&bytes);
    for other in [2, u8::MAX] {
        let error = with(flag, &[other]);
        let expected = PackageError::OutOfRange { field: "revert reason flag", value: other.into() };
        assert_eq!(error, expected);
    }
    let error = with(flag + 1, &u32::MAX.to_be_bytes());
    assert!(matches!(error, PackageError::LengthExceedsInput { field: "revert reason", .. }), "{error}");
    assert_eq!(with(flag + 5, &[0xff]), PackageError::RevertReasonText);
}

#[test]
fn long_revert_reasons() {
    let bytes = MAX_REVERT_REASON_BYTES + 1;
    let error = changed(|it| it.segments[0].inner_transactions[1].revert_reason = Some("x".repeat(bytes)));
    assert_eq!(error, PackageError::RevertReasonTooLong { bytes });

    // Whoever packs one gets it cut, never inside a character.
    for length in bytes..bytes + 8 {
        let long = format!("{}{}", "é".repeat(length / 2), "z".repeat(length));
        let mut package = package();
        let second = &mut package.segments[0].inner_transactions[1];
        *second = IncludedTransaction::reverted(second.transaction.clone(), &long);
        let reason = second.revert_reason.clone().unwrap();
        assert!(reason.len() <= MAX_REVERT_REASON_BYTES && reason.len() > MAX_REVERT_REASON_BYTES - 8);
        assert!(reason.starts_with('é') && reason.contains("...") && reason.ends_with('z'));
        assert_eq!(Package::decode(&package.encode()), Ok(package));
    }
}

#[test]
fn event_of_no_transaction() {
    let error = changed(|package| package.segments[0].events[1].transaction_index = 2);
    assert_eq!(error, PackageError::EventIndex { index: 2, count: 2 });
}

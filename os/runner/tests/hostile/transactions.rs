//! Transactions that were not signed, not sent, or not next.

use starknet_api::transaction::InvokeTransactionV3;
use starknet_types_core::felt::Felt;
use zkthreads_program::input::OsInput;
use zkthreads_protocol::InnerTransaction;

use super::honest::Verdict;
use super::programs::{Op, act, plain, transaction};
use super::sub_blocks::{execute, first, one, second, signed, stage};
use crate::fault_injector::Lie;

fn alter_transaction(input: &mut OsInput, alter: impl FnOnce(&mut InvokeTransactionV3)) {
    let recorded = &mut input.transactions[0].transaction;
    let mut invoke = recorded.as_invoke().clone();
    alter(&mut invoke);
    *recorded = InnerTransaction::try_from(invoke).expect("still an inner transaction");
}

#[test]
fn a_wrong_signature() {
    signed().refuses(|input| {
        alter_transaction(input, |invoke| {
            let mut signature = invoke.signature.0.to_vec();
            signature[0] += Felt::ONE;
            invoke.signature.0 = signature.into();
        });
    });
}

#[test]
fn a_signature_that_is_not_there() {
    signed().refuses(|input| alter_transaction(input, |invoke| invoke.signature.0 = Vec::new().into()));
}

#[test]
fn another_amount_than_was_signed() {
    signed().refuses(|input| {
        alter_transaction(input, |invoke| {
            let mut calldata = invoke.calldata.0.to_vec();
            let amount = calldata.iter().position(|felt| *felt == Felt::from(7)).expect("the amount");
            calldata[amount] = Felt::from(8);
            invoke.calldata.0 = calldata.into();
        });
    });
}

/// Nobody signs for these accounts; the hash alone tells.
#[test]
fn other_calldata_has_another_hash() {
    let honest = one(&[act(Op::Write, [1_u64, 5])]);
    let told = honest.tells(|input| {
        alter_transaction(input, |invoke| {
            let mut calldata = invoke.calldata.0.to_vec();
            *calldata.last_mut().expect("a value") = Felt::from(6);
            invoke.calldata.0 = calldata.into();
        });
    });
    assert_ne!(told.inner_transactions[0].hash, honest.statement().inner_transactions[0].hash);
}

/// The hash does not cover the signature: `__validate__` alone judges it.
#[test]
fn validate_is_not_skipped() {
    let honest = one(&[act(Op::Write, [1_u64, 5])]);
    honest.refuses(|input| {
        alter_transaction(input, |invoke| invoke.signature.0 = act(Op::Panic, [1_u64]).into());
    });
}

/// The account's class is another, in which `__validate__` is what `__execute__` was.
#[test]
fn validate_must_say_valid() {
    let honest = one(&[act(Op::Write, [1_u64, 5])]);
    honest.refuses(|input| {
        let class = input.classes.values_mut().next().expect("a class");
        let mut casm = (*class.casm).clone();
        let points = &mut casm.entry_points_by_type.external;
        let offset = |name: &str| {
            let selector = starknet_api::abi::abi_utils::selector_from_name(name).0;
            let found = points.iter().position(|point| Felt::from(&point.selector) == selector);
            found.expect("an account's entry point")
        };
        let (validate, run) = (offset("__validate__"), offset("__execute__"));
        points[validate].offset = points[run].offset;
        points[validate].builtins = points[run].builtins.clone();
        class.casm = casm.into();
        // So that what runs fails in nothing else.
        input.transactions[0].validate.storage_reads = vec![Felt::ZERO];
    });
}

#[test]
fn a_reused_nonce() {
    let honest = one(&[plain(Op::Context)]);
    honest.refuses(|input| {
        let again = input.transactions[0].clone();
        input.transactions.push(again);
    });
}

#[test]
fn another_nonce_before_than_the_transactions() {
    let honest = one(&[plain(Op::Context)]);
    honest.refuses(|input| {
        input.contracts.get_mut(&first()).expect("the sender").nonce.0 += Felt::ONE;
    });
}

/// A sender's second transaction does not come first; others are told in the order in which they ran.
#[test]
fn reordered_transactions() {
    let write = |value: u64| [act(Op::Write, [1, value])];
    let of_one =
        execute(stage(), vec![transaction(first(), 0, &write(1)), transaction(first(), 1, &write(2))]);
    of_one.refuses(|input| input.transactions.swap(0, 1));
    let of_two =
        execute(stage(), vec![transaction(first(), 0, &write(1)), transaction(second(), 0, &write(2))]);
    let told = of_two.tells(|input| input.transactions.swap(0, 1));
    let [one, two] = told.inner_transactions.as_slice() else { panic!("two transactions") };
    assert_eq!(
        [two, one].map(|it| it.hash),
        [0, 1].map(|index| of_two.statement().inner_transactions[index].hash)
    );
}

#[test]
fn a_transaction_left_out_of_the_count() {
    let honest =
        execute(stage(), vec![transaction(first(), 0, &[plain(Op::Context)]), transaction(second(), 0, &[])]);
    let fewer = Lie { hint: "write_header", execution: 0, cell: 5, bend: |count| count - Felt::ONE };
    assert_eq!(honest.hears(&[fewer]), Verdict::Told);
    let more = Lie { bend: |count| count + Felt::ONE, ..fewer };
    assert!(honest.hears(&[more]).is_failure());
}

//! How transactions and calls end, and what becomes of what they did.

use starknet_types_core::felt::Felt;

use super::honest::Verdict;
use super::programs::{Op, act, call, let_run, span, transaction, with_gas};
use super::sub_blocks::{execute, first, nowhere, one, second, stage};
use crate::fault_injector::Lie;

#[test]
fn a_success_told_as_reverted() {
    let honest = one(&[act(Op::Write, [1_u64, 5])]);
    honest.refuses(|input| input.transactions[0].revert_reason = Some("it was not".to_owned()));
}

#[test]
fn a_panic_told_as_a_success() {
    let honest = one(&[act(Op::Write, [1_u64, 5]), act(Op::Panic, [1_u64])]);
    assert!(honest.statement().inner_transactions[0].reverted);
    honest.refuses(|input| input.transactions[0].revert_reason = None);
}

#[test]
fn a_call_of_nobody_told_as_a_success() {
    let honest = one(&[act(Op::Write, [1_u64, 5]), call(nowhere(), "run", &span(&[]))]);
    assert!(honest.statement().inner_transactions[0].reverted);
    honest.refuses(|input| input.transactions[0].revert_reason = None);
    honest.refuses(|input| {
        input.transactions[0].revert_reason = None;
        let inner = &mut input.transactions[0].execute.inner_calls[0];
        inner.aborted = false;
        inner.retdata = vec![Felt::ZERO];
        inner.failed = false;
    });
}

/// The reverted bit is a number that a hint supplies.
#[test]
fn the_reverted_bit_is_a_bit() {
    let reverted = one(&[act(Op::Panic, [1_u64])]);
    let succeeded = one(&[act(Op::Write, [1_u64, 5])]);
    for bend in [|bit| bit + Felt::ONE, |bit| Felt::ONE - bit, |bit| bit - Felt::ONE] as [fn(Felt) -> Felt; 3]
    {
        let lie = Lie { hint: "is_reverted", execution: 0, cell: 0, bend };
        assert_eq!(reverted.hears(&[lie]), Verdict::Refused);
        assert_eq!(succeeded.hears(&[lie]), Verdict::Refused);
    }
}

/// A later transaction would read what a reverted one wrote.
#[test]
fn a_write_of_a_reverted_transaction_does_not_leak() {
    for end in [act(Op::Panic, [1_u64]), call(nowhere(), "run", &span(&[]))] {
        let reverted = [act(Op::Write, [1_u64, 5]), end];
        let reading = [act(Op::Read, [1_u64])];
        let honest =
            execute(stage(), vec![transaction(first(), 0, &reverted), transaction(first(), 1, &reading)]);
        assert_eq!(honest.executed.input.transactions[1].execute.storage_reads, [Felt::ZERO]);
        honest.refuses(|input| input.transactions[1].execute.storage_reads = vec![Felt::from(5)]);
    }
}

/// The caller would read what a call wrote that failed.
#[test]
fn a_write_of_a_failed_call_does_not_leak() {
    let failing = [act(Op::Write, [1_u64, 5]), act(Op::Panic, [1_u64])];
    let honest = one(&[let_run(second(), &failing), let_run(second(), &[act(Op::Read, [1_u64])])]);
    honest.refuses(|input| {
        let reader = &mut input.transactions[0].execute.inner_calls[1];
        assert_eq!(reader.storage_reads, [Felt::ZERO]);
        reader.storage_reads = vec![Felt::from(5)];
    });
}

/// The hints forget that a write was undone, and say so where the cell is written next.
#[test]
fn a_write_that_was_undone_is_not_the_previous_value() {
    let reverted = [act(Op::Write, [1_u64, 5]), act(Op::Panic, [1_u64])];
    let writing = [act(Op::Write, [1_u64, 9])];
    let honest =
        execute(stage(), vec![transaction(first(), 0, &reverted), transaction(first(), 1, &writing)]);
    let lie = Lie { hint: "write_storage", execution: 1, cell: 0, bend: |_| Felt::from(5) };
    assert_eq!(honest.hears(&[lie]), Verdict::Refused);
}

#[test]
fn a_failed_call_told_as_a_success() {
    let honest = one(&[let_run(second(), &[act(Op::Write, [1_u64, 5]), act(Op::Panic, [1_u64])])]);
    honest.refuses(|input| {
        let inner = &mut input.transactions[0].execute.inner_calls[0];
        assert!(inner.failed);
        inner.failed = false;
    });
}

#[test]
fn a_call_that_succeeded_told_as_failed() {
    let honest = one(&[let_run(second(), &[act(Op::Write, [1_u64, 5])])]);
    honest.refuses(|input| input.transactions[0].execute.inner_calls[0].failed = true);
}

/// A transaction that cannot pay for a syscall is told as if it could.
#[test]
fn gas_that_is_not_there() {
    let program = [act(Op::Sha256, [1_u64, 2, 3])];
    let honest = execute(stage(), vec![with_gas(first(), 0, &program, 800_000)]);
    assert!(honest.statement().inner_transactions[0].reverted);
    honest.refuses(|input| input.transactions[0].revert_reason = None);
    // After the execution info that `__validate__` asks for.
    let paid = Lie { hint: "syscall_is_paid", execution: 1, cell: 0, bend: |_| Felt::ONE };
    assert_eq!(honest.hears(&[paid]), Verdict::Refused);
}

/// A syscall that is paid for does not fail for want of gas.
#[test]
fn want_of_gas_that_is_not_so() {
    let honest = one(&[act(Op::Write, [3_u64, 1]), act(Op::Write, [4_u64, 2])]);
    let unpaid = Lie { hint: "syscall_is_paid", execution: 1, cell: 0, bend: |_| Felt::ZERO };
    assert_eq!(honest.hears(&[unpaid]), Verdict::Refused);
}

#[test]
fn a_call_that_costs_less_than_it_does() {
    let honest = one(&[let_run(second(), &[act(Op::Write, [1_u64, 5])])]);
    for bend in [|gas| gas - 1, |gas| gas + 1, |_| 0] as [fn(u64) -> u64; 3] {
        honest.refuses(|input| {
            let inner = &mut input.transactions[0].execute.inner_calls[0];
            inner.gas_consumed = bend(inner.gas_consumed);
        });
    }
}

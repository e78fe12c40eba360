//! Events and messages to L1.

use starknet_types_core::felt::Felt;

use super::honest::{Honest, Verdict};
use super::programs::{Op, act, let_run};
use super::sub_blocks::{one, second};
use crate::fault_injector::Lie;

/// A call that emits and sends, and one that does so and fails.
fn speaking() -> Honest {
    let speech = [act(Op::Emit, [1_u64, 9, 3]), act(Op::Send, [0xe1_u64, 8])];
    let mut failing = speech.to_vec();
    failing.push(act(Op::Panic, [1_u64]));
    let honest = one(&[let_run(second(), &speech), let_run(second(), &failing)]);
    assert_eq!(honest.statement().event_count, 1);
    assert_eq!(honest.statement().messages.len(), 1);
    honest
}

/// The call is told as failed, so that nobody hears of its event and its message.
#[test]
fn a_dropped_event_and_message() {
    speaking().refuses(|input| input.transactions[0].execute.inner_calls[0].failed = true);
}

/// The call that failed is told as a success, so that its event and its message seem to be.
#[test]
fn an_invented_event_and_message() {
    speaking().refuses(|input| input.transactions[0].execute.inner_calls[1].failed = false);
}

/// What was emitted and sent is the contract's request, which no hint writes. A hint can only claim that it failed.
#[test]
fn an_event_and_a_message_told_as_not_paid_for() {
    let honest = one(&[act(Op::Emit, [1_u64, 9, 3]), act(Op::Send, [0xe1_u64, 8])]);
    // `__validate__` asks for the execution info first.
    for execution in 1..3 {
        let failed = Lie { hint: "syscall", execution, cell: 1, bend: |_| Felt::ONE };
        assert_eq!(honest.hears(&[failed]), Verdict::Refused, "syscall {execution}");
    }
}

/// The recipient of a message is an Ethereum address, split in one way only.
#[test]
fn a_recipient_split_otherwise() {
    let honest = one(&[act(Op::Send, [0xe1_u64, 8])]);
    let part = |cell, bend: fn(Felt) -> Felt| Lie { hint: "split_recipient", execution: 0, cell, bend };
    let low_too_high = part(0, |low| low + Felt::TWO.pow(128_u32));
    let high_too_low = part(1, |high| high - Felt::ONE);
    assert!(honest.hears(&[low_too_high, high_too_low]).is_failure());
    assert_eq!(honest.hears(&[part(0, |low| low + Felt::ONE)]), Verdict::Refused);
    assert_eq!(honest.hears(&[part(1, |high| high + Felt::ONE)]), Verdict::Refused);
}

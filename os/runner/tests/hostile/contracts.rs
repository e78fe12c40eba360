//! Contracts: classes, nonces, cells.

use starknet_types_core::felt::Felt;

use super::honest::Verdict;
use super::programs::{Op, act, let_run, transaction};
use super::sub_blocks::{deployments, execute, first, one, second, signed, stage};
use crate::fault_injector::Lie;

#[test]
fn a_balance_that_is_not_so_is_told() {
    signed().catches(|input| {
        for state in input.contracts.values_mut() {
            for value in state.storage.values_mut() {
                *value += Felt::ONE;
            }
        }
    });
}

#[test]
fn reads_that_contradict_writes() {
    signed().catches(|input| {
        for recorded in &mut input.transactions[0].execute.inner_calls {
            for value in &mut recorded.storage_reads {
                *value += Felt::from(1000);
            }
        }
    });
}

#[test]
fn a_false_read_is_told() {
    let honest = one(&[act(Op::Read, [1_u64])]);
    let told = honest.tells(|input| input.transactions[0].execute.storage_reads[0] = Felt::from(5));
    assert_eq!(told.contracts[0].storage[0].before, Felt::from(5));
}

#[test]
fn a_false_read_of_what_was_written() {
    let honest = one(&[act(Op::Write, [1_u64, 5]), act(Op::Read, [1_u64])]);
    honest.refuses(|input| input.transactions[0].execute.storage_reads[0] = Felt::from(6));
}

#[test]
fn two_reads_of_one_cell_that_differ() {
    let honest = one(&[act(Op::Read, [1_u64]), act(Op::Read, [1_u64])]);
    honest.refuses(|input| input.transactions[0].execute.storage_reads[1] = Felt::from(6));
}

/// The first of two writes would leave no trace, or the second would be the first.
#[test]
fn omitted_and_reordered_writes() {
    let honest = one(&[act(Op::Write, [1_u64, 5]), act(Op::Write, [1_u64, 6]), act(Op::Write, [1_u64, 7])]);
    let previous =
        |execution, bend: fn(Felt) -> Felt| Lie { hint: "write_storage", execution, cell: 0, bend };
    assert_eq!(honest.hears(&[previous(1, |_| Felt::ZERO)]), Verdict::Refused);
    assert_eq!(honest.hears(&[previous(2, |_| Felt::from(5))]), Verdict::Refused);
    // 5 last: from 0 to 6, from 6 to 7, from 7 to 5.
    let reordered =
        [previous(0, |_| Felt::from(7)), previous(1, |_| Felt::ZERO), previous(2, |_| Felt::from(6))];
    assert_eq!(honest.hears(&reordered), Verdict::Refused);
}

#[test]
fn a_false_value_before_a_write_is_told() {
    let honest = one(&[act(Op::Write, [1_u64, 5])]);
    let lie = Lie { hint: "write_storage", execution: 0, cell: 0, bend: |_| Felt::from(4) };
    assert_eq!(honest.hears(&[lie]), Verdict::Told);
}

/// A write cannot be turned into a read of what it wrote without the statement saying so.
#[test]
fn a_write_told_as_a_read_is_told() {
    let honest = one(&[act(Op::Write, [1_u64, 5])]);
    let lie = Lie { hint: "write_storage", execution: 0, cell: 0, bend: |_| Felt::from(5) };
    assert_eq!(honest.hears(&[lie]), Verdict::Told);
}

/// The sender, and a contract that it calls, run the code of the other's class.
#[test]
fn another_class_at_an_address_is_told() {
    let honest = signed();
    let classes: Vec<_> = honest.executed.input.classes.keys().copied().collect();
    for address in honest.executed.input.contracts.keys() {
        for class in &classes {
            let before = honest.executed.input.contracts[address].class_hash;
            if before == *class {
                continue;
            }
            honest.catches(|input| {
                input.contracts.get_mut(address).expect("is there").class_hash = *class;
            });
        }
    }
}

/// A contract that the sub-block deploys is there before, or was another; a deployed contract is at another address.
#[test]
fn false_deployments() {
    let honest = deployments();
    let deployed = honest.statement().contracts.iter().find(|contract| contract.is_deployed());
    let (address, class_hash) = deployed
        .map(|contract| (contract.address, contract.class_hash_after))
        .expect("something was deployed");
    honest.catches(|input| input.contracts.get_mut(&address).expect("is there").class_hash = class_hash);
    honest.refuses(|input| {
        let deployment = &mut input.transactions[0].execute.inner_calls[0];
        deployment.address = crate::sub_block_support::address(0x1234_u64);
    });
}

/// A contract that is replaced stays what it was for whoever asks later.
#[test]
fn a_class_hash_that_is_not_so() {
    let honest = deployments();
    honest.refuses(|input| input.transactions[0].execute.class_hash_reads.reverse());
}

/// What one transaction left is what the next begins with.
#[test]
fn a_contract_between_transactions() {
    let writing = [let_run(second(), &[act(Op::Write, [1_u64, 5])])];
    let reading = [let_run(second(), &[act(Op::Read, [1_u64])])];
    let honest = execute(stage(), vec![transaction(first(), 0, &writing), transaction(first(), 1, &reading)]);
    honest.refuses(|input| {
        input.transactions[1].execute.inner_calls[0].storage_reads = vec![Felt::ZERO];
    });
}

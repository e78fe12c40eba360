//! The thread OS refuses what is not true: lies of its hints and altered recordings.
//!
//! A lie may make the run fail, change nothing, or change what the statement claims. What it may not do is output a
//! statement whose preconditions hold and whose consequences are not those of the honest run.

mod sub_block_support;

use std::sync::atomic::{AtomicUsize, Ordering};

use starknet_types_core::felt::Felt;
use sub_block_support::{World, probe, probe_a, transfer};
use zkthreads_execution::sub_block::ExecutedSubBlock;
use zkthreads_program::input::OsInput;
use zkthreads_program::lies::{Lie, Victim};
use zkthreads_program::{OsError, OsRun};
use zkthreads_protocol::{InnerTransaction, Statement};

/// A transfer, then a transaction with a write, an event, a message and a block hash.
fn sub_block() -> ExecutedSubBlock {
    let mut world = World::new(2);
    let (strk, to) = (world.strk(), world.users[1].address);
    let first = world.users[0].sign(&[transfer(strk, to, 7)]);
    let second = world.users[1].sign(&[
        probe(probe_a(), "put", &[1, 5]),
        probe(probe_a(), "emit", &[1, 1, 9, 1, 3]),
        probe(probe_a(), "send", &[0xe1, 1, 8]),
        probe(probe_a(), "remember_block_hash", &[1000]),
    ]);
    world.execute([first, second])
}

/// Whether `claim` says anything before the sub-block that is not so, or is about other transactions or another
/// context: the node would find out.
fn is_caught_by_the_node(claim: &Statement, honest: &Statement, truth: &OsInput) -> bool {
    let same_header = claim.chain_id == honest.chain_id
        && claim.submitter == honest.submitter
        && claim.base_block == honest.base_block
        && claim.transaction_hashes().eq(honest.transaction_hashes());
    let declared = claim.classes.iter().all(|class| honest.classes.contains(class));
    let holds = claim.contracts.iter().all(|contract| {
        truth.contracts.get(&contract.address).is_some_and(|state| {
            state.class_hash == contract.class_hash_before
                && (!contract.consumes_nonces() || state.nonce == contract.nonce_before)
                && contract.storage.iter().all(|cell| state.storage.get(&cell.key) == Some(&cell.before))
        })
    });
    !(same_header && declared && holds)
}

/// Asserts that a run proves nothing false. Returns whether it failed or told.
fn assert_sound(run: Result<OsRun, OsError>, honest: &ExecutedSubBlock, lie: &str) -> bool {
    let Ok(run) = run else { return true };
    if is_caught_by_the_node(&run.statement, &honest.statement, &honest.input) {
        return true;
    }
    assert_eq!(run.statement, honest.statement, "{lie}");
    false
}

/// How a value is bent.
const BENDS: [fn(Felt) -> Felt; 2] =
    [|truth| truth + Felt::ONE, |truth| if truth == Felt::ZERO { -Felt::ONE } else { Felt::ZERO }];

/// The hints that supply values, with the executions and cells to lie in.
fn lies() -> Vec<Lie> {
    let executions = |count: usize| (0..count).collect::<Vec<_>>();
    let spread = |count: usize, step: usize| (0..count).map(|index| index * step).collect::<Vec<_>>();
    let targets: Vec<(&'static str, Vec<usize>, Vec<usize>)> = vec![
        ("write_header", vec![0], executions(6)),
        ("count_classes", vec![0], vec![0]),
        ("load_class", executions(3), spread(12, 97)),
        ("bytecode_node", vec![0, 1, 5, 20], vec![0]),
        ("bytecode_part", spread(6, 5), executions(3)),
        ("find_class", executions(5), vec![0]),
        ("find_entry_point", executions(5), vec![0]),
        ("load_transaction", executions(2), executions(40)),
        ("open_contract", executions(8), executions(3)),
        ("write_storage", executions(4), vec![0]),
        ("scalar_bit", vec![0, 1, 250, 251, 252, 700], vec![0]),
        ("syscall", executions(20), executions(4)),
    ];
    let mut lies = Vec::new();
    for (hint, executions, cells) in targets {
        for execution in executions {
            for cell in &cells {
                let bend = BENDS[(execution + cell) % BENDS.len()];
                lies.push(Lie { hint, execution, cell: *cell, bend });
            }
        }
    }
    lies
}

#[test]
fn lying_hints() {
    let honest = sub_block();
    let victim = Victim::new(&honest.input).expect("the OS runs");
    assert_eq!(victim.run(&[]).expect("the OS runs").statement, honest.statement);
    let lies = lies();
    let (next, caught) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(lie) = lies.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let what = format!("{} #{} cell {}", lie.hint, lie.execution, lie.cell);
                    if assert_sound(victim.run(&[*lie]), &honest, &what) {
                        caught.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    println!("{} lies, {} caught, the others changed nothing", lies.len(), caught.into_inner());
}

/// Runs the OS on an altered recording.
fn with_input(alter: impl FnOnce(&mut OsInput)) -> (Result<OsRun, OsError>, ExecutedSubBlock) {
    let honest = sub_block();
    let mut input = honest.input.clone();
    alter(&mut input);
    (zkthreads_program::run(&input), honest)
}

fn assert_fails(alter: impl FnOnce(&mut OsInput)) {
    let (run, _) = with_input(alter);
    assert!(run.is_err());
}

fn alter_transaction(
    input: &mut OsInput,
    alter: impl FnOnce(&mut starknet_api::transaction::InvokeTransactionV3),
) {
    let recorded = &mut input.transactions[0].transaction;
    let mut invoke = recorded.as_invoke().clone();
    alter(&mut invoke);
    *recorded = InnerTransaction::try_from(invoke).expect("still an inner transaction");
}

#[test]
fn a_wrong_signature() {
    assert_fails(|input| {
        alter_transaction(input, |invoke| {
            let mut signature = invoke.signature.0.to_vec();
            signature[0] += Felt::ONE;
            invoke.signature.0 = signature.into();
        });
    });
}

#[test]
fn a_signature_that_is_not_there() {
    assert_fails(|input| alter_transaction(input, |invoke| invoke.signature.0 = Vec::new().into()));
}

#[test]
fn another_amount_than_was_signed() {
    assert_fails(|input| {
        alter_transaction(input, |invoke| {
            let mut calldata = invoke.calldata.0.to_vec();
            let amount = calldata.iter().position(|felt| *felt == Felt::from(7)).expect("the amount");
            calldata[amount] = Felt::from(8);
            invoke.calldata.0 = calldata.into();
        });
    });
}

#[test]
fn another_chain() {
    assert_fails(|input| input.chain_id += Felt::ONE);
}

#[test]
fn another_nonce_than_the_transactions() {
    assert_fails(|input| {
        let sender = input.transactions[0].transaction.as_invoke().sender_address;
        let state = input.contracts.get_mut(&sender).expect("the sender");
        state.nonce.0 += Felt::ONE;
    });
}

#[test]
fn the_same_transaction_twice() {
    assert_fails(|input| {
        let again = input.transactions[0].clone();
        input.transactions.insert(1, again);
    });
}

#[test]
fn reads_that_contradict_writes() {
    let (run, honest) = with_input(|input| {
        for recorded in &mut input.transactions[0].execute.inner_calls {
            for value in &mut recorded.storage_reads {
                *value += Felt::from(1000);
            }
        }
    });
    assert!(assert_sound(run, &honest, "reads"));
}

#[test]
fn retdata_that_the_callee_did_not_return() {
    assert_fails(|input| {
        let inner = &mut input.transactions[0].execute.inner_calls[0];
        inner.retdata[0] = Felt::ZERO;
    });
}

#[test]
fn a_balance_that_is_not_so_is_told() {
    let (run, honest) = with_input(|input| {
        for state in input.contracts.values_mut() {
            for value in state.storage.values_mut() {
                *value += Felt::ONE;
            }
        }
    });
    assert!(assert_sound(run, &honest, "claims"));
}

#[test]
fn other_code_is_told() {
    for offset in [0, 1, 100, 1000] {
        let (run, honest) = with_input(|input| {
            for class in input.classes.values_mut() {
                let mut altered = (*class.casm).clone();
                altered.bytecode[offset].value += 1_u32;
                class.casm = altered.into();
            }
        });
        assert!(assert_sound(run, &honest, "code"));
    }
}

#[test]
fn another_class_is_told() {
    let (run, honest) = with_input(|input| {
        // Give each class hash the code of the next.
        let mut codes: Vec<_> = input.classes.values().cloned().collect();
        codes.rotate_left(1);
        for (casm, code) in input.classes.values_mut().zip(codes) {
            *casm = code;
        }
    });
    assert!(assert_sound(run, &honest, "class"));
}

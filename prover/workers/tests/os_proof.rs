//! A sub-block of real transfers: executed, run through the thread OS, proven and verified.

use std::time::Instant;
use zkthreads_protocol::InnerTransaction;
use zkthreads_prover::Prover;

use crate::sub_block_support::{Call, TestState, address, classes, probe, probe_a, transfer};

/// Proves a sub-block; the prover verifies its own proof.
fn prove(world: &TestState, transactions: Vec<InnerTransaction>) {
    let executed = world.execute(transactions);
    let left_out: Vec<String> = executed.left_out.iter().map(|it| it.reason.to_string()).collect();
    assert!(left_out.is_empty(), "{left_out:?}");
    let start = Instant::now();
    let run = zkthreads_runner::run(&executed.input).expect("the OS runs");
    assert_eq!(run.statement, executed.statement);
    println!("{} steps, {:?}, run in {:.2?}", run.steps, run.builtins, start.elapsed());
    let prover = Prover::new();
    prover.prepare();
    let start = Instant::now();
    let proof = prover.prove(run, &|stage| println!("{:>8.2?} {stage}", start.elapsed())).expect("provable");
    println!("proven in {:.2?}, {} bytes", start.elapsed(), proof.len());
}

#[test]
fn prove_twelve_transfers() {
    let mut world = TestState::new(5);
    let strk = world.strk();
    let transactions = (0..12_usize)
        .map(|index| {
            let to = world.users[(index + 2) % 5].address;
            world.users[index % 5].sign(&[transfer(strk, to, 1000 + index as u128)])
        })
        .collect();
    prove(&world, transactions);
}

/// Every builtin that contracts use, dictionaries and every syscall the OS serves.
#[test]
fn prove_every_builtin_and_syscall() {
    let mut world = TestState::new(2);
    let circuit = address(0xc1c_u64);
    world.state.deploy(circuit, classes::cairo_circuit());
    let probe_a = |entry_point: &str, calldata: &[u128]| probe(probe_a(), entry_point, calldata);
    let first = world.users[0].sign(&[
        probe_a("pedersen", &[5]),
        probe_a("poseidon", &[7]),
        probe_a("bitwise", &[0xf0f0_f0f0, 0x1234_5678_9abc]),
        probe_a("wide", &[u128::MAX, 3, 12345, 0]),
        probe_a("curve", &[12345]),
        probe_a("dictionary", &[12]),
        Call::new(circuit, "circuit_builtins", vec![]),
    ]);
    let second = world.users[1].sign(&[
        probe_a("put", &[1, 5]),
        probe_a("get", &[1]),
        probe_a("emit", &[2, 1, 9, 1, 3]),
        probe_a("send", &[0xe1, 2, 8, 9]),
        probe_a("remember_block_hash", &[1000]),
        probe_a("remember_context", &[]),
        probe_a("recurse", &[0xbbbb, 3]),
    ]);
    prove(&world, vec![first, second]);
}

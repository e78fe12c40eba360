//! A sub-block of real transfers: executed, run through the thread OS, proven and verified.

#[path = "../../../os/execution/tests/sub_block_support/mod.rs"]
mod sub_block_support;

use std::time::Instant;

use sub_block_support::{World, transfer};
use zkthreads_prover::Prover;

/// Proves `count` transfers; the prover verifies its own proof.
fn prove_transfers(count: usize) {
    let mut world = World::new(5);
    let strk = world.strk();
    let transactions: Vec<_> = (0..count)
        .map(|index| {
            let to = world.users[(index + 2) % 5].address;
            world.users[index % 5].sign(&[transfer(strk, to, 1000 + index as u128)])
        })
        .collect();
    let executed = world.execute(transactions);
    let start = Instant::now();
    let run = zkthreads_program::run(&executed.input).expect("the OS runs");
    assert_eq!(run.statement, executed.statement);
    println!("{count} transfers: {} steps, {:?}, run in {:?}", run.steps, run.builtins, start.elapsed());
    let prover = Prover::new();
    let start = Instant::now();
    prover.prepare();
    println!("setup {:?}", start.elapsed());
    let start = Instant::now();
    let proof = prover.prove(run, &|stage| println!("{:>8.2?} {stage}", start.elapsed())).expect("provable");
    println!("proven in {:?}, {} bytes", start.elapsed(), proof.len());
}

#[test]
fn prove_one_transfer() {
    prove_transfers(1);
}

#[test]
fn prove_twelve_transfers() {
    prove_transfers(12);
}

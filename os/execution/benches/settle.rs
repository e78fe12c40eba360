//! A thread of 1,000 diff entries against 1,000 transfers, in one report:
//!
//! * `precheck`: the state's word on more than 1,000 preconditions;
//! * `thread`: one thread transaction of 1,000 entries: execution, and sealing and committing its block (the tries);
//! * `transfers`: 1,000 ERC-20 transfers executed one by one, and their block.
//!
//! The thread's proof is a real one: made at the first run, kept in the target folder for as long as the OS program is
//! the same. It is verified before the clock starts, as the node does between admission and execution; how long that
//! takes is `verify` of the verifier's benches.

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use starknet_types_core::felt::Felt;
use support::chain::assert_succeeded;
use support::thread::{prove, sub_block};
use support::{Call, TestChain, address, bounds, class, eth, transfer};
use zkthreads_execution::thread::constants::{diff_entry_count, precondition_count};
use zkthreads_execution::{OpenBlock, PendingBody, PendingTransaction, SealedBlock, Submission};

/// Diff entries of the thread, and transfers.
const ENTRIES: u64 = 1_000;

/// User 0 submits, user 1 fills cells; all others receive tokens.
fn chain() -> TestChain {
    let mut chain = TestChain::extended(3, |genesis| {
        genesis.classes.push(class::BULK.clone());
        genesis.contracts.insert(address(0xb01c_u64), class::BULK.0);
    });
    chain.users[0].bounds = bounds(1_000_000_000, 200_000);
    chain.users[1].bounds = bounds(100_000_000, 10_000);
    chain.advance(1);
    chain
}

fn fill() -> Call {
    let calldata = vec![Felt::from(0x1000), Felt::from(ENTRIES), Felt::from(7)];
    Call { to: address(0xb01c_u64), entry_point: "fill", calldata }
}

/// The proven package's bytes, from the target folder if they are there.
fn package() -> Vec<u8> {
    let mut chain = chain();
    let name = format!("thread-{ENTRIES}-{:#x}.package", chain.os_program_hash());
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if let Ok(bytes) = std::fs::read(&path) {
        return bytes;
    }
    let transaction = chain.users[1].inner(&[fill()]);
    let package = prove(&sub_block(&chain, chain.users[0].address, vec![transaction]));
    let bytes = package.encode();
    std::fs::write(&path, &bytes).expect("the target folder is writable");
    bytes
}

fn admitted(chain: &TestChain, submission: Submission) -> PendingTransaction {
    chain.executor.admit(submission).expect("admitted")
}

/// A chain and the thread, its proof verified.
fn with_thread(package: &[u8]) -> (TestChain, PendingTransaction) {
    let mut chain = chain();
    let hash = chain.os_program_hash();
    let submission = chain.users[0].thread(hash, package.to_vec(), &[]);
    let transaction = admitted(&chain, submission);
    if let PendingBody::Thread(thread) = &transaction.body {
        chain.executor.verification().verdict(thread).expect("verifies");
    }
    (chain, transaction)
}

fn with_transfers() -> (TestChain, Vec<PendingTransaction>) {
    let mut chain = chain();
    let to = chain.users[2].address;
    let transfers = (0..ENTRIES)
        .map(|_| {
            let submission = chain.users[1].invoke(&[transfer(eth(), to, 1)]);
            chain.executor.prepare(submission, false).expect("prepared")
        })
        .collect();
    (chain, transfers)
}

/// Executes all of it in one block.
fn execute(chain: &TestChain, transactions: Vec<PendingTransaction>) -> OpenBlock {
    let mut block = chain.open();
    for transaction in transactions {
        assert_succeeded(&block.execute(transaction).expect("executes").transaction.receipt);
    }
    block
}

fn seal_and_commit(chain: &TestChain, block: OpenBlock) {
    let sealed: SealedBlock = block.seal().expect("seals");
    black_box(chain.executor.commit(sealed).expect("commits"));
}

fn settle(criterion: &mut Criterion) {
    let package = package();
    let (chain, transaction) = with_thread(&package);
    let PendingBody::Thread(thread) = &transaction.body else { unreachable!("it is a thread") };
    let statement = &thread.package().segments[0].statement;
    println!(
        "the thread: {} preconditions, {} diff entries, {} bytes",
        precondition_count(statement),
        diff_entry_count(statement),
        package.len()
    );

    let mut group = criterion.benchmark_group(format!("{ENTRIES} entries"));
    group.sample_size(10).measurement_time(Duration::from_secs(10)).throughput(Throughput::Elements(ENTRIES));
    group.bench_function("precheck", |bencher| {
        bencher.iter(|| assert!(chain.executor.precheck_thread(thread).expect("checks").is_empty()));
    });
    group.bench_function("thread: execute", |bencher| {
        let setup = || with_thread(&package);
        bencher.iter_batched(
            setup,
            |(chain, thread)| (execute(&chain, vec![thread]), chain),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("thread: seal and commit", |bencher| {
        let setup = || {
            let (chain, thread) = with_thread(&package);
            (execute(&chain, vec![thread]), chain)
        };
        bencher.iter_batched(
            setup,
            |(block, chain)| {
                seal_and_commit(&chain, block);
                chain
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("transfers: execute", |bencher| {
        bencher.iter_batched(
            with_transfers,
            |(chain, transfers)| (execute(&chain, transfers), chain),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("transfers: seal and commit", |bencher| {
        let setup = || {
            let (chain, transfers) = with_transfers();
            (execute(&chain, transfers), chain)
        };
        bencher.iter_batched(
            setup,
            |(block, chain)| {
                seal_and_commit(&chain, block);
                chain
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, settle);
criterion_main!(benches);

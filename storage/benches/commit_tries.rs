//! How long a block's state takes: the tries computed, committed, pruned; and proofs of it.

mod common;

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use indexmap::IndexMap;
use starknet_api::core::{ContractAddress, PatriciaKey};
use starknet_api::state::{StorageKey, ThinStateDiff};
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Pedersen, Poseidon, StarkHash};
use zkthreads_storage::{ProofRequest, Storage};

use common::{felt, next_block};

/// Entries in a block's diff.
const ENTRIES: u64 = 1_000;
/// Entries already in the state.
const BEFORE: u64 = 20_000;
/// States kept where old ones are pruned.
const KEPT: u64 = 10;
/// Contracts that they are spread over.
const CONTRACTS: u64 = 4;

fn key(role: u64, n: u64) -> PatriciaKey {
    PatriciaKey::try_from(felt(role, n)).expect("below 2^250")
}

/// Sets `entries` cells from `first` on to `value`.
fn diff(first: u64, entries: u64, value: u64) -> ThinStateDiff {
    let mut diff = ThinStateDiff::default();
    for n in first..first + entries {
        let cells: &mut IndexMap<_, _> =
            diff.storage_diffs.entry(ContractAddress(key(0, n % CONTRACTS))).or_default();
        cells.insert(StorageKey(key(1, n)), Felt::from(value + n));
    }
    diff
}

fn commit_tries(c: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    let storage = Storage::open(directory.path()).expect("opens");
    storage.commit(next_block(&storage, diff(0, BEFORE, 1), vec![])).expect("commits");

    // Nearly all of the time goes here: several of these per entry.
    c.bench_function("one Pedersen hash", |b| {
        let (left, right) = (Poseidon::hash(&Felt::ONE, &Felt::TWO), Poseidon::hash(&Felt::TWO, &Felt::ONE));
        b.iter(|| Pedersen::hash(black_box(&left), black_box(&right)));
    });
    let mut group = c.benchmark_group(format!("{ENTRIES} entries on {BEFORE}"));
    group.throughput(Throughput::Elements(ENTRIES)).sample_size(20);
    let mut value = 1;
    group.bench_function("change: tries", |b| {
        b.iter_batched(
            || {
                value += 1;
                diff(500, ENTRIES, value)
            },
            |diff| black_box(storage.prepare_state(&diff).expect("prepares")),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("insert: tries", |b| {
        let fresh = diff(BEFORE, ENTRIES, 1);
        b.iter(|| black_box(storage.prepare_state(&fresh).expect("prepares")));
    });
    group.bench_function("change: tries and commit", |b| {
        b.iter_batched(
            || {
                value += 1;
                diff(500, ENTRIES, value)
            },
            |diff| storage.commit(next_block(&storage, diff, vec![])).expect("commits"),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("change: tries, commit and prune", |b| {
        storage.prune(KEPT).expect("prunes");
        b.iter_batched(
            || {
                value += 1;
                diff(500, ENTRIES, value)
            },
            |diff| {
                storage.commit(next_block(&storage, diff, vec![])).expect("commits");
                storage.prune(KEPT).expect("prunes")
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
    let keys: Vec<_> = (0..10).map(|n| StorageKey(key(1, 500 + n * CONTRACTS))).collect();
    let contract = ContractAddress(key(0, 0));
    let request =
        ProofRequest { contracts: vec![contract], storage: vec![(contract, keys)], ..Default::default() };
    let tip = storage.latest().expect("readable").expect("a block");
    for (name, at) in [("at the tip", tip), ("of the oldest block", storage.oldest_state())] {
        c.bench_function(&format!("proof of 10 cells {name}"), |b| {
            b.iter(|| black_box(storage.storage_proof(at, &request).expect("proves")));
        });
    }
}

criterion_group!(benches, commit_tries);
criterion_main!(benches);

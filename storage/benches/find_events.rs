//! How long it takes to find a user's events in a long chain: by the index alone, and with the transactions read that
//! they are in.

mod common;

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use starknet_api::block::BlockNumber;
use starknet_api::core::{ContractAddress, PatriciaKey};
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::fields::Fee;
use starknet_api::transaction::{Event, EventContent, EventData, EventKey, TransactionHash};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{L1Message, Transaction};
use zkthreads_storage::{BlockTransaction, EventPlace, EventQuery, ExecutionStatus, Receipt, Storage};

use common::{felt, next_block};

const BLOCKS: u64 = 10_000;
/// Transactions in a block.
const TRANSACTIONS: u64 = 10;
/// Events in a transaction.
const EVENTS: u64 = 10;
/// All events, which users have by turns: of one user there is one in every hundredth block.
const ALL: u64 = BLOCKS * TRANSACTIONS * EVENTS;
const USERS: u64 = 10_000;
/// A user's events.
const FOUND: usize = (ALL / USERS) as usize;
/// The user whose events are looked for.
const USER: usize = 1_234;
/// One in so many events is another contract's, but none of that user's.
const OTHERS: u64 = 100;
/// More than such a search needs.
const WORK: usize = 10_000;
/// How often it is repeated for the line that is printed.
const RUNS: usize = 51;

fn contract(n: u64) -> ContractAddress {
    ContractAddress(PatriciaKey::try_from(felt(0, n)).expect("below 2^250"))
}

/// What the events are made of.
struct Parts {
    token: ContractAddress,
    other: ContractAddress,
    transfer: Felt,
    users: Vec<Felt>,
}

impl Parts {
    fn new() -> Self {
        let users = (0..USERS).map(|n| felt(2, n)).collect();
        Self { token: contract(0), other: contract(1), transfer: felt(1, 0), users }
    }

    fn event(&self, n: u64) -> Event {
        let keys = [self.transfer, self.users[(n % USERS) as usize]].map(EventKey).to_vec();
        let data = EventData(vec![Felt::from(n), Felt::ZERO]);
        let from_address = if n % OTHERS == OTHERS - 1 { self.other } else { self.token };
        Event { from_address, content: EventContent { keys, data } }
    }

    /// The `n`-th transaction of the chain.
    fn transaction(&self, n: u64) -> BlockTransaction {
        let message = L1Message { tx: Default::default(), paid_fee: Fee(1), l1_transaction: None };
        let receipt = Receipt {
            actual_fee: Fee(0),
            status: ExecutionStatus::Succeeded,
            events: (n * EVENTS..(n + 1) * EVENTS).map(|n| self.event(n)).collect(),
            messages: Vec::new(),
            gas: Default::default(),
            deployed: None,
            thread: None,
        };
        let hash = TransactionHash(Felt::from(n + 1));
        BlockTransaction { hash, body: Transaction::L1Handler(message), receipt }
    }
}

/// How long it takes once, in milliseconds.
fn time<T>(run: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(run());
    start.elapsed().as_secs_f64() * 1e3
}

/// How long it takes usually, in milliseconds.
fn median<T>(mut run: impl FnMut() -> T) -> f64 {
    let mut times: Vec<_> = (0..RUNS).map(|_| time(&mut run)).collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}

fn find_events(c: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    let parts = Parts::new();
    let storage = Storage::open(directory.path()).expect("opens");
    for number in 0..BLOCKS {
        let transactions = number * TRANSACTIONS..(number + 1) * TRANSACTIONS;
        let transactions = transactions.map(|n| parts.transaction(n)).collect();
        storage.commit(next_block(&storage, ThinStateDiff::default(), transactions)).expect("commits");
    }
    // From files, as most of a long chain is.
    drop(storage);
    let storage = Storage::open(directory.path()).expect("opens");

    let keys = [vec![parts.transfer], vec![parts.users[USER]]];
    let query = EventQuery::new([parts.token], &keys).expect("not every event");
    let (from, to) = (EventPlace::first_of(BlockNumber(0)), BlockNumber(BLOCKS - 1));
    let find = || {
        let found = storage.find_events(&query, from, to, 2 * FOUND, WORK).expect("finds");
        assert_eq!((found.places.len(), found.next), (FOUND, None));
        found.places
    };
    let read = || {
        for place in find() {
            let transaction = storage.transaction_at(place.block, place.transaction as usize);
            let BlockTransaction { receipt, .. } = transaction.expect("readable").expect("a transaction");
            let event = &receipt.events[place.event as usize];
            assert_eq!(event.content.keys[1].0, parts.users[USER]);
        }
    };
    let first = time(read);
    println!(
        "{FOUND} of {ALL} events: {:.2} ms by the index alone, {:.2} ms with their transactions read ({first:.2} ms \
         the first time)",
        median(find),
        median(read),
    );

    let mut group = c.benchmark_group(format!("{FOUND} of {ALL} events"));
    group.sample_size(20);
    group.bench_function("the index", |b| b.iter(find));
    group.bench_function("the index, and their transactions", |b| b.iter(read));
    group.finish();
}

criterion_group!(benches, find_events);
criterion_main!(benches);

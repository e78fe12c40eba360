//! The index of events finds what a look at every event finds.

use proptest::prelude::*;
use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::{Event, EventContent, EventData, EventKey, TransactionHash};
use starknet_types_core::felt::Felt;
use zkthreads_storage::{
    BlockTransaction, EventPlace, EventQuery, FoundEvents, Receipt, Storage, TransactionTrace,
};

use crate::fork::EmptyBase;
use crate::support::{address, next_block, rows, transaction};

/// A block's events, transaction by transaction.
type Emitted = Vec<Vec<Event>>;

fn event(contract: u64, keys: &[u64]) -> Event {
    let keys = keys.iter().map(|key| EventKey(Felt::from(*key))).collect();
    Event { from_address: address(contract), content: EventContent { keys, data: EventData(vec![]) } }
}

/// Commits the next block, with these events.
fn emit(storage: &Storage, emitted: &[Vec<Event>]) -> anyhow::Result<()> {
    let mut block = next_block(storage, ThinStateDiff::default())?;
    let number = block.header.block_header_without_hash.block_number;
    let transactions = (0..).zip(emitted).map(|(index, events): (u64, _)| {
        let BlockTransaction { body, receipt, .. } = transaction();
        let hash = TransactionHash(Felt::from(number.0 << 16 | index));
        BlockTransaction { hash, body, receipt: Receipt { events: events.clone(), ..receipt } }
    });
    block.transactions = transactions.collect();
    block.traces = emitted.iter().map(|_| TransactionTrace::default()).collect();
    block.header.n_transactions = emitted.len();
    Ok(storage.commit(block)?)
}

/// What is looked for, in the tests' own words.
#[derive(Debug, Clone)]
struct Asked {
    contracts: Vec<u64>,
    keys: Vec<Vec<u64>>,
}

impl Asked {
    fn new(contracts: &[u64], keys: &[&[u64]]) -> Self {
        Self { contracts: contracts.to_vec(), keys: keys.iter().map(|values| values.to_vec()).collect() }
    }

    fn query(&self) -> Option<EventQuery> {
        let keys: Vec<Vec<_>> =
            self.keys.iter().map(|values| values.iter().copied().map(Felt::from).collect()).collect();
        EventQuery::new(self.contracts.iter().copied().map(address), &keys)
    }

    fn matches(&self, event: &Event) -> bool {
        let of_contract = |contract: &u64| address(*contract) == event.from_address;
        let has_key = |(position, values): (usize, &Vec<u64>)| {
            let key = event.content.keys.get(position);
            values.is_empty() || key.is_some_and(|key| values.iter().any(|value| key.0 == Felt::from(*value)))
        };
        (self.contracts.is_empty() || self.contracts.iter().any(of_contract))
            && self.keys.iter().enumerate().all(has_key)
    }

    /// Every event that matches, found by looking at every one.
    fn scan(&self, storage: &Storage, from: EventPlace, to: BlockNumber) -> anyhow::Result<Vec<EventPlace>> {
        let mut places = Vec::new();
        for block in (from.block.0..=to.0).map(BlockNumber) {
            let transactions = storage.transactions(block)?.unwrap_or_default();
            for (transaction, BlockTransaction { receipt, .. }) in (0..).zip(&transactions) {
                for (event, emitted) in (0..).zip(&receipt.events) {
                    let place = EventPlace { block, transaction, event };
                    if place >= from && self.matches(emitted) {
                        places.push(place);
                    }
                }
            }
        }
        Ok(places)
    }
}

/// A place: block, transaction, event.
type Place = (u64, u32, u32);

const NOWHERE: [Place; 0] = [];

fn place((block, transaction, event): Place) -> EventPlace {
    EventPlace { block: BlockNumber(block), transaction, event }
}

/// One page after the other, each from where the one before ended.
fn pages(
    storage: &Storage,
    query: &EventQuery,
    (from, to): (EventPlace, BlockNumber),
    (limit, work): (usize, usize),
) -> anyhow::Result<Vec<FoundEvents>> {
    let (mut pages, mut begin) = (Vec::new(), Some(from));
    while let Some(from) = begin {
        let page = storage.find_events(query, from, to, limit, work)?;
        assert!(page.places.len() <= limit);
        assert!(page.places.first().is_none_or(|first| *first >= from));
        if let Some(next) = page.next {
            assert!(next > from && next.block <= to, "{next:?} after {from:?}, to {to}");
            assert!(page.places.last().is_none_or(|last| *last < next));
            assert!(page.places.len() == limit || next.block > from.block, "it came no block further");
        }
        begin = page.next;
        pages.push(page);
    }
    Ok(pages)
}

/// All that is found, on one page.
fn found(storage: &Storage, asked: &Asked, from: Place, to: u64) -> anyhow::Result<Vec<Place>> {
    let query = asked.query().expect("not every event");
    let found = storage.find_events(&query, place(from), BlockNumber(to), usize::MAX, usize::MAX)?;
    assert_eq!(found.next, None, "all was looked through");
    Ok(found.places.iter().map(|place| (place.block.0, place.transaction, place.event)).collect())
}

/// A search, and the limits and amounts of work of its pages.
#[derive(Debug, Clone)]
struct Search {
    asked: Asked,
    from: EventPlace,
    to: BlockNumber,
    splits: Vec<(usize, usize)>,
}

fn check_searches(storage: &Storage, searches: &[Search]) -> anyhow::Result<()> {
    for Search { asked, from, to, splits } in searches {
        let Some(query) = asked.query() else {
            assert!(asked.contracts.is_empty() && asked.keys.iter().all(Vec::is_empty));
            continue;
        };
        let expected = asked.scan(storage, *from, *to)?;
        let whole = storage.find_events(&query, *from, *to, usize::MAX, usize::MAX)?;
        assert_eq!(whole, FoundEvents { places: expected.clone(), next: None }, "{asked:?}");
        for split in splits {
            let pages = pages(storage, &query, (*from, *to), *split)?;
            let places: Vec<_> = pages.into_iter().flat_map(|page| page.places).collect();
            assert_eq!(places, expected, "{asked:?} by pages of {split:?}");
        }
    }
    Ok(())
}

fn check_chain(blocks: &[Emitted], searches: &[Search]) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    blocks.iter().try_for_each(|emitted| emit(&storage, emitted))?;
    check_searches(&storage, searches)
}

/// Short chains, with events of few contracts and with few keys.
fn blocks() -> impl Strategy<Value = Vec<Emitted>> {
    let emitted = (1..4u64, prop::collection::vec(1..4u64, 0..4));
    let emitted = emitted.prop_map(|(contract, keys)| event(contract, &keys));
    let transaction = prop::collection::vec(emitted, 0..4);
    let block = prop::collection::vec(transaction, 0..4);
    prop::collection::vec(block, 1..12)
}

/// Searches over such chains, a bit further than they go, for things that are there and some that are not.
fn searches() -> impl Strategy<Value = Vec<Search>> {
    let values = || prop::collection::vec(1..5u64, 0..4);
    let asked = (values(), prop::collection::vec(values(), 0..4));
    let from = (0..14u64, 0..3u32, 0..4u32);
    let splits = prop::collection::vec((1..6usize, 0..20usize), 4);
    let search = (asked, from, 0..14u64, splits).prop_map(|((contracts, keys), from, to, splits)| Search {
        asked: Asked { contracts, keys },
        from: place(from),
        to: BlockNumber(to),
        splits,
    });
    prop::collection::vec(search, 16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_search_of_random_chains(blocks in blocks(), searches in searches()) {
        check_chain(&blocks, &searches).expect("the database works");
    }
}

/// A block without transactions, then two with events.
fn small_chain(storage: &Storage) -> anyhow::Result<()> {
    emit(storage, &[])?;
    let first = vec![event(1, &[]), event(1, &[5]), event(2, &[5, 6])];
    emit(storage, &[first, vec![], vec![event(1, &[5])]])?;
    emit(storage, &[vec![event(2, &[6])]])
}

#[test]
fn contracts_and_keys_by_position() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    small_chain(&storage)?;
    let all_of = |contracts: &[u64], keys: &[&[u64]]| {
        found(&storage, &Asked::new(contracts, keys), (0, 0, 0), u64::MAX)
    };
    // One of them has no keys.
    let of_first: [Place; 3] = [(1, 0, 0), (1, 0, 1), (1, 2, 0)];
    assert_eq!(all_of(&[1], &[])?, of_first);
    assert_eq!(all_of(&[1], &[&[], &[]])?, of_first);
    assert_eq!(all_of(&[1, 1], &[])?, of_first);
    assert_eq!(all_of(&[9, 1], &[])?, of_first);
    assert_eq!(all_of(&[], &[&[5]])?, [(1, 0, 1), (1, 0, 2), (1, 2, 0)]);
    assert_eq!(all_of(&[], &[&[5, 6, 5]])?, [(1, 0, 1), (1, 0, 2), (1, 2, 0), (2, 0, 0)]);
    assert_eq!(all_of(&[], &[&[], &[6]])?, [(1, 0, 2)]);
    assert_eq!(all_of(&[2], &[&[6, 5]])?, [(1, 0, 2), (2, 0, 0)]);
    assert_eq!(all_of(&[1, 2, 1], &[&[5, 5], &[6, 6]])?, [(1, 0, 2)]);
    // Both are in block 1, but no event has both.
    assert_eq!(all_of(&[1], &[&[], &[6]])?, NOWHERE);
    assert_eq!(all_of(&[9], &[])?, NOWHERE);
    assert_eq!(all_of(&[1], &[&[7]])?, NOWHERE);
    assert_eq!(all_of(&[1], &[&[5], &[], &[5]])?, NOWHERE);
    Ok(())
}

#[test]
fn what_every_event_matches_is_no_query() {
    let without_values: [&[&[u64]]; 3] = [&[], &[&[]], &[&[], &[]]];
    for keys in without_values {
        assert_eq!(Asked::new(&[], keys).query(), None);
    }
}

#[test]
fn where_a_search_begins_and_ends() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    let asked = Asked::new(&[], &[&[5, 6]]);
    assert_eq!(found(&storage, &asked, (0, 0, 0), 9)?, NOWHERE, "before the first block");
    small_chain(&storage)?;
    let all: [Place; 4] = [(1, 0, 1), (1, 0, 2), (1, 2, 0), (2, 0, 0)];
    let from = |from| found(&storage, &asked, from, 2);
    assert_eq!(from((1, 0, 1))?, all);
    assert_eq!(from((1, 0, 2))?, all[1..]);
    for between in [(1, 0, 3), (1, 1, 0), (1, 1, u32::MAX), (1, 2, 0)] {
        assert_eq!(from(between)?, all[2..], "from {between:?}");
    }
    assert_eq!(from((1, 2, 1))?, all[3..]);
    assert_eq!(from((2, 0, 1))?, NOWHERE);
    for (after, to) in [((2, 0, 0), 1), ((1, 0, 0), 0), ((3, 0, 0), 9), ((u64::MAX, 0, 0), u64::MAX)] {
        assert_eq!(found(&storage, &asked, after, to)?, NOWHERE, "from {after:?} to {to}");
    }
    assert_eq!(found(&storage, &asked, (0, 0, 0), 1)?, all[..3]);

    let query = asked.query().expect("not every event");
    let none = storage.find_events(&query, place((0, 0, 0)), BlockNumber(2), 0, usize::MAX)?;
    assert_eq!(none, FoundEvents { places: vec![], next: Some(place(all[0])) });
    // What fits exactly is all.
    let four = storage.find_events(&query, place((0, 0, 0)), BlockNumber(2), 4, usize::MAX)?;
    assert_eq!(four, FoundEvents { places: all.map(place).to_vec(), next: None });
    Ok(())
}

/// Lists as long as the chain, where the events that are looked for are in one block, or nowhere: what they must meet
/// is never in the same block, or never in the same event.
#[test]
fn work_is_bounded() -> anyhow::Result<()> {
    const BLOCKS: u64 = 2_000;
    const WORK: usize = 50;
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    for block in 0..BLOCKS {
        let seldom: &[u64] = if block == 1_500 { &[1, 9] } else { &[1] };
        emit(&storage, &[vec![event(1, seldom), event(2, &[2]), event(3 + block % 2, &[3 + block % 2])]])?;
    }
    let whole = (EventPlace::first_of(BlockNumber(0)), BlockNumber(u64::MAX));
    let pages_of = |contracts: &[u64], keys: &[&[u64]]| {
        let query = Asked::new(contracts, keys).query().expect("not every event");
        pages(&storage, &query, whole, (10, WORK))
    };
    let in_one_block = pages_of(&[1], &[&[1], &[9]])?;
    assert_eq!(in_one_block, [FoundEvents { places: vec![place((1_500, 0, 0))], next: None }]);
    assert_eq!(pages_of(&[1, 2, 3], &[&[10]])?, [FoundEvents::default()], "of a key that nobody has");
    for (contract, key) in [(3, 4), (1, 2)] {
        let pages = pages_of(&[contract], &[&[key]])?;
        assert!(pages.iter().all(|page| page.places.is_empty()));
        // At least a row was looked at of each block, and not much more than two.
        let least = BLOCKS as usize / (WORK + 4);
        assert!((least..4 * least).contains(&pages.len()), "{} pages", pages.len());
    }
    // With less than it takes to open the lists, each page still comes a block further.
    let query = Asked::new(&[1], &[&[2]]).query().expect("not every event");
    let from = EventPlace::first_of(BlockNumber(BLOCKS - 20));
    let pages = pages(&storage, &query, (from, BlockNumber(BLOCKS - 1)), (10, 0))?;
    assert_eq!(pages.len(), 20);
    Ok(())
}

#[test]
fn events_go_with_their_block() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    small_chain(&storage)?;
    let before = rows(&storage)?;
    let asked = Asked::new(&[1, 2], &[]);
    let remaining = found(&storage, &asked, (0, 0, 0), 9)?;
    assert_eq!(remaining.len(), 5);
    for _ in 0..2 {
        emit(&storage, &[vec![event(1, &[5, 6, 7]), event(3, &[])], vec![event(2, &[5, 5])]])?;
    }
    assert_eq!(found(&storage, &asked, (0, 0, 0), 9)?.len(), 9);
    storage.revert_to(BlockNumber(2))?;
    assert!(rows(&storage)? == before, "rows are left over, missing or wrong");
    assert_eq!(found(&storage, &asked, (0, 0, 0), 9)?, remaining);
    assert_eq!(found(&storage, &Asked::new(&[3], &[]), (0, 0, 0), 9)?, NOWHERE);
    // Another block takes the place of one that was removed.
    emit(&storage, &[vec![event(2, &[7])]])?;
    assert_eq!(found(&storage, &Asked::new(&[], &[&[7]]), (0, 0, 0), 9)?, [(3, 0, 0)]);
    assert_eq!(found(&storage, &Asked::new(&[1], &[]), (3, 0, 0), 9)?, NOWHERE);
    Ok(())
}

#[test]
fn a_fork_begins_later() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let fork = (BlockNumber(7), BlockHash(Felt::from(7)));
    let storage = Storage::open_forked(directory.path(), EmptyBase::shared(), fork)?;
    small_chain(&storage)?;
    let asked = Asked::new(&[2], &[]);
    let all: [Place; 2] = [(9, 0, 2), (10, 0, 0)];
    for from in [0, 7, 8, 9] {
        assert_eq!(found(&storage, &asked, (from, 0, 0), 10)?, all, "from block {from}");
    }
    assert_eq!(found(&storage, &asked, (0, 0, 0), 7)?, NOWHERE);
    Ok(())
}

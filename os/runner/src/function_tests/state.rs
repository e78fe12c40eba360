//! `cairo/thread_os/state.cairo` and `write_contracts` of `cairo/thread_os/statement.cairo`: logs, their squash, and
//! how a failed call is undone.

use std::collections::BTreeMap;

use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use proptest::prelude::*;
use starknet_types_core::felt::Felt;

use super::hostile::Hostile;
use super::{Call, Returned};

const ENTRY: usize = 3;
/// Fields of `ContractState`: class hash, end of the storage log, nonce.
const STORAGE: usize = 1;

/// What one stretch of execution inside a contract does: cells it reads (with no new value) or writes, and the class
/// it ends with.
#[derive(Debug, Clone)]
struct Stretch {
    contract: u64,
    accesses: Vec<(u64, Option<u64>)>,
    class_hash: Option<u64>,
}

fn stretch() -> impl Strategy<Value = Stretch> {
    let accesses = proptest::collection::vec((0_u64..4, proptest::option::of(0_u64..50)), 0..6);
    (1_u64..4, accesses, proptest::option::weighted(0.2, 1_u64..5))
        .prop_map(|(contract, accesses, class_hash)| Stretch { contract, accesses, class_hash })
}

fn stretches(most: usize) -> impl Strategy<Value = Vec<Stretch>> {
    proptest::collection::vec(stretch(), 0..most)
}

/// A contract as a test follows it.
#[derive(Debug, Clone)]
struct Contract {
    class_hash: [u64; 2],
    cells: BTreeMap<u64, [u64; 2]>,
    /// Its storage log, and how much of it each stretch had seen.
    log: Vec<[u64; ENTRY]>,
}

/// Logs as an honest run leaves them.
#[derive(Debug, Clone, Default)]
struct Logs {
    contracts: BTreeMap<u64, Contract>,
    /// Per stretch: contract, class and length of its storage log before and after.
    log: Vec<(u64, [(u64, usize); 2])>,
}

/// A cell's value before everything.
fn initial(contract: u64, key: u64) -> u64 {
    1000 * contract + key
}

impl Logs {
    fn of(stretches: &[Stretch]) -> Self {
        let mut logs = Self::default();
        stretches.iter().for_each(|stretch| logs.append(stretch));
        logs
    }

    fn append(&mut self, stretch: &Stretch) {
        let address = stretch.contract;
        let contract = self.contracts.entry(address).or_insert_with(|| Contract {
            class_hash: [address + 70; 2],
            cells: BTreeMap::new(),
            log: Vec::new(),
        });
        let before = (contract.class_hash[1], contract.log.len());
        for (key, written) in &stretch.accesses {
            let cell = contract.cells.entry(*key).or_insert([initial(address, *key); 2]);
            let new = written.unwrap_or(cell[1]);
            contract.log.push([*key, cell[1], new]);
            cell[1] = new;
        }
        contract.class_hash[1] = stretch.class_hash.unwrap_or(before.0);
        self.log.push((address, [before, (contract.class_hash[1], contract.log.len())]));
    }

    /// What `write_contracts` outputs of them.
    fn squashed(&self) -> Vec<Felt> {
        let mut felts = vec![self.contracts.len() as u64];
        for (address, contract) in &self.contracts {
            let [before, after] = contract.class_hash;
            felts.extend([*address, before, after, 3, 3, contract.cells.len() as u64]);
            felts.extend(contract.cells.iter().flat_map(|(key, [before, after])| [*key, *before, *after]));
        }
        felts.into_iter().map(Felt::from).collect()
    }

    /// Lays the logs out; returns where the log of contracts and each storage log start.
    fn lay_out(&self, call: &mut Call) -> (Relocatable, BTreeMap<u64, Relocatable>) {
        let storages: BTreeMap<u64, Relocatable> = self
            .contracts
            .iter()
            .map(|(address, contract)| {
                let cells: Vec<Felt> = contract.log.as_flattened().iter().copied().map(Felt::from).collect();
                (*address, call.allocate(&cells))
            })
            .collect();
        let mut last: BTreeMap<u64, Relocatable> = BTreeMap::new();
        let mut log: Vec<MaybeRelocatable> = Vec::new();
        for (address, sides) in &self.log {
            let mut state = |(class_hash, length): (u64, usize)| {
                let storage = (storages[address] + length * ENTRY).unwrap();
                call.allocate(&[Felt::from(class_hash).into(), storage.into(), Felt::THREE.into()]
                    as &[MaybeRelocatable])
            };
            let after = state(sides[1]);
            let before = last.get(address).copied().unwrap_or_else(|| state(sides[0]));
            log.extend([Felt::from(*address).into(), before.into(), after.into()]);
            last.insert(*address, after);
        }
        (call.allocate(&log), storages)
    }
}

/// `write_contracts` of logs in which some cells are replaced after they were laid out.
fn squash(logs: &Logs, lies: &[Lie]) -> Result<Vec<Felt>, String> {
    let mut honest = Call::new();
    let (start, storages) = logs.lay_out(&mut honest);
    // Memory cannot be changed, so it is laid out again with lies in it.
    let mut call = Call::new();
    for segment in call.runner.vm.segments.num_segments()..honest.runner.vm.segments.num_segments() {
        let mut cells = segment_cells(&honest, segment);
        for lie in lies {
            let target = match lie.log {
                Log::Contracts => start.segment_index,
                Log::Storage(address) => storages[&address].segment_index,
            };
            if target == segment as isize {
                (lie.tell)(&mut cells);
            }
        }
        call.allocate(&cells);
    }
    let end = (start + logs.log.len() * ENTRY).unwrap();
    let output = call.runner.vm.add_memory_segment();
    let returned = call
        .with(output)
        .with_builtin(BuiltinName::range_check)
        .with(start)
        .with(end)
        .run("statement.write_contracts")?;
    let [output_end, _] = returned.all(2).try_into().unwrap();
    let size = (output_end.get_relocatable().unwrap() - output).unwrap();
    Ok(returned.cells(&output.into(), size).iter().map(|cell| cell.get_int().expect("a number")).collect())
}

fn segment_cells(call: &Call, segment: usize) -> Vec<MaybeRelocatable> {
    let start = Relocatable { segment_index: segment as isize, offset: 0 };
    let mut cells = Vec::new();
    while let Some(cell) = call.runner.vm.get_maybe(&(start + cells.len()).unwrap()) {
        cells.push(cell);
    }
    cells
}

#[derive(Clone, Copy)]
enum Log {
    Contracts,
    Storage(u64),
}

/// Alters cells that a hint writes.
type Alter = Box<dyn Fn(&mut Vec<MaybeRelocatable>)>;

/// Cells of a log that a prover laid out otherwise.
struct Lie {
    log: Log,
    tell: Alter,
}

impl Lie {
    fn new(log: Log, tell: impl Fn(&mut Vec<MaybeRelocatable>) + 'static) -> Self {
        Self { log, tell: Box::new(tell) }
    }

    /// Sets a number.
    fn set(log: Log, entry: usize, field: usize, value: u64) -> Self {
        Self::new(log, move |cells| cells[entry * ENTRY + field] = Felt::from(value).into())
    }

    fn swap(log: Log, a: usize, b: usize) -> Self {
        Self::new(log, move |cells| {
            (0..ENTRY).for_each(|field| cells.swap(a * ENTRY + field, b * ENTRY + field))
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn logs_are_squashed(stretches in stretches(8)) {
        let logs = Logs::of(&stretches);
        prop_assert_eq!(squash(&logs, &[]).unwrap(), logs.squashed());
    }
}

/// Contract 1: writes 5 and 6 to key 2, reads it; contract 2 between; then contract 1 reads and writes again.
fn example() -> Logs {
    Logs::of(&[
        Stretch {
            contract: 1,
            accesses: vec![(2, Some(5)), (3, None), (2, Some(6)), (2, None)],
            class_hash: None,
        },
        Stretch { contract: 2, accesses: vec![(2, Some(9))], class_hash: Some(4) },
        Stretch { contract: 1, accesses: vec![(2, None), (2, Some(7))], class_hash: None },
        Stretch { contract: 1, accesses: vec![], class_hash: None },
    ])
}

#[test]
fn reads_that_are_not_so_are_refused() {
    let storage = Log::Storage(1);
    for entry in [3, 4] {
        let read = |value: u64| {
            squash(&example(), &[Lie::set(storage, entry, 1, value), Lie::set(storage, entry, 2, value)])
        };
        assert_eq!(read(6).unwrap(), example().squashed());
        assert!(read(5).is_err());
        assert!(read(0).is_err());
    }
}

#[test]
fn previous_values_that_are_not_so_are_refused() {
    for (entry, wrong) in [(2, 6), (5, 5)] {
        assert!(squash(&example(), &[Lie::set(Log::Storage(1), entry, 1, wrong)]).is_err(), "entry {entry}");
    }
    // The first one is the claim.
    let claimed = squash(&example(), &[Lie::set(Log::Storage(1), 0, 1, 77)]).unwrap();
    assert_ne!(claimed, example().squashed());
    assert!(claimed.contains(&Felt::from(77)));
}

#[test]
fn reordered_or_hidden_accesses_are_refused() {
    let storage = Log::Storage(1);
    assert!(squash(&example(), &[Lie::swap(storage, 0, 2)]).is_err());
    assert!(squash(&example(), &[Lie::swap(storage, 2, 5)]).is_err());
    // An access is hidden under another key: that key is then stated.
    let hidden = squash(&example(), &[Lie::set(storage, 5, 0, 8)]).unwrap();
    assert!(hidden.len() > example().squashed().len());
    // In the log of contracts, stretches of one contract chain as well.
    assert!(squash(&example(), &[Lie::swap(Log::Contracts, 0, 2)]).is_err());
    assert!(squash(&example(), &[Lie::swap(Log::Contracts, 2, 3)]).is_err());
}

/// A contract is opened where it was before, so that what happened since is gone.
#[test]
fn stale_states_are_refused() {
    for (entry, stale) in [(2, 0), (3, 0), (3, 2)] {
        let lie = Lie::new(Log::Contracts, move |cells| {
            cells[entry * ENTRY + 1] = cells[stale * ENTRY + 1].clone();
        });
        assert!(squash(&example(), &[lie]).is_err(), "stretch {entry}");
    }
    // A stretch of one contract opened at the state of another.
    let lie = Lie::new(Log::Contracts, |cells| cells[2 * ENTRY + 1] = cells[ENTRY + 2].clone());
    assert!(squash(&example(), &[lie]).is_err());
}

/// How `open_contract` is answered: with the state that the contract was closed at last, or any older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opened {
    Latest,
    First,
}

/// Runs `undo` on the stretches from the `kept`-th on; returns the log of contracts after it.
fn undo(logs: &Logs, kept: usize, opened: Opened) -> Result<(Returned, Relocatable), String> {
    let mut call = Call::new();
    let (start, _) = logs.lay_out(&mut call);
    let end = (start + logs.log.len() * ENTRY).unwrap();
    let mut hostile = Hostile::new(|name, args| {
        if name == "undo_write" {
            return Ok(());
        }
        assert_eq!(name, "open_contract");
        let entry = args.pointer("contracts")?;
        let address = args.integer_at(entry)?;
        let count = (entry - start).unwrap() / ENTRY;
        let mut states = Vec::new();
        for index in 0..count {
            let other = (start + index * ENTRY)?;
            if args.integer_at(other)? == address {
                states.push(args.pointer_at((other + 2_usize)?)?);
            }
        }
        let state = if opened == Opened::Latest { states.last() } else { states.first() };
        let state = *state.expect("the contract was opened before");
        args.write((entry + 1_usize)?, [state.into()])
    });
    let kept = (start + kept * ENTRY).unwrap();
    let returned = call.with(end).with(kept).with(end).run_with("state.undo", &mut hostile)?;
    Ok((returned, start))
}

/// Class hashes and cells of all contracts as a log says, or nothing if it contradicts itself.
fn replay(returned: &Returned, start: Relocatable) -> Option<BTreeMap<(Felt, Option<Felt>), Felt>> {
    let end = returned.last().get_relocatable().unwrap();
    let count = (end - start).unwrap() / ENTRY;
    let log = returned.cells(&start.into(), count * ENTRY);
    let mut last: BTreeMap<Felt, MaybeRelocatable> = BTreeMap::new();
    let mut values = BTreeMap::new();
    for entry in log.chunks(ENTRY) {
        let address = entry[0].get_int().unwrap();
        if last.insert(address, entry[2].clone()).is_some_and(|last| last != entry[1]) {
            return None;
        }
        let state = |pointer: &MaybeRelocatable| returned.cells(pointer, 3);
        let (before, after) = (state(&entry[1]), state(&entry[2]));
        values.insert((address, None), after[0].get_int().unwrap());
        let [from, to] = [&before, &after].map(|state| state[STORAGE].get_relocatable().unwrap());
        let cells = returned.cells(&from.into(), (to - from).unwrap());
        for access in cells.chunks(ENTRY) {
            let [key, previous, new] = [0, 1, 2].map(|field| access[field].get_int().unwrap());
            if values.insert((address, Some(key)), new).is_some_and(|value| value != previous) {
                return None;
            }
        }
    }
    Some(values)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What a failed call did to storage and classes is gone; what was before it is not.
    #[test]
    fn failed_calls_are_undone(before in stretches(4), failed in stretches(6)) {
        let logs = Logs::of(&[before.clone(), failed].concat());
        let (returned, start) = undo(&logs, before.len(), Opened::Latest).unwrap();
        let values = replay(&returned, start).expect("a consistent history");
        let kept = Logs::of(&before).contracts;
        for (address, contract) in &logs.contracts {
            let found = |key: Option<u64>| values[&(Felt::from(*address), key.map(Felt::from))];
            let kept = kept.get(address);
            let class_hash = kept.map_or(contract.class_hash[0], |kept| kept.class_hash[1]);
            prop_assert_eq!(found(None), Felt::from(class_hash));
            for key in contract.cells.keys() {
                let kept = kept.and_then(|kept| kept.cells.get(key));
                let value = kept.map_or(initial(*address, *key), |cell| cell[1]);
                prop_assert_eq!(found(Some(*key)), Felt::from(value));
            }
        }
    }

    /// Undone at a stale state, a call would leave a history that contradicts itself.
    #[test]
    fn undoing_at_a_stale_state_is_found(before in stretches(4), failed in stretches(6)) {
        let logs = Logs::of(&[before.clone(), failed].concat());
        let honest = undo(&logs, before.len(), Opened::Latest).unwrap();
        let Ok(stale) = undo(&logs, before.len(), Opened::First) else { return Ok(()) };
        let length = |(returned, start): &(Returned, Relocatable)| {
            (returned.last().get_relocatable().unwrap() - *start).unwrap()
        };
        let same = replay(&stale.0, stale.1).is_none_or(|values| Some(values) == replay(&honest.0, honest.1));
        prop_assert!(same && length(&stale) == length(&honest));
    }
}

//! `cairo/thread_os/builtins.cairo`, with pointers as whoever proves sees them: numbers.

use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::relocatable::MaybeRelocatable;
use proptest::prelude::*;
use starknet_types_core::felt::Felt;

use super::{Call, Returned};

/// Name, cells of an instance.
const BUILTINS: [(&str, u64); 9] = [
    ("pedersen", 3),
    ("range_check", 1),
    ("bitwise", 5),
    ("ec_op", 7),
    ("poseidon", 6),
    ("segment_arena", 3),
    ("range_check96", 1),
    ("add_mod", 7),
    ("mul_mod", 7),
];
const ARENA: usize = 5;
/// Indices in [`BUILTINS`] of the fields of the struct `Builtins`, without `keccak` and `sha256`.
const FIELDS: [usize; 6] = [0, 2, 3, 6, 7, 8];

/// Where the builtins' pointers are before a call.
fn before(builtin: usize) -> Felt {
    Felt::from(1_000_000 * (builtin + 1))
}

fn name(builtin: usize) -> Felt {
    Felt::from_bytes_be_slice(BUILTINS[builtin].0.as_bytes())
}

/// A class's list of builtins, and a cell behind it.
fn names(builtins: &[usize]) -> Vec<Felt> {
    builtins.iter().map(|builtin| name(*builtin)).chain([Felt::ZERO]).collect()
}

fn pointers() -> Vec<Felt> {
    FIELDS.into_iter().map(before).chain([Felt::from(7), Felt::from(8)]).collect()
}

/// `take_builtins` of the pointers that an entry point with these builtins returned.
fn take(builtins: &[usize], returned: &[Felt]) -> Result<Returned, String> {
    let mut call = Call::new();
    let names = call.allocate(&names(builtins));
    let returned = call.allocate(returned);
    let pointers = call.allocate(&pointers());
    call.with(names)
        .with(returned)
        .with_builtin(BuiltinName::range_check)
        .with(before(1))
        .with(before(4))
        .with(pointers)
        .with(before(ARENA))
        .run("builtins.take_builtins")
}

fn advanced(builtin: usize, instances: u64) -> Felt {
    before(builtin) + Felt::from(instances * BUILTINS[builtin].1)
}

/// Builtins and how many instances of each are used.
fn uses() -> impl Strategy<Value = Vec<(usize, u64)>> {
    let all = (0..BUILTINS.len()).collect::<Vec<_>>();
    proptest::sample::subsequence(all, 0..=BUILTINS.len()).prop_flat_map(|builtins| {
        let uses = builtins.into_iter().map(|builtin| (Just(builtin), 1_u64..1000));
        uses.collect::<Vec<_>>()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn pointers_advance_by_what_was_used(uses in uses()) {
        let (builtins, returned): (Vec<_>, Vec<_>) =
            uses.iter().map(|(builtin, instances)| (*builtin, advanced(*builtin, *instances))).unzip();
        let taken = take(&builtins, &returned).unwrap();
        let pointer = |builtin| match builtins.iter().position(|used| *used == builtin) {
            Some(place) => MaybeRelocatable::from(returned[place]),
            None => before(builtin).into(),
        };
        let [range_check, poseidon, fields, arena] = taken.all(4).try_into().unwrap();
        prop_assert_eq!([range_check, poseidon, arena], [pointer(1), pointer(4), pointer(ARENA)]);
        let fields = taken.cells(&fields, FIELDS.len() + 2);
        prop_assert_eq!(&fields[..FIELDS.len()], &FIELDS.map(pointer)[..]);
        // Segments that only the OS appends to.
        prop_assert_eq!(&fields[FIELDS.len()..], &[Felt::from(7).into(), Felt::from(8).into()]);
    }

    #[test]
    fn pointers_that_move_backwards_or_jump_are_refused(uses in uses(), far in 0_u32..122) {
        let builtins: Vec<usize> = uses.iter().map(|(builtin, _)| *builtin).collect();
        let honest: Vec<Felt> = uses.iter().map(|(builtin, instances)| advanced(*builtin, *instances)).collect();
        for (place, builtin) in builtins.iter().enumerate() {
            let size = BUILTINS[*builtin].1;
            let lies = [
                // Backwards: by an instance, by a cell, all the way round.
                before(*builtin) - Felt::from(size),
                before(*builtin) - Felt::ONE,
                Felt::ZERO,
                // Beyond all memory.
                before(*builtin) + Felt::from(size) * Felt::TWO.pow(129 + far),
                // Between two instances.
                honest[place] + Felt::ONE,
                honest[place] + Felt::from(size - 1),
            ];
            let lies = lies.into_iter().take(if size == 1 { 4 } else { 6 });
            for lie in lies {
                let mut returned = honest.clone();
                returned[place] = lie;
                prop_assert!(take(&builtins, &returned).is_err(), "{}: {lie:#x}", BUILTINS[*builtin].0);
            }
        }
    }

    #[test]
    fn builtins_are_placed_in_the_order_of_their_names(uses in uses()) {
        let builtins: Vec<usize> = uses.iter().map(|(builtin, _)| *builtin).collect();
        let (all, placed) = place(&names(&builtins), builtins.contains(&ARENA));
        prop_assert!(all);
        let arena_size = Felt::from(BUILTINS[ARENA].1);
        let expected: Vec<MaybeRelocatable> = builtins
            .iter()
            .filter(|builtin| **builtin != ARENA)
            .map(|builtin| before(*builtin).into())
            .collect();
        let placed: Vec<_> = placed.into_iter().filter(|cell| cell.get_int().is_some()).collect();
        prop_assert_eq!(placed, expected, "{:#x}", arena_size);
    }
}

/// `place_builtins`: whether it got to the end of the names, and what it placed.
fn place(names: &[Felt], with_arena: bool) -> (bool, Vec<MaybeRelocatable>) {
    let mut call = Call::new();
    let start = call.allocate(names);
    let target = call.runner.vm.add_memory_segment();
    let pointers = call.allocate(&pointers());
    // The first cell of an arena: its list of segments. The counters are the OS's to assert.
    let arena = call.allocate(&[Felt::from(99)]);
    let returned = call
        .with(start)
        .with(target)
        .with(before(1))
        .with(before(4))
        .with(pointers)
        .with(arena)
        .run("builtins.place_builtins")
        .unwrap();
    let [names_end, target_end] = returned.all(2).try_into().unwrap();
    let count = (target_end.get_relocatable().unwrap() - target).unwrap();
    let placed = returned.cells(&target.into(), count);
    if with_arena {
        // A fresh one: its counters are zero.
        let arena = returned.cells(&arena.into(), 3);
        assert_eq!(arena[1..], [Felt::ZERO.into(), Felt::ZERO.into()]);
    }
    (names_end == (start + (names.len() - 1)).unwrap().into(), placed)
}

#[test]
fn builtins_out_of_order_or_unknown_are_not_placed() {
    let lists = [vec![1, 0], vec![0, 0], vec![8, 7], vec![4, 3, 2]];
    for builtins in lists {
        assert!(!place(&names(&builtins), false).0, "{builtins:?}");
    }
    for unknown in ["output", "ecdsa", "keccak", "system", ""] {
        let names = [Felt::from_bytes_be_slice(unknown.as_bytes()), Felt::ZERO];
        assert!(!place(&names, false).0, "{unknown}");
    }
}

/// An arena that some call has used before.
#[test]
fn an_arena_with_a_past_is_refused() {
    for counters in [[1_u64, 1], [1, 0], [0, 1]] {
        let mut call = Call::new();
        let names = call.allocate(&names(&[ARENA]));
        let target = call.runner.vm.add_memory_segment();
        let pointers = call.allocate(&pointers());
        let arena = call.allocate(&[99, counters[0], counters[1]].map(Felt::from));
        let run = call
            .with(names)
            .with(target)
            .with(before(1))
            .with(before(4))
            .with(pointers)
            .with(arena)
            .run("builtins.place_builtins");
        assert!(run.is_err());
    }
}

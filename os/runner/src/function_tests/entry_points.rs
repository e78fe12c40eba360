//! `find_entry_point` of `cairo/thread_os/classes.cairo`.

use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use starknet_types_core::felt::Felt;

use super::{Call, empty_input};
use crate::fault_injector::{FaultInjector, Lie};
use crate::hints::OsHints;

/// Cells of an entry point.
const CELLS: usize = 4;

/// Looks for a selector in a table; returns the pointer that is found, without its segment.
fn find(selectors: &[u64], wanted: u64, lies: &[Lie]) -> Result<Option<usize>, String> {
    let mut call = Call::new();
    let cells: Vec<Felt> =
        selectors.iter().flat_map(|selector| [*selector, 100, 0, 0].map(Felt::from)).collect();
    let table = call.allocate(&cells);
    let input = empty_input();
    let mut hints = OsHints::new(&input, None);
    hints.faults = Box::new(FaultInjector::telling(lies));
    let returned = call
        .with_builtin(BuiltinName::range_check)
        .with(table)
        .with(Felt::from(selectors.len()))
        .with(Felt::from(wanted))
        .run_with("classes.find_entry_point", &mut hints)?;
    match returned.last() {
        MaybeRelocatable::RelocatableValue(Relocatable { segment_index, offset }) => {
            assert_eq!(segment_index, table.segment_index);
            Ok(Some(offset))
        }
        MaybeRelocatable::Int(zero) => {
            assert_eq!(zero, Felt::ZERO);
            Ok(None)
        }
    }
}

fn lie(cell: usize, bend: fn(Felt) -> Felt) -> [Lie; 1] {
    [Lie { hint: "find_entry_point", execution: 0, cell, bend }]
}

#[test]
fn what_is_there_is_found_in_any_order() {
    let selectors = [30, 10, 20];
    for (index, selector) in selectors.into_iter().enumerate() {
        assert_eq!(find(&selectors, selector, &[]), Ok(Some(index * CELLS)));
    }
    for absent in [0, 5, 15, 40] {
        assert_eq!(find(&selectors, absent, &[]), Ok(None));
        assert_eq!(find(&[], absent, &[]), Ok(None));
    }
}

#[test]
fn what_is_there_cannot_be_denied() {
    for selector in [10, 20, 30] {
        assert!(find(&[30, 10, 20], selector, &lie(0, |_| Felt::ZERO)).is_err());
    }
}

#[test]
fn what_is_absent_cannot_be_claimed() {
    // The index that the hint leaves out is whatever comes next among range checks: the prover's choice.
    assert!(find(&[30, 10, 20], 11, &lie(0, |_| Felt::ONE)).is_err());
}

#[test]
fn no_other_entry_point_can_be_given() {
    let bends: [fn(Felt) -> Felt; 4] = [
        |index| index + Felt::ONE,
        |index| index - Felt::ONE,
        |_| Felt::from(3),
        |index| index + Felt::TWO.pow(128_u32),
    ];
    for bend in bends {
        assert!(find(&[30, 10, 20], 10, &lie(1, bend)).is_err());
    }
}

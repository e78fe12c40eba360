//! `cairo/thread_os/shown_info.cairo`.

use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::relocatable::MaybeRelocatable;
use starknet_types_core::felt::Felt;

use super::{Call, Returned};

// Sizes and offsets in `ExecutionInfo` and `TxInfo`.
const EXECUTION_INFO_SIZE: usize = 5;
const TX_INFO: usize = 1;
const TX_INFO_SIZE: usize = 19;
const VERSION: usize = 0;
const BOUNDS_START: usize = 8;
const BOUNDS_END: usize = 9;
const TIP: usize = 10;
const BOUNDS_CELLS: usize = 9;

const AS_IT_IS: u8 = 0;
const AS_VERSION_1: u8 = 1;
const WITHOUT_DATA_GAS: u8 = 2;

/// `v1_bound_accounts_max_tip` of the versioned constants.
const MAX_TIP: u64 = 0x746_a528_8000;

struct Shown {
    returned: Returned,
    given: MaybeRelocatable,
    /// Execution info, then transaction info, as they were given.
    given_cells: [Vec<MaybeRelocatable>; 2],
}

/// Shows a transaction to a class.
fn show(shown: u8, version: u64, tip: u64) -> Result<Shown, String> {
    let mut call = Call::new();
    let bounds = call.allocate(&[Felt::from(77); BOUNDS_CELLS]);
    // Cells that tell which field they are.
    let mut tx_info: Vec<MaybeRelocatable> =
        (0..TX_INFO_SIZE).map(|field| Felt::from(1000 + field).into()).collect();
    tx_info[VERSION] = Felt::from(version).into();
    tx_info[BOUNDS_START] = bounds.into();
    tx_info[BOUNDS_END] = (bounds + BOUNDS_CELLS).unwrap().into();
    tx_info[TIP] = Felt::from(tip).into();
    let mut info: Vec<MaybeRelocatable> =
        (0..EXECUTION_INFO_SIZE).map(|field| Felt::from(2000 + field).into()).collect();
    info[TX_INFO] = call.allocate(&tx_info).into();
    let given = MaybeRelocatable::from(call.allocate(&info));
    let returned = call
        .with_builtin(BuiltinName::range_check)
        .with(given.clone())
        .with(Felt::from(shown))
        .run("shown_info.shown_info")?;
    Ok(Shown { returned, given, given_cells: [info, tx_info] })
}

impl Shown {
    fn is_as_given(&self) -> bool {
        self.returned.last() == self.given
    }

    /// Offset and value of the fields of `TxInfo` that differ from those given; everything else is equal.
    fn differences(&self) -> Vec<(usize, MaybeRelocatable)> {
        let info = self.returned.cells(&self.returned.last(), EXECUTION_INFO_SIZE);
        let tx_info = self.returned.cells(&info[TX_INFO], TX_INFO_SIZE);
        let [given_info, given_tx_info] = &self.given_cells;
        for field in (0..EXECUTION_INFO_SIZE).filter(|field| *field != TX_INFO) {
            assert_eq!(info[field], given_info[field], "field {field} of the execution info");
        }
        let differs = |field: &usize| tx_info[*field] != given_tx_info[*field];
        (0..TX_INFO_SIZE).filter(differs).map(|field| (field, tx_info[field].clone())).collect()
    }
}

#[test]
fn most_classes_see_a_transaction_as_it_is() {
    for version in [0, 3] {
        let shown = show(AS_IT_IS, version, 5).unwrap();
        assert!(shown.is_as_given());
        println!("{} steps", shown.returned.steps);
    }
}

#[test]
fn some_see_version_1_unless_the_tip_is_high() {
    let version_1 = vec![(VERSION, MaybeRelocatable::from(Felt::ONE))];
    for tip in [0, 1, MAX_TIP - 1, MAX_TIP] {
        let shown = show(AS_VERSION_1, 3, tip).unwrap();
        assert_eq!(shown.differences(), version_1, "tip {tip}");
        println!("{} steps", shown.returned.steps);
    }
    for tip in [MAX_TIP + 1, u64::MAX] {
        assert!(show(AS_VERSION_1, 3, tip).unwrap().is_as_given(), "tip {tip}");
    }
}

#[test]
fn some_see_no_l1_data_gas() {
    for tip in [0, u64::MAX] {
        let shown = show(WITHOUT_DATA_GAS, 3, tip).unwrap();
        let start = shown.given_cells[1][BOUNDS_START].get_relocatable().unwrap();
        assert_eq!(shown.differences(), vec![(BOUNDS_END, (start + 6_usize).unwrap().into())]);
        println!("{} steps", shown.returned.steps);
    }
}

/// What a callee of `meta_tx_v0` sees is of version 0.
#[test]
fn other_versions_are_shown_to_all() {
    for shown in [AS_IT_IS, AS_VERSION_1, WITHOUT_DATA_GAS] {
        assert!(show(shown, 0, 0).unwrap().is_as_given());
    }
}

#[test]
fn there_is_no_fourth_way() {
    assert!(show(3, 3, 0).is_err());
}

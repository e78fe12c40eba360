//! Classes: their hashes, code and metering.

use starknet_types_core::felt::Felt;

use super::honest::Verdict;
use super::programs::{Op, act, let_run};
use super::sub_blocks::{deployments, failures, one, second, signed};
use crate::fault_injector::Lie;

#[test]
fn an_omitted_class() {
    let honest = signed();
    let fewer = Lie { hint: "count_classes", execution: 0, cell: 0, bend: |count| count - Felt::ONE };
    assert_eq!(honest.hears(&[fewer]), Verdict::Refused);
}

/// An index that is another class's, or beyond them all.
#[test]
fn a_class_taken_for_another() {
    let honest = signed();
    for bend in [|index| index + Felt::ONE, |index| index - Felt::ONE] as [fn(Felt) -> Felt; 2] {
        for execution in 0..4 {
            let lie = Lie { hint: "find_class", execution, cell: 0, bend };
            assert_eq!(honest.hears(&[lie]), Verdict::Refused);
        }
    }
}

#[test]
fn other_code_is_told() {
    let honest = signed();
    for offset in [0, 1, 100, 1000] {
        honest.catches(|input| {
            for class in input.classes.values_mut() {
                let mut altered = (*class.casm).clone();
                altered.bytecode[offset].value += 1_u32;
                class.casm = altered.into();
            }
        });
    }
}

/// Each class hash gets the code of the next.
#[test]
fn the_code_of_another_class_is_told() {
    signed().catches(|input| {
        let mut codes: Vec<_> = input.classes.values().cloned().collect();
        codes.rotate_left(1);
        for (class, code) in input.classes.values_mut().zip(codes) {
            *class = code;
        }
    });
}

#[test]
fn another_metering_is_told() {
    let honest = one(&[let_run(second(), &[act(Op::Write, [1_u64, 5])])]);
    honest.catches(|input| {
        for class in input.classes.values_mut() {
            class.gas_metered = !class.gas_metered;
        }
    });
    // Nor does it help a transaction that ran out of gas.
    failures().catches(|input| {
        for class in input.classes.values_mut() {
            class.gas_metered = false;
        }
        input.transactions[3].revert_reason = None;
    });
}

/// The contract says, in its call of `replace_class`, which class it wants; the OS finds it among the sub-block's. That another one
/// is none, lies in `find_class` show.
#[test]
fn a_replacing_class_that_is_not_listed() {
    let honest = deployments();
    honest.leaves_a_hint_without_answer(|input| {
        let probe = crate::sub_block_support::classes::probe().hash;
        input.classes.remove(&probe).expect("is listed");
    });
}

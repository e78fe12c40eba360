//! Calls: what they return, where they go, what they are made with.

use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use starknet_types_core::felt::Felt;
use zkthreads_program::input::OsInput;

use super::honest::Honest;
use super::programs::{Op, act, call, let_run};
use super::sub_blocks::{one, second};
use crate::fault_injector::Lie;

fn calling() -> Honest {
    one(&[let_run(second(), &[act(Op::Read, [1_u64])])])
}

#[test]
fn retdata_that_the_callee_did_not_return() {
    let honest = calling();
    honest.refuses(|input| input.transactions[0].execute.inner_calls[0].retdata[0] += Felt::ONE);
    honest.refuses(|input| input.transactions[0].execute.inner_calls[0].retdata.push(Felt::ONE));
    honest.refuses(|input| input.transactions[0].execute.inner_calls[0].retdata.clear());
}

#[test]
fn error_data_that_the_callee_did_not_panic_with() {
    let honest = one(&[let_run(second(), &[act(Op::Panic, [1_u64, 2])])]);
    honest.refuses(|input| input.transactions[0].execute.inner_calls[0].retdata[0] += Felt::ONE);
    honest.refuses(|input| input.transactions[0].execute.inner_calls[0].retdata.truncate(1));
}

/// The entry points of a class are hashed with it, so a prover can neither add one nor move one: into the middle of a
/// function, behind the code, or before it, where the OS may be.
#[test]
fn an_entry_point_that_is_not_the_classes_is_told() {
    let honest = one(&[call(second(), "nobody_answers_this", &[])]);
    let missing = starknet_api::abi::abi_utils::selector_from_name("nobody_answers_this").0;
    honest.catches(|input| {
        alter_class(input, |casm| {
            let points = &mut casm.entry_points_by_type.external;
            let mut invented = points[0].clone();
            invented.selector = missing.to_biguint();
            points.push(invented);
            points.sort_by(|a, b| a.selector.cmp(&b.selector));
        });
    });
    let honest = calling();
    for shift in [1, 2, 1000, 1 << 20] {
        honest.catches(|input| {
            alter_class(input, |casm| {
                for point in &mut casm.entry_points_by_type.external {
                    point.offset += shift;
                }
            });
        });
    }
}

/// Neither the hint that finds a class's entry points can say so.
#[test]
fn an_entry_point_denied_or_taken_for_another() {
    let honest = calling();
    for execution in 0..3 {
        let lies = [
            Lie { hint: "find_entry_point", execution, cell: 0, bend: |_| Felt::ZERO },
            Lie { hint: "find_entry_point", execution, cell: 1, bend: |index| index + Felt::ONE },
            Lie { hint: "find_entry_point", execution, cell: 1, bend: |index| index - Felt::ONE },
            Lie { hint: "find_entry_point", execution, cell: 1, bend: |_| Felt::from(1_u64 << 40) },
        ];
        for lie in lies {
            assert!(honest.hears(&[lie]).is_failure());
        }
    }
}

/// No entry point gets the pointer to the output.
#[test]
fn an_entry_point_that_asks_for_the_output() {
    let honest = calling();
    for place in [0, 1] {
        honest.refuses(|input| {
            alter_class(input, |casm| {
                for point in &mut casm.entry_points_by_type.external {
                    point.builtins.insert(place, "output".to_owned());
                }
            });
        });
    }
}

/// Builtins in another order than the OS gives them are not given.
#[test]
fn an_entry_point_whose_builtins_are_out_of_order() {
    let honest = calling();
    honest.refuses(|input| {
        alter_class(input, |casm| {
            for point in &mut casm.entry_points_by_type.external {
                point.builtins.reverse();
            }
        });
    });
}

fn alter_class(input: &mut OsInput, alter: impl FnOnce(&mut CasmContractClass)) {
    let class = input.classes.values_mut().next().expect("a class");
    let mut casm = (*class.casm).clone();
    alter(&mut casm);
    class.casm = casm.into();
}

//! Every hint of the OS is lied in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use starknet_types_core::felt::Felt;

use super::honest::{Honest, Verdict};
use super::sub_blocks;
use crate::fault_injector::{Lie, Occasions, occasions};

const GOLDEN: &str = include_str!("../../../program/golden/thread_os.json");

/// How a value is bent.
const BENDS: [fn(Felt) -> Felt; 2] =
    [|truth| truth + Felt::ONE, |truth| if truth == Felt::ZERO { -Felt::ONE } else { Felt::ZERO }];

/// The hints that supply numbers, and in how many of these each is lied in, in one sub-block; in some sub-blocks, a
/// quarter as many. `syscall` stands for the
/// answers to contracts' syscalls, which `enter_code` writes; `syscall_is_paid` for whether gas suffices; `contract_compares` for
/// a hint of contracts' own: which half of a match the variant is in, and whether gas suffices to go on; `contract_dictionary_…` for
/// what a dictionary is said to hold: a number, or a pointer to cells that begin with a key of the caller's choice.
const LIED_IN: &[(&str, usize)] = &[
    ("blake_blocks", 6),
    ("bytecode_node", 6),
    ("bytecode_part", 12),
    ("contract_compares", 48),
    ("contract_dictionary_points_at_key", 16),
    ("contract_dictionary_value", 32),
    ("count_classes", 2),
    ("covers", 12),
    ("ec_op_carries", 16),
    ("ec_op_group", 8),
    ("ec_op_halves", 6),
    ("ec_op_scalar", 3),
    ("ec_op_split", 6),
    ("ec_sum_digit", 8),
    ("ec_sum_offset", 2),
    ("felt_shape", 9),
    ("felt_words", 16),
    ("find_builtin_list", 6),
    ("find_class", 6),
    ("find_entry_point", 8),
    ("is_reverted", 5),
    ("large_words", 16),
    ("load_class", 24),
    ("load_transaction", 40),
    ("open_contract", 12),
    ("split_recipient", 2),
    ("syscall", 40),
    ("syscall_is_paid", 8),
    ("write_header", 6),
    ("write_storage", 6),
];

/// The hints that supply no number, and why there is nothing to lie in.
const SUPPLY_NO_NUMBER: &[(&str, &str)] = &[
    ("bytecode_node_end", "moves the hints' own cursor over a class's segments"),
    ("ec_op_segment", "a pointer to memory whose every instance is checked"),
    ("ec_sum_digits", "tells the hints which scalar's digits come"),
    ("enter_call", "moves the hints' own cursor over the recording"),
    ("enter_code", "pointers to memory; what is in it is lied in as `syscall`"),
    ("enter_execute", "moves the hints' own cursor over the recording"),
    ("enter_validate", "moves the hints' own cursor over the recording"),
    ("leave_call", "moves the hints' own cursor over the recording"),
    ("leave_code", "drops what a contract's own hints kept"),
    ("range_check_end", "a pointer: `main` returns it, and all range checks done lie before it"),
    ("skip_call", "moves the hints' own cursor over the recording"),
    ("undo_write", "lets the hints know a cell's value"),
];

/// Hints whose lies make a later hint fail, or change nothing that could run, and the tests that show what the OS makes of them.
const REFUSED_ELSEWHERE: [(&str, &str); 3] = [
    ("bytecode_node", "function_tests::class_hash::lies_are_refused_or_stated"),
    ("count_classes", "hostile::classes::an_omitted_class"),
    ("ec_sum_digit", "function_tests::ec_op::every_lie_is_refused"),
];

/// Names of the OS's own hints in the compiled program.
fn golden_hints() -> BTreeSet<String> {
    let golden: serde_json::Value = serde_json::from_str(GOLDEN).expect("JSON");
    let hints = golden["hints"].as_object().expect("hints").values();
    hints
        .flat_map(|hints| hints.as_array().expect("a list"))
        .filter_map(|hint| hint["code"].as_str()?.strip_prefix("zkthreads."))
        .map(|call| call.split('(').next().unwrap_or(call).to_owned())
        .collect()
}

fn all() -> Vec<Honest> {
    vec![
        sub_blocks::signed(),
        sub_blocks::failures(),
        sub_blocks::deployments(),
        sub_blocks::answers(),
        sub_blocks::variants(),
    ]
}

#[test]
fn no_hint_is_missing() {
    let tables: BTreeSet<String> = LIED_IN
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !name.starts_with("syscall") && !name.starts_with("contract_"))
        .chain(SUPPLY_NO_NUMBER.iter().map(|(name, _)| *name))
        .map(str::to_owned)
        .collect();
    assert_eq!(tables.len() + 5, LIED_IN.len() + SUPPLY_NO_NUMBER.len(), "a hint is listed twice");
    assert_eq!(tables, golden_hints());
}

#[test]
fn every_hint_is_executed_and_supplies_what_the_tables_say() {
    let mut found = Occasions::new();
    for honest in all() {
        for (hint, mut more) in occasions(&honest.executed.input).expect("the OS runs") {
            found.entry(hint).or_default().append(&mut more);
        }
    }
    for (hint, _) in LIED_IN {
        assert!(found.get(*hint).is_some_and(|found| !found.is_empty()), "no occasion to lie in {hint}");
    }
    for (hint, _) in SUPPLY_NO_NUMBER {
        assert!(found.get(*hint).is_some_and(Vec::is_empty), "{hint} is not executed or supplies a number");
    }
}

/// Lies in each hint, spread over the occasions that a sub-block gives. Of hints whose names begin otherwise than
/// those in `full`, a quarter of the lies.
fn lies(occasions: &Occasions, full: &[&str]) -> Vec<Lie> {
    let mut lies = Vec::new();
    for (hint, most) in LIED_IN {
        let Some(found) = occasions.get(*hint) else { continue };
        let part = if full.iter().any(|prefix| hint.starts_with(prefix)) { 1 } else { 4 };
        let count = found.len().min(most.div_ceil(part));
        for index in 0..count {
            let (execution, cell) = found[index * found.len() / count];
            lies.push(Lie { hint, execution, cell, bend: BENDS[index % BENDS.len()] });
        }
    }
    lies
}

fn lie_about(honest: &Honest, full: &[&str]) {
    let occasions = occasions(&honest.executed.input).expect("the OS runs");
    let lies = lies(&occasions, full);
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(BTreeMap::<&str, [usize; 4]>::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(lie) = lies.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = match honest.hears(&[*lie]) {
                        Verdict::Refused => 0,
                        Verdict::Told => 1,
                        Verdict::Unchanged => 2,
                        Verdict::Stuck => 3,
                    };
                    let mut verdicts = verdicts.lock().expect("not poisoned");
                    verdicts.entry(lie.hint).or_default()[verdict] += 1;
                }
            });
        }
    });
    let verdicts = verdicts.into_inner().expect("not poisoned");
    for (hint, [refused, told, unchanged, stuck]) in &verdicts {
        println!("{hint}: {refused} refused, {told} told, {unchanged} changed nothing, {stuck} stuck");
        let is_full = full.iter().any(|prefix| hint.starts_with(prefix));
        let is_elsewhere = REFUSED_ELSEWHERE.iter().any(|(elsewhere, _)| elsewhere == hint);
        assert!(*refused > 0 || !is_full || is_elsewhere, "no lie in {hint} was refused");
    }
}

#[test]
fn lies_about_signed_transactions() {
    lie_about(&sub_blocks::signed(), &["ec_", "split_recipient"]);
}

#[test]
fn lies_about_failures() {
    lie_about(&sub_blocks::failures(), &[""]);
}

#[test]
fn lies_about_deployments() {
    lie_about(&sub_blocks::deployments(), &[""]);
}

#[test]
fn lies_about_answers() {
    lie_about(&sub_blocks::answers(), &["syscall"]);
}

#[test]
fn lies_about_variants() {
    lie_about(&sub_blocks::variants(), &["contract_"]);
}

/// Numbers that no variant has, those that another one has, and those whose type is narrower: wherever code goes on with
/// them, it does not come past the check that they were never written.
#[test]
fn a_dictionary_that_holds_what_was_never_written() {
    const FALSE: [fn(Felt) -> Felt; 9] = [
        |_| Felt::ONE,
        |_| Felt::TWO,
        |_| Felt::THREE,
        |_| Felt::from(7),
        |_| Felt::from(13),
        |_| Felt::from(255),
        |_| Felt::from(10_000),
        |_| Felt::TWO.pow(128_u32),
        |_| -Felt::from(3),
    ];
    let honest = sub_blocks::variants();
    let occasions = occasions(&honest.executed.input).expect("the OS runs");
    let (mut refused, mut stuck) = (0, 0);
    for (execution, cell) in &occasions["contract_dictionary_value"] {
        for bend in FALSE {
            let lie = Lie { hint: "contract_dictionary_value", execution: *execution, cell: *cell, bend };
            match honest.hears(&[lie]) {
                Verdict::Told => panic!("{lie:?} is told as something else"),
                // It happens to be the truth.
                Verdict::Unchanged => {}
                Verdict::Refused => refused += 1,
                Verdict::Stuck => stuck += 1,
            }
        }
    }
    println!("{refused} refused, {stuck} stuck");
    assert!(refused > 0 && refused + stuck >= 8 * occasions["contract_dictionary_value"].len());
}

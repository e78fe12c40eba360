//! The thread OS agrees with blockifier on random sub-blocks; `make fuzz-os` tries many more.

use crate::differential::{Report, check, check_program};
use starknet_types_core::felt::Felt;

/// Programs on which the OS and blockifier once differed.
const REGRESSIONS: &str = include_str!("differential/regressions.txt");

fn check_all(seeds: impl Iterator<Item = u64>) {
    let mut report = Report::default();
    let differences: Vec<String> = seeds
        .filter_map(|seed| check(seed, &mut report).err().map(|found| format!("seed {seed}: {found}")))
        .collect();
    println!("{report}");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn random_sub_blocks_1() {
    check_all(0..15);
}

#[test]
fn random_sub_blocks_2() {
    check_all(15..30);
}

#[test]
fn random_sub_blocks_3() {
    check_all(30..45);
}

#[test]
fn random_sub_blocks_4() {
    check_all(45..60);
}

#[test]
fn regressions() {
    let programs = REGRESSIONS.lines().filter_map(|line| line.split('#').next());
    for program in programs.map(str::trim).filter(|program| !program.is_empty()) {
        let felts: Vec<Felt> =
            program.split_whitespace().map(|felt| Felt::from_dec_str(felt).expect("a felt")).collect();
        let checked = check_program(&felts, &mut Report::default());
        assert_eq!(checked, Ok(()), "{program}");
    }
}

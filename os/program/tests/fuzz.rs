//! The thread OS agrees with blockifier on random sub-blocks; `make fuzz-os` tries many more.

mod differential;
mod sub_block_support;

use differential::{Report, check};

/// Seeds that once made the OS and blockifier differ.
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
    check_all(
        REGRESSIONS
            .lines()
            .filter_map(|line| line.split('#').next())
            .filter_map(|line| line.trim().parse().ok()),
    );
}

//! Real proofs with random changes, as `make fuzz` makes them, but the same few hundred every time.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::common::Fixture;
use zkthreads_fuzz::{Depth, Script, Subject, package};
use zkthreads_verifier::verify_proof;

/// Longest script, bytes. Enough for six changes.
const SCRIPT_BYTES: usize = 96;

fn subject(name: &str) -> Subject {
    Subject::new(&Fixture::load(name, name).proof).expect("it is honest")
}

#[test]
fn a_subject_is_what_its_proof_proves() {
    for name in ["settle", "other"] {
        let (fixture, subject) = (Fixture::load(name, name), subject(name));
        assert_eq!(subject.program.hash(), fixture.program.hash());
        assert_eq!(subject.output, fixture.output);
        verify_proof(&subject.program, &subject.output, &fixture.proof).expect("it is honest");
    }
}

/// Every change is refused, whoever did the work for it, and the changes reach everything that refuses.
#[test]
fn no_changed_proof_is_accepted() {
    let mut refused_by = BTreeMap::new();
    let mut without_work = BTreeMap::new();
    for (name, seeds) in [("settle", 0..200), ("other", 200..800)] {
        let subject = subject(name);
        for seed in seeds {
            let attempt = subject.attempt(&Script::bytes(seed, SCRIPT_BYTES));
            *refused_by.entry(attempt.refused_by).or_insert(0) += 1;
            if let Some(depth) = attempt.without_work {
                *without_work.entry(depth).or_insert(0) += 1;
            }
        }
    }
    println!("refused by {refused_by:?}; had the work been done, by {without_work:?}");
    for depth in [Depth::Encoding, Depth::Checks, Depth::Lookups, Depth::Constraints, Depth::Openings] {
        assert!(refused_by.contains_key(&depth), "no change reached {depth:?}");
    }
    for depth in [Depth::Lookups, Depth::Openings] {
        assert!(without_work.contains_key(&depth), "no change reached {depth:?}");
    }
}

/// Damaged packages, as the package's fuzz target sees them.
#[test]
fn no_damaged_package_is_misread() {
    let golden = ["package.bin", "segments.bin"].map(|name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../os/protocol/tests/golden").join(name);
        fs::read(path).expect("it is committed")
    });
    golden.iter().for_each(|golden| package::attempt(golden));
    for seed in 0..8_000 {
        let golden = &golden[usize::from(seed % 2 == 0)];
        let bytes = Script::bytes(seed, 64);
        let mut script = Script::new(&bytes);
        let mut damaged = golden.clone();
        for _ in 0..=script.below(3) {
            let at = script.below(damaged.len());
            match script.below(4) {
                0 => damaged[at] = script.byte(),
                1 => damaged.truncate(at),
                2 => drop(damaged.drain(at..(at + script.below(80)).min(damaged.len()))),
                _ => {
                    let piece = damaged[at..(at + script.below(80)).min(damaged.len())].to_vec();
                    let to = script.below(damaged.len());
                    drop(damaged.splice(to..to, piece));
                }
            }
        }
        package::attempt(&damaged);
    }
}

/// The fuzzer's own seeds and what it once found; in a proof's, the first byte chooses the proof.
#[test]
fn the_fuzzers_seeds_are_refused() {
    let subjects = [subject("settle"), subject("other")];
    for seed in seeds("verify") {
        let (subject, script) = seed.split_first().expect("it is not empty");
        let _ = subjects[usize::from(subject % 2)].attempt(script);
    }
    seeds("package").iter().for_each(|seed| package::attempt(seed));
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let seeds = fs::read_dir(seeds).expect("the seeds are committed");
    let seeds: Vec<_> =
        seeds.map(|entry| fs::read(entry.expect("it is readable").path()).expect("it is readable")).collect();
    assert!(!seeds.is_empty(), "{target} has seeds");
    seeds
}

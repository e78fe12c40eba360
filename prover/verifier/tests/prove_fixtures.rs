//! Proves the committed fixtures anew; see `tests/README.md`.

mod common;

use common::{REGENERATE, SubBlock, TestProgram, forgeries, save};
use zkthreads_prover::Prover;

/// Whether the fixtures are to be written.
fn asked() -> bool {
    std::env::var_os(REGENERATE).is_some()
}

#[test]
#[ignore = "proves for a minute"]
fn regenerate_honest() {
    if !asked() {
        return;
    }
    for name in ["settle", "other"] {
        let test = TestProgram::load(name);
        let run = test.run();
        let start = std::time::Instant::now();
        let proof = Prover::new()
            .prove_run(&test.program, &run.output, &run.runner, &|stage| {
                println!("{:7.2} s  {stage}", start.elapsed().as_secs_f64());
            })
            .expect("the run is provable");
        println!("{name}: {} bytes in {:.1} s", proof.len(), start.elapsed().as_secs_f64());
        save(name, &proof);
    }
}

#[test]
#[ignore = "proves for a minute"]
fn regenerate_forgeries() {
    if !asked() {
        return;
    }
    for name in forgeries::NAMES {
        let proof = forgeries::forge(name);
        println!("{name}: {} bytes", proof.len());
        save(name, &proof);
    }
}

/// Keeps the package that `ZKTHREADS_SAVE_PACKAGE` had `zkthreads-execution`'s `prove_and_settle` test write.
#[test]
#[ignore = "wants a package"]
fn regenerate_sub_block() {
    let Some(package) = std::env::var_os("ZKTHREADS_SAVE_PACKAGE").filter(|_| asked()) else {
        return;
    };
    let package = std::fs::read(package).expect("the package was written");
    SubBlock::save(zkthreads_program::os_program(), &package);
}

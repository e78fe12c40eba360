//! Proves the committed fixtures anew; see `tests/README.md`.

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Instant;

use common::{SubBlock, TestProgram, forgeries, save};
use zkthreads_prover::Prover;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["honest"] => prove_honest(),
        ["forgeries"] => prove_forgeries(),
        ["sub-block", package] => keep_sub_block(package),
        _ => {
            eprintln!("usage: prove_fixtures honest | forgeries | sub-block PACKAGE");
            std::process::exit(2);
        }
    }
}

fn prove_honest() {
    for name in ["settle", "other"] {
        let test = TestProgram::load(name);
        let run = test.run();
        let start = Instant::now();
        let proof = Prover::new()
            .prove_run(&test.program, &run.output, &run.runner, &|stage| {
                println!("{:7.2} s  {stage}", start.elapsed().as_secs_f64());
            })
            .expect("the run is provable");
        println!("{name}: {} bytes in {:.1} s", proof.len(), start.elapsed().as_secs_f64());
        save(name, &proof);
    }
}

fn prove_forgeries() {
    for name in forgeries::NAMES {
        let proof = forgeries::forge(name);
        println!("{name}: {} bytes", proof.len());
        save(name, &proof);
    }
}

/// Keeps a package that `zkthreads prove`, or the `prove_and_settle` test of `zkthreads-execution`, wrote.
fn keep_sub_block(package: &str) {
    let package = std::fs::read(package).expect("the package is readable");
    SubBlock::save(zkthreads_program::os_program(), &package);
}

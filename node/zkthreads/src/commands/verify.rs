//! `zkthreads verify`: what a node would say of a package's proof, without a node.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result};
use zkthreads_program::os_program;
use zkthreads_protocol::{Package, PackageDigest};
use zkthreads_verifier::{SECURITY_BITS, StatementSummary, Verifier};

use super::Outcome;
use crate::config::VerifyArgs;
use crate::terminal::{Paint, bytes};

/// Prints what the package says and whether its proof holds.
///
/// # Errors
/// If the file cannot be read or is no package.
pub fn run(arguments: &VerifyArgs) -> Result<Outcome> {
    let path = arguments.file.display();
    let encoded = fs::read(&arguments.file).with_context(|| format!("cannot read {path}"))?;
    Package::check_size(&encoded).with_context(|| format!("{path} is no package"))?;
    let package = Package::decode(&encoded).with_context(|| format!("{path} is no package"))?;

    let program = os_program();
    println!("package {:#x}, {}", PackageDigest::of(&encoded).0, bytes(encoded.len()));
    println!("OS program {:#x}", program.hash().0);
    let verifier = Verifier::new([program.clone()]);
    let mut outcome = Outcome::Done;
    for (number, segment) in package.segments.iter().enumerate() {
        if package.segments.len() > 1 {
            println!("\nsegment {number}");
        }
        println!("{}", StatementSummary(&segment.statement));
        println!("proof {}, {SECURITY_BITS} bits of security", bytes(segment.proof.len()));

        let started = Instant::now();
        let verdict = verifier.verify(program.hash(), segment);
        let milliseconds = started.elapsed().as_secs_f64() * 1e3;
        match verdict {
            Ok(_) => println!("{} ({milliseconds:.1} ms)", "valid".green()),
            Err(error) => {
                println!("{}: {error} ({milliseconds:.1} ms)", "invalid".red());
                outcome = Outcome::Wrong;
            }
        }
    }
    Ok(outcome)
}

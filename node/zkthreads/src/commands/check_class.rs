//! `zkthreads check-class`: whether threads run a class, before anything is declared.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use starknet_types_core::felt::Felt;
use zkthreads_execution::class;
use zkthreads_execution::hardened::HARDENING;
use zkthreads_genesis::classes::{flatten, sierra};
use zkthreads_storage::{ClassDefinition, Hardened};

use super::Outcome;
use crate::config::CheckClassArgs;
use crate::terminal::{Paint, grouped};

/// What is said of a file.
#[derive(Debug, Serialize)]
struct Report {
    file: String,
    #[serde(flatten)]
    verdict: Verdict,
}

/// What threads do with a class.
#[derive(Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
enum Verdict {
    /// They run it.
    Runs {
        class_hash: Felt,
        compiled_class_hash: Felt,
        sierra_version: String,
        /// Length of the code that the class trie knows.
        felts: usize,
        hardened_compiled_class_hash: Felt,
        hardened_felts: usize,
    },
    /// They do not, though the chain does.
    Refused { class_hash: Felt, sierra_version: String, reason: String },
    /// No chain declares it, or it is no class.
    Invalid { reason: String },
}

/// Says of each file what threads do with the class in it.
///
/// # Errors
/// If the answer cannot be written.
pub fn run(arguments: &CheckClassArgs) -> Result<Outcome> {
    let mut outcome = Outcome::Done;
    for file in &arguments.files {
        let report = Report { file: file.display().to_string(), verdict: check(file) };
        if !matches!(report.verdict, Verdict::Runs { .. }) {
            outcome = Outcome::Wrong;
        }
        if arguments.json {
            println!("{}", serde_json::to_string(&report)?);
        } else {
            println!("{}", told(&report));
        }
    }
    Ok(outcome)
}

fn check(file: &Path) -> Verdict {
    check_class(file).unwrap_or_else(|reason| Verdict::Invalid { reason })
}

fn check_class(file: &Path) -> Result<Verdict, String> {
    let json = fs::read_to_string(file).map_err(|error| error.to_string())?;
    // What a node gives has its ABI as a text, a compiler's artifact as a list.
    let class = flatten(&json).or_else(|reason| serde_json::from_str(&json).map_err(|_| reason))?;
    let class = sierra(&class);
    class::check_version(&class).map_err(|error| error.to_string())?;
    let class_hash = class.calculate_class_hash().0;
    let record = class::compile(class).map_err(|error| error.to_string())?;
    let hardened = class::hardened(&record).map_err(|error| error.to_string())?;
    let ClassDefinition::Sierra { casm, sierra_version, .. } = record.definition else {
        return Err("it is of Cairo 0".to_owned());
    };
    Ok(match hardened {
        Some(Hardened::Code { casm: code, compiled_class_hash }) => Verdict::Runs {
            class_hash,
            compiled_class_hash: record.compiled_class_hash.0,
            sierra_version,
            felts: casm.bytecode.len(),
            hardened_compiled_class_hash: compiled_class_hash.0,
            hardened_felts: code.bytecode.len(),
        },
        Some(Hardened::Refused { reason }) => Verdict::Refused { class_hash, sierra_version, reason },
        None => return Err("it is of Cairo 0".to_owned()),
    })
}

fn told(Report { file, verdict }: &Report) -> String {
    match verdict {
        Verdict::Runs { class_hash, sierra_version, felts, hardened_felts, .. } => format!(
            "{} {file}: class {class_hash:#x} of Sierra {sierra_version}, {} felts of code, {} hardened (way {HARDENING})",
            "runs in threads".green(),
            grouped(count(*felts)),
            grouped(count(*hardened_felts)),
        ),
        Verdict::Refused { class_hash, reason, .. } => {
            format!("{} {file}: class {class_hash:#x}: {reason}", "runs on the chain only".red())
        }
        Verdict::Invalid { reason } => format!("{} {file}: {reason}", "no class".red()),
    }
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

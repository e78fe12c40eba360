//! Programs and proofs that the tests share.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "every test file uses some of it, the example that proves fixtures, too"
)]

pub mod forge;
pub mod forgeries;

use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use cairo_vm::cairo_run::{CairoRunConfig, cairo_run_program};
use cairo_vm::hint_processor::builtin_hint_processor::builtin_hint_processor_definition::BuiltinHintProcessor;
use cairo_vm::types::layout_name::LayoutName;
use cairo_vm::types::program::Program;
use cairo_vm::vm::runners::cairo_runner::CairoRunner;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{OsProgram, Package, Segment, Statement};
use zkthreads_verifier::{VerifiedSegment, Verifier, VerifyError};

/// Time that processors have spent on this thread of execution, which is the one that verifies. Whatever else the machine
/// does is no part of it.
pub fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").expect("the system tells");
    let nanoseconds = stat.split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number of nanoseconds"))
}

/// A program that stands in for the thread OS.
pub struct TestProgram {
    pub program: OsProgram,
    compiled: Program,
}

/// A finished run of a [`TestProgram`].
pub struct TestRun {
    pub output: Vec<Felt>,
    pub runner: CairoRunner,
}

/// A committed proof and what it proves.
pub struct Fixture {
    pub program: OsProgram,
    pub output: Vec<Felt>,
    pub proof: Vec<u8>,
}

impl TestProgram {
    /// Reads `tests/programs/{name}.json`.
    pub fn load(name: &str) -> Self {
        let compiled = fs::read(path("programs", &format!("{name}.json"))).expect("the program is committed");
        let compiled = Program::from_bytes(&compiled, Some("main")).expect("the program is valid");
        let bytecode = compiled.iter_data().map(|cell| cell.get_int().expect("code holds no pointers"));
        Self { program: OsProgram::new(bytecode.collect()), compiled }
    }

    /// Runs it as the thread OS is run.
    pub fn run(&self) -> TestRun {
        let config = CairoRunConfig {
            trace_enabled: true,
            relocate_trace: false,
            layout: LayoutName::all_cairo_stwo,
            proof_mode: true,
            fill_holes: true,
            disable_trace_padding: true,
            allow_missing_builtins: Some(true),
            ..CairoRunConfig::default()
        };
        let mut hints = BuiltinHintProcessor::new_empty();
        let runner = cairo_run_program(&self.compiled, &config, &mut hints).expect("the program runs");
        // Segments 0 and 1 are program and execution, the first builtin is the output.
        let segments = &runner.vm.segments;
        let size = segments.get_segment_used_size(2).expect("there is an output");
        let output = segments.memory.get_integer_range((2, 0).into(), size).expect("the output is whole");
        TestRun { output: output.into_iter().map(|felt| *felt).collect(), runner }
    }
}

/// A real sub-block of the thread OS, as it was when the fixture was made: accepted for ever.
pub struct SubBlock {
    pub program: OsProgram,
    pub segment: Segment,
}

impl SubBlock {
    /// Reads `fixtures/sub_block.{package,os}`.
    pub fn load() -> Self {
        let package = fs::read(path("fixtures", "sub_block.package")).expect("the package is committed");
        let code = fs::read(path("fixtures", "sub_block.os")).expect("the program is committed");
        let code = zstd::decode_all(code.as_slice()).expect("the program is compressed");
        let (cells, rest) = code.as_chunks::<32>();
        assert!(rest.is_empty(), "the program is whole");
        Self {
            program: OsProgram::new(cells.iter().map(Felt::from_bytes_be).collect()),
            segment: Package::decode(&package).expect("the package is well formed").segments.remove(0),
        }
    }

    /// Keeps a package of this program.
    pub fn save(program: &OsProgram, package: &[u8]) {
        let code: Vec<u8> = program.bytecode().iter().flat_map(Felt::to_bytes_be).collect();
        let code = zstd::encode_all(code.as_slice(), 19).expect("the program compresses");
        fs::write(path("fixtures", "sub_block.os"), code).expect("the fixture can be written");
        fs::write(path("fixtures", "sub_block.package"), package).expect("the fixture can be written");
        Self::load().verify().expect("the package is valid");
    }

    /// The verdict on it.
    pub fn verify(&self) -> Result<VerifiedSegment, VerifyError> {
        Verifier::new([self.program.clone()]).verify(self.program.hash(), &self.segment)
    }
}

impl Fixture {
    /// `settle.proof`: an honest proof of `settle.cairo`.
    pub fn settle() -> Self {
        Self::load("settle", "settle")
    }

    /// `{proof}.proof`, which claims to be of `{program}.cairo`.
    pub fn load(program: &str, proof: &str) -> Self {
        let test = TestProgram::load(program);
        Self {
            output: test.run().output,
            program: test.program,
            proof: fs::read(path("fixtures", &format!("{proof}.proof"))).expect("the proof is committed"),
        }
    }

    /// A verifier that knows this program only.
    pub fn verifier(&self) -> Verifier {
        Verifier::new([self.program.clone()])
    }

    /// The proof in a segment; what the verifier does not look at is left out.
    pub fn segment(&self) -> Segment {
        Segment {
            statement: Statement::decode(&self.output).expect("the program outputs a statement"),
            inner_transactions: Vec::new(),
            events: Vec::new(),
            proof: self.proof.clone(),
        }
    }
}

/// Writes a fixture.
pub fn save(name: &str, proof: &[u8]) {
    fs::write(path("fixtures", &format!("{name}.proof")), proof).expect("the fixture can be written");
}

fn path(folder: &str, file: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "verifier", "tests", folder, file].iter().collect()
}

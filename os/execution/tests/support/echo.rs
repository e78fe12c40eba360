//! A stand-in for the thread OS that proves any statement, for tests of what statements do to a chain. Its proofs are
//! real; test chains accept them beside the thread OS's, and no other chain does.

use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use cairo_vm::cairo_run::{CairoRunConfig, cairo_run_program};
use cairo_vm::hint_processor::builtin_hint_processor::builtin_hint_processor_definition::{
    BuiltinHintProcessor, HintFunc,
};
use cairo_vm::types::layout_name::LayoutName;
use cairo_vm::types::program::Program;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::runners::cairo_runner::CairoRunner;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{OsProgram, Package, Segment};
use zkthreads_prover::Prover;

/// The program's only hint.
const ECHO: &str = "memory[ap] = to_felt_or_relocatable(echo)";

/// Segment of the output: after program and execution.
const OUTPUT: isize = 2;

static COMPILED: LazyLock<Program> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../prover/verifier/tests/programs/echo.json");
    let json = std::fs::read(path).expect("the program is committed");
    Program::from_bytes(&json, Some("main")).expect("the program is valid")
});

/// The program as a chain's configuration names it.
pub static ECHO_PROGRAM: LazyLock<OsProgram> = LazyLock::new(|| {
    let cells = COMPILED.iter_data().map(|cell| cell.get_int().expect("code holds no pointers"));
    OsProgram::new(cells.collect())
});

/// Puts a proof of its statement into a package's only segment.
pub fn prove_any(package: &mut Package) {
    prove_segment(&mut package.segments[0]);
}

/// Puts a proof of its statement into `segment`. Takes both cores and several gigabytes for some ten seconds.
pub fn prove_segment(segment: &mut Segment) {
    let output = segment.statement.encode();
    let runner = run(output.clone());
    segment.proof =
        Prover::new().prove_run(&ECHO_PROGRAM, &output, &runner, &|_| {}).expect("the run is provable");
}

/// Runs it as the thread OS is run.
fn run(output: Vec<Felt>) -> CairoRunner {
    let output = Arc::new(output);
    let echo = HintFunc(Box::new(move |vm, _, _, _, _| {
        let cells: Vec<_> = output.iter().map(|felt| MaybeRelocatable::from(*felt)).collect();
        let end = vm.load_data(Relocatable { segment_index: OUTPUT, offset: 0 }, &cells)?;
        Ok(vm.insert_value(vm.get_ap(), end)?)
    }));
    let mut hints = BuiltinHintProcessor::new_empty();
    hints.add_hint(ECHO.to_owned(), Rc::new(echo));
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
    cairo_run_program(&COMPILED, &config, &mut hints).expect("the program runs")
}

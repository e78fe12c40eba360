//! Runs the thread OS on cairo-vm, in the shape the prover wants.

use std::collections::BTreeMap;

use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::layout_name::LayoutName;
use cairo_vm::types::program::Program;
use cairo_vm::types::relocatable::Relocatable;
use cairo_vm::vm::errors::cairo_run_errors::CairoRunError;
use cairo_vm::vm::errors::vm_exception::VmException;
use cairo_vm::vm::runners::builtin_runner::{BuiltinRunner, EcOpBuiltinRunner};
use cairo_vm::vm::runners::cairo_runner::CairoRunner;
use starknet_types_core::felt::Felt;
use zkthreads_program::input::OsInput;
use zkthreads_program::{cairo_program, rehearsal_program};
use zkthreads_protocol::Statement;

use crate::error::OsError;
use crate::faults::Faults;
use crate::hints::{OsHints, Rehearsal};

/// Builtins that the prover has no component for are absent from the layout; the OS leaves them alone.
const ALLOW_MISSING_BUILTINS: bool = true;

/// A finished run of the thread OS.
pub struct OsRun {
    /// What the run output.
    pub statement: Statement,
    /// Number of Cairo steps.
    pub steps: usize,
    /// Number of instances of each builtin that was used.
    pub builtins: BTreeMap<String, usize>,
    /// The finished runner: trace and memory for the prover.
    pub runner: CairoRunner,
}

/// Runs the thread OS: once to learn which code of the classes runs and how syscalls are answered; then without the rest
/// of the code, which need not be hashed, and with the answers in memory before contracts run, to count the range checks;
/// then with as many, for the proof.
///
/// # Errors
/// See [`OsError`].
pub fn run(input: &OsInput) -> Result<OsRun, OsError> {
    let rehearsal = rehearse(OsHints::new(input, None))?;
    let (mut runner, range_check) = start(cairo_program()?, &mut OsHints::new(input, Some(&rehearsal)))?;
    let mut hints = OsHints::new(input, Some(&rehearsal));
    hints.range_checks = used_cells(&mut runner, range_check);
    run_with_hints(hints)
}

/// Runs the thread OS with faults in what hints supply: in the rehearsal, so that they hang together, and in the run to be proven.
///
/// # Errors
/// See [`OsError`].
pub fn run_with_faults(
    input: &OsInput,
    in_rehearsal: Box<dyn Faults>,
    in_run: Box<dyn Faults>,
) -> Result<OsRun, OsError> {
    let mut hints = OsHints::new(input, None);
    hints.faults = in_rehearsal;
    let rehearsal = rehearse(hints)?;
    let mut hints = OsHints::new(input, Some(&rehearsal));
    hints.faults = in_run;
    run_with_hints(hints)
}

/// Runs the thread OS with all code that may run, to learn what the run that is proven must know.
fn rehearse(mut hints: OsHints<'_>) -> Result<Rehearsal, OsError> {
    let (mut runner, range_check) = start(rehearsal_program()?, &mut hints)?;
    let range_checks = used_cells(&mut runner, range_check);
    Ok(hints.into_rehearsal(runner.get_relocatable_trace().unwrap_or_default(), range_checks))
}

/// Runs the thread OS once with the given hints.
fn run_with_hints(mut hints: OsHints<'_>) -> Result<OsRun, OsError> {
    let runner = execute(&mut hints)?;
    let output = read_output(&runner)?;
    let statement = Statement::decode(&output)?;
    let steps = runner.vm.get_current_step();
    let builtins = count_builtins(&runner, &hints);
    Ok(OsRun { statement, steps, builtins, runner })
}

/// Runs the thread OS up to its last instruction. Returns the range check segment's index, too.
fn start(program: &Program, hints: &mut OsHints<'_>) -> Result<(CairoRunner, usize), OsError> {
    let mut runner =
        CairoRunner::new(program, LayoutName::all_cairo_stwo, None, true, true, true).map_err(stopped)?;
    let end = runner.initialize(ALLOW_MISSING_BUILTINS).map_err(stopped)?;

    // The segment of contracts' ec_op instances: results are computed as they are read.
    let mut ec_op = BuiltinRunner::EcOp(EcOpBuiltinRunner::new(None, true));
    ec_op.initialize_segments(&mut runner.vm.segments);
    hints.ec_op_segment = Some(Relocatable { segment_index: ec_op.base() as isize, offset: 0 });
    runner.vm.simulated_builtin_runners.push(ec_op);

    runner.run_until_pc(end, hints).map_err(|error| stopped(VmException::from_vm_error(&runner, error)))?;
    let range_check = base_of(&runner, BuiltinName::range_check).unwrap_or_default();
    Ok((runner, range_check))
}

fn execute(hints: &mut OsHints<'_>) -> Result<CairoRunner, OsError> {
    let (mut runner, range_check) = start(cairo_program()?, hints)?;
    // The last step to execute is `end` itself, an endless loop, as the proof's final state requires.
    runner.run_for_steps(1, hints).map_err(stopped)?;
    fill_range_checks(&mut runner, range_check, hints.range_checks)?;
    runner.end_run(true, false, hints, true).map_err(stopped)?;
    fill_range_check96_holes(&mut runner)?;
    runner.read_return_values(ALLOW_MISSING_BUILTINS).map_err(stopped)?;
    runner.finalize_segments().map_err(stopped)?;
    Ok(runner)
}

/// How many cells of a segment a run that has not ended yet has used.
fn used_cells(runner: &mut CairoRunner, segment: usize) -> usize {
    runner.vm.segments.compute_effective_sizes().get(segment).copied().unwrap_or_default()
}

/// Index of a builtin's segment.
fn base_of(runner: &CairoRunner, name: BuiltinName) -> Option<usize> {
    runner.vm.get_builtin_runners().iter().find(|builtin| builtin.name() == name).map(BuiltinRunner::base)
}

/// Cells at the end of the range check segment that were not used: any value below 2^128 will do.
fn fill_range_checks(runner: &mut CairoRunner, base: usize, cells: usize) -> Result<(), OsError> {
    for offset in (0..cells).rev() {
        let address = Relocatable { segment_index: base as isize, offset };
        if runner.vm.get_maybe(&address).is_some() {
            break;
        }
        runner.vm.insert_value(address, Felt::ZERO).map_err(stopped)?;
    }
    Ok(())
}

fn stopped(error: impl Into<CairoRunError>) -> OsError {
    OsError::Run(Box::new(error.into()))
}

/// Modular builtins leave cells of the range_check96 segment untouched; any value below 2^96 will do.
fn fill_range_check96_holes(runner: &mut CairoRunner) -> Result<(), OsError> {
    let Some(base) = base_of(runner, BuiltinName::range_check96) else { return Ok(()) };
    let used = runner.vm.segments.get_segment_used_size(base).unwrap_or_default();
    for offset in 0..used {
        let address = Relocatable { segment_index: base as isize, offset };
        if runner.vm.get_maybe(&address).is_none() {
            runner.vm.insert_value(address, Felt::ZERO).map_err(stopped)?;
        }
    }
    Ok(())
}

fn read_output(runner: &CairoRunner) -> Result<Vec<Felt>, OsError> {
    let base = base_of(runner, BuiltinName::output).ok_or(OsError::Output { index: 0 })?;
    let size = runner.vm.segments.get_segment_used_size(base).unwrap_or_default();
    (0..size)
        .map(|index| {
            runner
                .vm
                .get_integer(Relocatable { segment_index: base as isize, offset: index })
                .map(|felt| *felt)
                .map_err(|_| OsError::Output { index })
        })
        .collect()
}

fn count_builtins(runner: &CairoRunner, hints: &OsHints<'_>) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<String, usize> = runner
        .vm
        .get_builtin_runners()
        .iter()
        .filter_map(|builtin| {
            let used = builtin.get_used_instances(&runner.vm.segments).ok()?;
            (used > 0).then(|| (builtin.name().to_str().to_owned(), used))
        })
        .collect();
    const EC_OP_CELLS: usize = 7;
    if let Some(segment) = hints.ec_op_segment {
        let cells =
            runner.vm.segments.get_segment_used_size(segment.segment_index as usize).unwrap_or_default();
        counts.insert("ec_op (checked in Cairo)".to_owned(), cells / EC_OP_CELLS);
    }
    counts
}

//! The hints of the thread OS.
//!
//! Each `zkthreads.*` hint in `cairo/` names the assertion that binds what it supplies. Hints of the Cairo library go
//! to cairo-vm, core hints of contracts to cairo-lang-runner, and contracts' syscalls to [`contract`].

mod answer;
mod args;
mod blake;
mod bytecode;
mod calls;
mod classes;
mod contract;
mod cryptography;
mod digests;
mod ec_op;
mod given;
mod library;
mod secp;
mod state;
mod transactions;

use std::any::Any;

use cairo_lang_casm::hints::Hint;
use cairo_vm::hint_processor::builtin_hint_processor::builtin_hint_processor_definition::{
    BuiltinHintProcessor, HintProcessorData,
};
use cairo_vm::hint_processor::hint_processor_definition::{HintExtension, HintProcessorLogic};
use cairo_vm::types::exec_scope::ExecutionScopes;
use cairo_vm::types::relocatable::Relocatable;
use cairo_vm::vm::errors::hint_errors::HintError;
use cairo_vm::vm::runners::cairo_runner::{ResourceTracker, RunResources};
use cairo_vm::vm::trace::trace_entry::TraceEntry;
use cairo_vm::vm::vm_core::VirtualMachine;
use starknet_types_core::felt::{Felt, NonZeroFelt};

pub(crate) use self::args::Args;
pub(crate) use self::bytecode::UsedCode;
use self::calls::Calls;
use self::classes::Classes;
#[cfg(test)]
pub(crate) use self::contract::answer_alone;
use self::ec_op::EcOps;
use self::given::Given;
use self::state::State;
use self::transactions::Transactions;
#[cfg(test)]
pub(crate) use self::transactions::lay_out_invoke;
use zkthreads_program::input::OsInput;

use crate::faults::{Faults, NoFaults};

/// What a rehearsal finds out: which code of the classes runs, and how syscalls are answered.
#[derive(Default)]
pub(crate) struct Rehearsal {
    pub(crate) used_code: UsedCode,
    pub(crate) answers: Vec<Vec<Given>>,
    /// Range checks of the rehearsal.
    pub(crate) range_checks: usize,
}

impl Rehearsal {
    /// Range checks that suffice for the run that follows: it hashes less code, and checks answers.
    fn enough_range_checks(&self) -> usize {
        let answers: usize = self.answers.iter().map(Vec::len).sum();
        self.range_checks + MAX_RANGE_CHECKS_PER_ANSWER * answers + SPARE_RANGE_CHECKS
    }
}

/// Most range checks of an answer: the eight words of a SHA-256 state, two for each, and the gas.
const MAX_RANGE_CHECKS_PER_ANSWER: usize = 17;

/// Range checks beyond those that are foreseen: a lie may lead to some.
const SPARE_RANGE_CHECKS: usize = 4096;

const PREFIX: &str = "zkthreads.";

/// Most steps of one run: no proof holds more.
const MAX_STEPS: usize = 1 << 26;

const TWO_POW_128: NonZeroFelt =
    NonZeroFelt::from_felt_unchecked(Felt::from_hex_unchecked("0x100000000000000000000000000000000"));

/// More range checks than any run makes.
const MAX_RANGE_CHECKS: usize = 1 << 26;

/// Result of a hint.
type HintResult = Result<(), HintError>;

/// Answers the thread OS's hints from an [`OsInput`].
pub(crate) struct OsHints<'a> {
    library: BuiltinHintProcessor,
    input: &'a OsInput,
    classes: Classes<'a>,
    transactions: Transactions<'a>,
    calls: Calls<'a>,
    state: State<'a>,
    ec_ops: EcOps,
    resources: RunResources,
    pub(crate) faults: Box<dyn Faults>,
    /// Where the VM computes ec_op results.
    pub(crate) ec_op_segment: Option<Relocatable>,
    /// Cells of the range check segment.
    pub(crate) range_checks: usize,
}

impl<'a> OsHints<'a> {
    /// Hints for a rehearsal of `input`, or for the run that follows it.
    pub(crate) fn new(input: &'a OsInput, rehearsal: Option<&'a Rehearsal>) -> Self {
        Self {
            library: library::processor(),
            input,
            classes: Classes::new(&input.classes, rehearsal.map(|rehearsal| &rehearsal.used_code)),
            transactions: Transactions::new(input),
            calls: Calls::new(rehearsal.map(|rehearsal| rehearsal.answers.as_slice())),
            state: State::new(&input.contracts),
            ec_ops: EcOps::default(),
            resources: RunResources::new(MAX_STEPS),
            faults: Box::new(NoFaults),
            ec_op_segment: None,
            range_checks: rehearsal.map_or(MAX_RANGE_CHECKS, Rehearsal::enough_range_checks),
        }
    }

    /// What has been found out in a finished run.
    pub(crate) fn into_rehearsal(self, trace: &[TraceEntry], range_checks: usize) -> Rehearsal {
        let mut used_code = UsedCode::new();
        for entry in trace {
            if let Some(class_hash) = self.classes.segments.get(&entry.pc.segment_index) {
                used_code.entry(*class_hash).or_default().insert(entry.pc.offset);
            }
        }
        Rehearsal { used_code, answers: self.calls.answers, range_checks }
    }

    fn execute(
        &mut self,
        name: &str,
        args: &mut Args<'_>,
        scopes: &mut ExecutionScopes,
    ) -> Result<HintExtension, HintError> {
        match name {
            "range_check_end" => {
                let end = (args.pointer("range_check_ptr")? + self.range_checks)?;
                args.set("range_check_end", end)?;
            }
            "write_header" => self.write_header(args)?,
            "count_classes" => args.set("n_classes", self.input.classes.len())?,
            "load_class" => return self.classes.load(args),
            "bytecode_node" => self.classes.bytecode_node(args)?,
            "bytecode_part" => self.classes.bytecode_part(args)?,
            "bytecode_node_end" => self.classes.bytecode_node_end()?,
            "find_builtin_list" => self.classes.find_builtin_list(args)?,
            "felt_words" => blake::felt_words(args)?,
            "large_words" => blake::large_words(args)?,
            "felt_shape" => blake::felt_shape(args)?,
            "blake_blocks" => blake::blake_blocks(args)?,
            "find_class" => self.classes.find(args)?,
            "find_entry_point" => self.classes.find_entry_point(args)?,
            "ec_op_segment" => {
                let segment = self.ec_op_segment.ok_or_else(|| broken("no ec_op segment"))?;
                args.set("ec_op_start", segment)?;
            }
            "load_transaction" => self.transactions.load(args)?,
            "enter_validate" => self.calls.begin(&self.transactions.current()?.validate),
            "enter_execute" => self.calls.begin(&self.transactions.current()?.execute),
            "is_reverted" => args.set("reverted", usize::from(self.transactions.current()?.is_reverted()))?,
            "enter_call" => self.calls.enter()?,
            "skip_call" => self.calls.skip()?,
            "enter_code" => self.calls.enter_code(args, scopes)?,
            "leave_code" => scopes.exit_scope().map_err(|error| broken(&error.to_string()))?,
            "leave_call" => self.calls.leave()?,
            "open_contract" => self.state.open_contract(args)?,
            "write_storage" => self.state.write_storage(args)?,
            "undo_write" => self.state.undo_write(args)?,
            "covers" => covers(args)?,
            "split_recipient" => split_recipient(args)?,
            "ec_op_split" => ec_op::split(args)?,
            "ec_op_halves" => ec_op::coefficient_halves(args)?,
            "ec_op_group" => self.ec_ops.group(args)?,
            "ec_op_scalar" => ec_op::scalar(args)?,
            "ec_op_carries" => ec_op::carries(args)?,
            "ec_sum_offset" => ec_op::offset(args)?,
            "ec_sum_digits" => self.ec_ops.digits(args)?,
            "ec_sum_digit" => self.ec_ops.digit(args)?,
            _ => return Err(HintError::UnknownHint(name.into())),
        }
        Ok(HintExtension::default())
    }

    /// The statement's header but for its version.
    fn write_header(&self, args: &mut Args<'_>) -> HintResult {
        let OsInput { chain_id, submitter, base_block, transactions, .. } = self.input;
        let output = args.pointer("output_ptr")?;
        args.write(
            (output + 1)?,
            [
                (*chain_id).into(),
                (*submitter.0.key()).into(),
                Felt::from(base_block.number.0).into(),
                Felt::from(base_block.timestamp.0).into(),
                (*base_block.sequencer.0.key()).into(),
                transactions.len().into(),
            ],
        )
    }
}

/// Whether gas covers a cost, to `[ap]`.
fn covers(args: &mut Args<'_>) -> HintResult {
    let covers = args.integer("gas")? >= args.integer("cost")?;
    let ap = args.vm.get_ap();
    args.write(ap, [usize::from(covers).into()])
}

/// The recipient of a message in two parts, to the cells behind the next of the range check.
fn split_recipient(args: &mut Args<'_>) -> HintResult {
    let recipient = args.integer_at((args.pointer("syscall")? + 2_usize)?)?;
    let (high, low) = recipient.div_rem(&TWO_POW_128);
    args.write((args.pointer("range_check_ptr")? + 1_usize)?, [low.into(), high.into()])
}

/// A hint that finds the run in a state that the OS's code rules out, or an input that lacks something.
fn broken(what: &str) -> HintError {
    HintError::CustomHint(what.into())
}

impl HintProcessorLogic for OsHints<'_> {
    fn execute_hint(
        &mut self,
        vm: &mut VirtualMachine,
        scopes: &mut ExecutionScopes,
        hint: &Box<dyn Any>,
    ) -> Result<(), HintError> {
        self.execute_hint_extensive(vm, scopes, hint).map(|_| ())
    }

    fn execute_hint_extensive(
        &mut self,
        vm: &mut VirtualMachine,
        scopes: &mut ExecutionScopes,
        hint: &Box<dyn Any>,
    ) -> Result<HintExtension, HintError> {
        if let Some(hint) = hint.downcast_ref::<Hint>() {
            let base_block = self.input.base_block.number;
            contract::execute(&mut self.calls, base_block, self.faults.as_mut(), vm, scopes, hint)?;
            return Ok(HintExtension::default());
        }
        let data = hint.downcast_ref::<HintProcessorData>().ok_or(HintError::WrongHintData)?;
        let Some(call) = data.code.strip_prefix(PREFIX) else {
            return self.library.execute_hint_extensive(vm, scopes, hint);
        };
        let name = call.split('(').next().unwrap_or(call);
        let mut faults = std::mem::replace(&mut self.faults, Box::new(NoFaults));
        faults.begin(name);
        let (ids, ap_tracking) = (&data.ids_data, &data.ap_tracking);
        let mut args = Args { vm, ids, ap_tracking, faults: faults.as_mut() };
        let result = self.execute(name, &mut args, scopes);
        self.faults = faults;
        result
    }
}

impl ResourceTracker for OsHints<'_> {
    fn consumed(&self) -> bool {
        self.resources.consumed()
    }

    fn consume_step(&mut self) {
        self.resources.consume_step();
    }

    fn get_n_steps(&self) -> Option<usize> {
        self.resources.get_n_steps()
    }

    fn run_resources(&self) -> &RunResources {
        &self.resources
    }
}

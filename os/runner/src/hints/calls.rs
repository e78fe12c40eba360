//! Which call runs, and how far its recording has been used.

use std::collections::{HashMap, VecDeque};

use cairo_vm::types::exec_scope::ExecutionScopes;
use cairo_vm::types::relocatable::Relocatable;
use cairo_vm::vm::errors::hint_errors::HintError;
use starknet_types_core::felt::Felt;
use zkthreads_program::input::RecordedCall;

use super::args::Args;
use super::given::Given;
use super::{HintResult, broken};

/// The calls being run or served, innermost last.
#[derive(Default)]
pub(super) struct Calls<'a> {
    root: Option<&'a RecordedCall>,
    frames: Vec<Frame<'a>>,
    /// The answers that a rehearsal gave to each call whose code ran, in the order in which they ran.
    rehearsed: Option<std::slice::Iter<'a, Vec<Given>>>,
    /// Those that this run gives.
    pub(super) answers: Vec<Vec<Given>>,
}

/// A call with cursors into its recording.
pub(super) struct Frame<'a> {
    recorded: &'a RecordedCall,
    /// The OS's `ExecutionInfo` that the contract is shown.
    pub(super) shown: Relocatable,
    /// Where the next syscall's request is.
    pub(super) syscall_ptr: Relocatable,
    /// Where the answers end that are in memory already.
    pub(super) answered: Option<VecDeque<Relocatable>>,
    pub(super) storage_reads: usize,
    pub(super) class_hash_reads: usize,
    pub(super) block_hash_reads: usize,
    pub(super) inner_calls: usize,
    /// Inner calls that the OS has entered so far.
    entered: usize,
}

/// Offset of the execution info that a contract is shown in the Cairo structure `Call`.
const CALL_SHOWN: usize = 1;

impl<'a> Calls<'a> {
    /// Calls that get the answers of a rehearsal, if there was one.
    pub(super) fn new(rehearsed: Option<&'a [Vec<Given>]>) -> Self {
        Self { rehearsed: rehearsed.map(<[_]>::iter), ..Self::default() }
    }

    /// The next call to be entered is `recorded`.
    pub(super) fn begin(&mut self, recorded: &'a RecordedCall) {
        self.root = Some(recorded);
        // Of a phase that was aborted.
        self.frames.clear();
    }

    /// Enters the next call.
    pub(super) fn enter(&mut self) -> HintResult {
        let recorded = match self.frames.last_mut() {
            None => self.root.take(),
            Some(caller) => caller.next_inner_call(),
        };
        let recorded = recorded.ok_or_else(|| broken("the recording lacks a call"))?;
        self.frames.push(Frame {
            recorded,
            shown: Relocatable::default(),
            syscall_ptr: Relocatable::default(),
            answered: None,
            storage_reads: 0,
            class_hash_reads: 0,
            block_hash_reads: 0,
            inner_calls: 0,
            entered: 0,
        });
        Ok(())
    }

    /// Passes over a recorded call that the OS does not make: that of a constructor that does not exist.
    pub(super) fn skip(&mut self) -> HintResult {
        self.running()?.next_inner_call().map(|_| ()).ok_or_else(|| broken("the recording lacks a call"))
    }

    /// The call's code will run: memory for its syscalls, with their answers if they are known, and for its segment
    /// arena; and a scope for its contract's hints.
    pub(super) fn enter_code(&mut self, args: &mut Args<'_>, scopes: &mut ExecutionScopes) -> HintResult {
        let frame = args.pointer("frame")?;
        let shown = args.pointer_at((frame + CALL_SHOWN)?)?;
        let syscall_ptr = args.vm.add_memory_segment();
        args.set("syscall_ptr", syscall_ptr)?;
        let infos = args.vm.add_memory_segment();
        let arena = args.allocate([infos.into()])?;
        args.set("arena", arena)?;
        let answered = match &mut self.rehearsed {
            Some(rehearsed) => {
                let answers = rehearsed.next().ok_or_else(|| broken("a call that was not rehearsed"))?;
                Some(lay_out(answers, args, syscall_ptr, shown)?)
            }
            None => None,
        };
        self.answers.push(Vec::new());
        let running = self.running()?;
        running.shown = shown;
        running.syscall_ptr = syscall_ptr;
        running.answered = answered;
        scopes.enter_scope(HashMap::new());
        Ok(())
    }

    /// Remembers an answer given to the call whose code runs.
    pub(super) fn note(&mut self, given: Given) {
        if let Some(answers) = self.answers.last_mut() {
            answers.push(given);
        }
    }

    /// Leaves the innermost call.
    pub(super) fn leave(&mut self) -> HintResult {
        self.frames.pop().map(|_| ()).ok_or_else(|| broken("no call to leave"))
    }

    /// The call whose code runs.
    pub(super) fn running(&mut self) -> Result<&mut Frame<'a>, HintError> {
        self.frames.last_mut().ok_or_else(|| broken("no call runs"))
    }
}

/// Writes the answers from `syscall` on, and a zero behind them, which is no selector. Returns where each ends.
fn lay_out(
    answers: &[Given],
    args: &mut Args<'_>,
    mut syscall: Relocatable,
    shown: Relocatable,
) -> Result<VecDeque<Relocatable>, HintError> {
    let mut ends = VecDeque::new();
    for answer in answers {
        syscall = answer.lay_out(args.faults, args.vm, syscall, shown)?;
        ends.push_back(syscall);
    }
    args.vm.insert_value(syscall, Felt::ZERO).map_err(HintError::Memory)?;
    Ok(ends)
}

impl<'a> Frame<'a> {
    /// The recording this call answers from.
    pub(super) fn recorded(&self) -> &'a RecordedCall {
        self.recorded
    }

    fn next_inner_call(&mut self) -> Option<&'a RecordedCall> {
        let inner = self.recorded.inner_calls.get(self.entered);
        self.entered += 1;
        inner
    }
}

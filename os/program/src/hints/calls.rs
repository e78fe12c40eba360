//! Which call runs, and how far its recording has been used.

use std::collections::HashMap;

use cairo_vm::types::exec_scope::ExecutionScopes;
use cairo_vm::types::relocatable::Relocatable;
use cairo_vm::vm::errors::hint_errors::HintError;

use super::args::Args;
use super::{HintResult, broken};
use crate::input::RecordedCall;

/// The calls being run or served, innermost last.
#[derive(Default)]
pub(super) struct Calls<'a> {
    root: Option<&'a RecordedCall>,
    frames: Vec<Frame<'a>>,
}

/// A call with cursors into its recording.
pub(super) struct Frame<'a> {
    recorded: &'a RecordedCall,
    /// The OS's `ExecutionInfo` that the contract is shown.
    pub(super) shown: Relocatable,
    /// Where the next syscall's request is.
    pub(super) syscall_ptr: Relocatable,
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

    /// The call's code will run: memory for its syscalls and its segment arena, and a scope for its contract's hints.
    pub(super) fn enter_code(&mut self, args: &mut Args<'_>, scopes: &mut ExecutionScopes) -> HintResult {
        let frame = args.pointer("frame")?;
        let shown = args.pointer_at((frame + CALL_SHOWN)?)?;
        let syscall_ptr = args.vm.add_memory_segment();
        args.set("syscall_ptr", syscall_ptr)?;
        let infos = args.vm.add_memory_segment();
        let arena = args.allocate([infos.into()])?;
        args.set("arena", arena)?;
        let running = self.running()?;
        running.shown = shown;
        running.syscall_ptr = syscall_ptr;
        scopes.enter_scope(HashMap::new());
        Ok(())
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

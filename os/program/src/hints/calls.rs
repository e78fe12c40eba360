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
    /// What `get_execution_info` answers.
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

impl<'a> Calls<'a> {
    /// The next call to be entered is `recorded`.
    pub(super) fn begin(&mut self, recorded: &'a RecordedCall) {
        self.root = Some(recorded);
    }

    /// Enters a call: memory for its syscalls and its segment arena, and a scope for its contract's hints.
    pub(super) fn enter(&mut self, args: &mut Args<'_>, scopes: &mut ExecutionScopes) -> HintResult {
        let recorded = match self.frames.last_mut() {
            None => self.root.take(),
            Some(caller) => {
                let inner = caller.recorded.inner_calls.get(caller.entered);
                caller.entered += 1;
                inner
            }
        };
        let recorded = recorded.ok_or_else(|| broken("the recording lacks a call"))?;
        let call = args.pointer("frame")?;
        let syscall_ptr = args.vm.add_memory_segment();
        args.set("syscall_ptr", syscall_ptr)?;
        let infos = args.vm.add_memory_segment();
        let arena = args.allocate([infos.into()])?;
        args.set("arena", arena)?;
        self.frames.push(Frame {
            recorded,
            shown: call,
            syscall_ptr,
            storage_reads: 0,
            class_hash_reads: 0,
            block_hash_reads: 0,
            inner_calls: 0,
            entered: 0,
        });
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
}

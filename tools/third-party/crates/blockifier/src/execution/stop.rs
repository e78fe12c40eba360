//! Not in the published crate: whoever runs an execution can end it before its steps and its gas do.
//!
//! Gas is the price of proving. What keeps a processor busy for seconds may cost little of it, so neither gas nor
//! steps bound how long an execution takes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::common_hints::ExecutionMode;

/// How many steps the VM goes before it asks again. Asking may take a system call, a step takes 60 ns or more.
const STEPS: u32 = 1024;

type Stop = Rc<dyn Fn(ExecutionMode) -> bool>;

thread_local! {
    static STOP: RefCell<Option<Stop>> = const { RefCell::new(None) };
    static STEP: Cell<u32> = const { Cell::new(0) };
}

/// Runs `run`. What it executes on this thread ends, as if no step was left, once `stop` says so. It is asked before the
/// first step, and from time to time; whatever an outer
/// call of this function was given is asked as well.
pub fn stopped_if<R>(stop: impl Fn(ExecutionMode) -> bool + 'static, run: impl FnOnce() -> R) -> R {
    let outer = STOP.with_borrow(Clone::clone);
    let stop: Stop = match outer.clone() {
        Some(outer) => Rc::new(move |mode| stop(mode) || outer(mode)),
        None => Rc::new(stop),
    };
    let _restored = Restored(outer);
    STOP.set(Some(stop));
    STEP.set(0);
    run()
}

/// Restores what was asked before, also after a panic.
struct Restored(Option<Stop>);

impl Drop for Restored {
    fn drop(&mut self) {
        STOP.set(self.0.take());
    }
}

/// How many steps the VM has taken on this thread since [`stopped_if`] was called last, those of failed calls included; a call may
/// count as one more.
pub fn steps() -> u32 {
    STEP.get()
}

/// Whether the execution under way ends here. Asked before each step.
pub(crate) fn requested(mode: ExecutionMode) -> bool {
    let step = STEP.get();
    STEP.set(step.wrapping_add(1));
    step % STEPS == 0 && STOP.with_borrow(Clone::clone).is_some_and(|stop| stop(mode))
}

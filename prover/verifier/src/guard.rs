//! Turns a panic of the proof system into an error, silently.

#[cfg(not(panic = "unwind"))]
compile_error!("a panic on a stranger's proof must not end the process: build with panic = \"unwind\"");

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::error::VerifyError;

thread_local! {
    /// Whether this thread is inside [`guarded`]: its panics are expected and not reported.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Marks the thread as guarded until dropped; nests.
struct Mark {
    outer: bool,
}

impl Mark {
    fn set() -> Self {
        Self { outer: GUARDED.replace(true) }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        GUARDED.set(self.outer);
    }
}

/// Runs `check`; a panic in it becomes [`VerifyError::Malformed`]. Panics of other threads are reported as ever:
/// the process-wide hook only skips threads that are inside this function. (A process that sets another hook after
/// the first proof hears of these panics again; nothing worse.)
pub(crate) fn guarded<T>(check: impl FnOnce() -> Result<T, VerifyError>) -> Result<T, VerifyError> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                report(panic);
            }
        }));
    });
    let mark = Mark::set();
    // What `check` borrows is only read, and what it made is dropped: nothing half-changed can be seen after.
    let outcome = panic::catch_unwind(AssertUnwindSafe(check));
    drop(mark);
    outcome.unwrap_or_else(|payload| Err(VerifyError::Malformed { message: message(payload.as_ref()) }))
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    // A message may quote the input; keep what a log line can hold.
    text.unwrap_or("unknown").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_and_the_mark_is_cleared() {
        let outcome: Result<(), _> = guarded(|| panic!("as {}", "expected"));
        assert!(matches!(outcome, Err(VerifyError::Malformed { message }) if message == "as expected"));
        assert!(!GUARDED.get());
    }

    #[test]
    fn guards_nest() {
        let outcome = guarded(|| {
            let inner: Result<(), _> = guarded(|| panic!("inner"));
            assert!(inner.is_err());
            assert!(GUARDED.get());
            Ok(())
        });
        assert!(outcome.is_ok());
    }
}

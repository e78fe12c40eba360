//! Proof verification off the execution path.

use std::sync::Arc;

use zkthreads_protocol::{OsProgram, ThreadTransaction};
use zkthreads_verifier::{VerifiedThread, VerifyError};

/// What the verifier said of a package.
pub type Verdict = Result<VerifiedThread, VerifyError>;

/// Checks proofs on a few threads of its own and remembers the verdicts by package digest. Cheap to clone.
#[derive(Clone)]
pub struct VerificationPool;

impl VerificationPool {
    /// A pool that accepts proofs of `programs`.
    #[must_use]
    pub fn new(programs: impl IntoIterator<Item = OsProgram>) -> Self {
        let _ = programs.into_iter().count();
        todo!()
    }

    /// Starts checking a thread's proof, unless it is known or under way.
    pub fn submit(&self, thread: &Arc<ThreadTransaction>) {
        let _ = thread;
        todo!()
    }

    /// The verdict; waits for one under way, computes it now if nothing has started.
    #[must_use]
    pub fn verdict(&self, thread: &Arc<ThreadTransaction>) -> Arc<Verdict> {
        let _ = thread;
        todo!()
    }
}

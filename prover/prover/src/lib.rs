//! Trace and proof of a sub-block: from a finished run of the thread OS to the proof bytes of a package.
//!
//! ```text
//! OsRun -> adapt (relocated memory, opcode states) -> trace -> commitments -> STARK -> encode -> verify
//! ```
//!
//! The parameters and the proof's encoding are the verifier's ([`zkthreads_verifier::params`],
//! [`zkthreads_verifier::encoding`]); every proof is verified before it is handed out. What does not depend on the
//! run is computed once per process, see [`Prover::new`].

mod error;
mod layout;
mod prover;
mod setup;
mod stage;

pub use error::ProveError;
pub use layout::{Segments, lay_out};
pub use prover::Prover;
pub use stage::ProofStage;

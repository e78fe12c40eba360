//! Inputs that a stranger may send, and what must hold for each of them.
//!
//! * [`package`]: any bytes in place of a package. Decoding ends with a package that encodes to the same bytes, or
//!   with an error.
//! * [`Subject::attempt`]: a real proof with changes that a [`Script`] chooses: claims, sizes, commitments, vectors,
//!   field elements, nonces. Verification ends with an error, in bounded memory; no change is ever accepted.
//!
//! The scripts come from libFuzzer (`fuzz_targets/`, `make fuzz`) or from a counter (the tests of the verifier run a
//! few hundred). The changes follow the structure of the proof as it serializes, so a proof with other components
//! needs no change here.

mod attempt;
mod deep;
mod edits;
mod fit;
mod full;
pub mod memory;
mod mutate;
mod outline;
pub mod package;
mod quiet;
mod script;
mod subject;

pub use attempt::{Attempt, Depth};
pub use deep::{complete, verify_without_work};
pub use fit::fit;
pub use full::{UNSUPPORTED, full_proof};
pub use script::Script;
pub use subject::{Subject, SubjectError};

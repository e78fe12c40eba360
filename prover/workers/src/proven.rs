//! What proving comes to.

use serde::{Deserialize, Serialize};

/// A proof of a sub-block, verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proven {
    /// The proof's bytes, as a package carries them.
    pub proof: Vec<u8>,
    /// Cairo steps of the OS run.
    pub steps: usize,
}

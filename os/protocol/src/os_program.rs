//! The thread OS as the verifier sees it: its bytecode and the hash that names its version.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Poseidon, StarkHash};

/// Names one version of the thread OS: `Poseidon(bytecode)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OsProgramHash(pub Felt);

/// The bytecode of one version of the thread OS, from its entry point's first instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OsProgram {
    bytecode: Arc<[Felt]>,
    hash: OsProgramHash,
}

impl OsProgram {
    /// Takes the compiled program's data section, one felt per memory cell.
    #[must_use]
    pub fn new(bytecode: Vec<Felt>) -> Self {
        let hash = OsProgramHash(Poseidon::hash_array(&bytecode));
        Self { bytecode: bytecode.into(), hash }
    }

    /// The memory cells the proof's program section must equal.
    #[must_use]
    pub fn bytecode(&self) -> &[Felt] {
        &self.bytecode
    }

    /// The version's name.
    #[must_use]
    pub fn hash(&self) -> OsProgramHash {
        self.hash
    }
}

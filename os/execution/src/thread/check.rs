//! Would it settle now?

use starknet_api::core::ContractAddress;
use zkthreads_protocol::{OsProgramHash, PackageError, SettleError};

use crate::error::ExecutionError;
use crate::executor::Executor;
use crate::query::FeeEstimate;

/// What would become of a package if it were settled in the next block.
#[derive(Debug, Clone)]
pub struct ThreadCheck {
    /// Whether every check passes.
    pub would_settle: bool,
    /// Every check that fails; [`SettleError::Conflicts`] lists every conflicting key.
    pub errors: Vec<SettleError>,
    /// What settling it costs, without the envelope's own calls.
    pub fee: FeeEstimate,
}

/// Why a package cannot be checked at all.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It does not decode.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The node failed.
    #[error(transparent)]
    Internal(#[from] ExecutionError),
}

impl Executor {
    /// Runs every check that settling would, proof included, on the latest state, and changes nothing.
    ///
    /// # Errors
    /// If the package does not decode.
    pub fn check_thread(
        &self,
        submitter: ContractAddress,
        os_program_hash: OsProgramHash,
        package: &[u8],
    ) -> Result<ThreadCheck, CheckError> {
        let _ = (submitter, os_program_hash, package);
        todo!()
    }
}

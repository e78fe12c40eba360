//! Classes: from Sierra to what runs.

use starknet_api::state::SierraContractClass;
use zkthreads_storage::ClassRecord;

use crate::admit::AdmitError;

/// Compiles a class and computes both its compiled class hashes. `declared_at` is block 0.
///
/// # Errors
/// If the Sierra is of an unknown version, too large, or does not compile.
pub fn compile(class: SierraContractClass) -> Result<ClassRecord, AdmitError> {
    let _ = class;
    todo!()
}

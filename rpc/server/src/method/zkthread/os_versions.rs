//! `zkthread_osVersions`.

use serde::Serialize;
use starknet_types_core::felt::Felt;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::params::NoParams;

#[derive(Serialize)]
pub(super) struct OsVersion {
    program_hash: Felt,
    active_from: u64,
    /// `null` as long as it is not known.
    retired_from: Option<u64>,
}

/// The versions of the thread OS that this chain accepts proofs of, the first block that may be the base of each one's, and the
/// first that does not settle them any more.
pub(super) fn answer(context: &RpcContext, _: NoParams) -> Result<Vec<OsVersion>, RpcError> {
    let versions = context.executor.config().os_versions.iter().map(|version| OsVersion {
        program_hash: version.program.hash().0,
        active_from: version.active_from.0,
        retired_from: version.retired_from.map(|block| block.0),
    });
    Ok(versions.collect())
}

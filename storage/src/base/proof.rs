//! What a fork cannot prove: its tries hold what was written locally, and nothing of the chain that was forked.

use starknet_api::block::BlockNumber;
use starknet_api::core::ClassHash;
use starknet_types_core::felt::Felt;

use super::Base;
use crate::db::tables::Classes;
use crate::db::{Read, Snapshot};
use crate::state::flat::FlatState;
use crate::{ProofRequest, StorageError};

/// Fails if a leaf was not written locally up to block `at`, but is there: the local tries would prove it absent.
pub(crate) fn check(
    now: &Snapshot<'_>,
    at: BlockNumber,
    request: &ProofRequest,
    base: &Base,
) -> Result<(), StorageError> {
    let Some(fork) = base.fork() else { return Ok(()) };
    let refuse_if = |is_there: bool| if is_there { Err(StorageError::OfBase { fork }) } else { Ok(()) };
    let state = FlatState { now, block: at };
    for hash in &request.classes {
        if now.get::<Classes>(hash)?.is_none_or(|class| class.declared_at > at) {
            refuse_if(base.ask(|base| base.class(*hash))?.is_some())?;
        }
    }
    for contract in &request.contracts {
        let is_local = state.class_hash(*contract)?.is_some() || state.nonce(*contract)?.is_some();
        let has_cells =
            request.storage.iter().any(|(storage_of, keys)| storage_of == contract && !keys.is_empty());
        // The leaf of a contract with local cells leads to them.
        if !is_local && !has_cells {
            refuse_if(base.ask(|base| base.class_hash(*contract))? != ClassHash::default())?;
        }
    }
    for (contract, keys) in &request.storage {
        for key in keys {
            if state.cell(*contract, *key)?.is_none() {
                refuse_if(base.ask(|base| base.storage(*contract, *key))? != Felt::ZERO)?;
            }
        }
    }
    Ok(())
}

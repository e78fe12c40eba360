//! Block 0: a given state, no transactions.

use std::collections::BTreeMap;

use starknet_api::block::{BlockHeader, BlockTimestamp};
use starknet_api::core::{ClassHash, ContractAddress};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_storage::ClassRecord;

use crate::error::ExecutionError;
use crate::executor::Executor;

/// The state a chain begins with.
#[derive(Debug, Clone, Default)]
pub struct GenesisState {
    /// Block 0's timestamp.
    pub timestamp: BlockTimestamp,
    /// Classes declared in it (see [`crate::class::compile`]).
    pub classes: Vec<(ClassHash, ClassRecord)>,
    /// Contracts deployed in it, with their class.
    pub contracts: BTreeMap<ContractAddress, ClassHash>,
    /// Their storage.
    pub storage: BTreeMap<(ContractAddress, StorageKey), Felt>,
}

impl Executor {
    /// Writes block 0.
    ///
    /// # Errors
    /// If the database fails or holds a chain already.
    pub fn commit_genesis(&self, genesis: GenesisState) -> Result<BlockHeader, ExecutionError> {
        let _ = genesis;
        todo!()
    }
}

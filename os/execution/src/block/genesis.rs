//! The first block: a given state, no transactions. Block 0, or the block after the one that the chain was forked at.

use std::collections::BTreeMap;

use starknet_api::block::{BlockHeader, BlockTimestamp};
use starknet_api::core::{ClassHash, ContractAddress};
use starknet_api::state::{StorageKey, ThinStateDiff};
use starknet_types_core::felt::Felt;
use zkthreads_storage::{ClassDefinition, ClassRecord, ThreadTimes};

use super::seal::Contents;
use crate::context::Capacity;
use crate::error::ExecutionError;
use crate::executor::Executor;

/// The state a chain begins with.
#[derive(Debug, Clone, Default)]
pub struct GenesisState {
    /// The first block's timestamp.
    pub timestamp: BlockTimestamp,
    /// Classes declared in it (see [`crate::class::compile`]).
    pub classes: Vec<(ClassHash, ClassRecord)>,
    /// Contracts deployed in it, with their class.
    pub contracts: BTreeMap<ContractAddress, ClassHash>,
    /// Their storage.
    pub storage: BTreeMap<(ContractAddress, StorageKey), Felt>,
}

impl GenesisState {
    fn state_diff(&self) -> ThinStateDiff {
        let mut diff = ThinStateDiff {
            deployed_contracts: self.contracts.iter().map(|(address, class)| (*address, *class)).collect(),
            ..ThinStateDiff::default()
        };
        for ((contract, key), value) in self.storage.iter().filter(|(_, value)| **value != Felt::ZERO) {
            diff.storage_diffs.entry(*contract).or_default().insert(*key, *value);
        }
        for (class_hash, class) in &self.classes {
            match class.definition {
                ClassDefinition::Sierra { .. } => {
                    diff.class_hash_to_compiled_class_hash.insert(*class_hash, class.compiled_class_hash);
                }
                ClassDefinition::Legacy { .. } => diff.deprecated_declared_classes.push(*class_hash),
            }
        }
        diff.class_hash_to_compiled_class_hash.sort_unstable_keys();
        diff.deprecated_declared_classes.sort_unstable();
        diff
    }
}

impl Executor {
    /// Writes the first block.
    ///
    /// # Errors
    /// If the database fails or holds a chain already.
    pub fn commit_genesis(&self, genesis: GenesisState) -> Result<BlockHeader, ExecutionError> {
        let state_diff = genesis.state_diff();
        if self.storage().latest()?.is_some() {
            return Err(ExecutionError::HasGenesis);
        }
        let (number, parent) = self.storage().next_place()?;
        let env = self.config().block_env(genesis.timestamp);
        let context = self.config().block_context(number, &env, Capacity::Block)?;
        let declared = |(hash, class)| (hash, ClassRecord { declared_at: number, ..class });
        let block = Contents {
            info: context.block_info().clone(),
            parent,
            executed: Vec::new(),
            classes: genesis.classes.into_iter().map(declared).collect(),
            state_diff,
            thread_times: ThreadTimes::new(),
        };
        self.commit(block.seal(self.storage())?)
    }
}

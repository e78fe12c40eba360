//! Another chain's state.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_execution::ChainState;
use zkthreads_storage::{BaseState, BaseStateError, ClassRecord};

/// Another chain's state, as long as it can be reached.
pub struct Remote {
    pub state: ChainState,
    pub away: Arc<AtomicBool>,
}

impl Remote {
    fn ask<T>(&self, answer: impl FnOnce(&ChainState) -> T) -> Result<T, BaseStateError> {
        match self.away.load(Ordering::SeqCst) {
            true => Err(BaseStateError::Unreachable { reason: "away".to_owned() }),
            false => Ok(answer(&self.state)),
        }
    }
}

impl BaseState for Remote {
    fn storage(&self, contract: ContractAddress, key: StorageKey) -> Result<Felt, BaseStateError> {
        self.ask(|state| state.storage(contract, key).unwrap())
    }

    fn nonce(&self, contract: ContractAddress) -> Result<Nonce, BaseStateError> {
        self.ask(|state| state.nonce(contract).unwrap())
    }

    fn class_hash(&self, contract: ContractAddress) -> Result<ClassHash, BaseStateError> {
        self.ask(|state| state.class_hash(contract).unwrap())
    }

    fn class(&self, hash: ClassHash) -> Result<Option<ClassRecord>, BaseStateError> {
        self.ask(|state| state.class(hash).unwrap().map(|class| class.as_ref().clone()))
    }
}

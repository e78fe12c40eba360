//! The database.
#![allow(missing_docs, unused_variables)]
use std::path::Path;
use std::sync::Arc;

use starknet_api::block::{BlockHash, BlockHeader, BlockNumber};
use starknet_api::core::{ClassHash, ContractAddress, GlobalRoot, Nonce};
use starknet_api::hash::StateRoots;
use starknet_api::state::{StorageKey, ThinStateDiff};
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;

use crate::{BlockCommit, BlockTransaction, ClassRecord, ProofRequest, StorageError, StorageProof};

#[derive(Debug, Clone)]
pub struct Storage {}
impl Storage {
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        Err(StorageError::Empty)
    }
    pub fn latest(&self) -> Result<Option<BlockNumber>, StorageError> {
        Err(StorageError::Empty)
    }
    pub fn header(&self, number: BlockNumber) -> Result<Option<BlockHeader>, StorageError> {
        Err(StorageError::Empty)
    }
    pub fn block_number(&self, hash: BlockHash) -> Result<Option<BlockNumber>, StorageError> {
        Err(StorageError::Empty)
    }
    pub fn transactions(&self, number: BlockNumber) -> Result<Option<Vec<BlockTransaction>>, StorageError> {
        Err(StorageError::Empty)
    }
    pub fn transaction(
        &self,
        hash: TransactionHash,
    ) -> Result<Option<(BlockNumber, usize, BlockTransaction)>, StorageError> {
        Err(StorageError::Empty)
    }
    pub fn transaction_at(
        &self,
        number: BlockNumber,
        index: usize,
    ) -> Result<Option<BlockTransaction>, StorageError> {
        Err(StorageError::Empty)
    }
    pub fn package(&self, hash: TransactionHash) -> Result<Option<Vec<u8>>, StorageError> {
        Err(StorageError::Empty)
    }
    pub fn state_diff(&self, number: BlockNumber) -> Result<Option<ThinStateDiff>, StorageError> {
        Err(StorageError::Empty)
    }
    pub fn state_at(&self, number: BlockNumber) -> StateView {
        StateView {}
    }
    pub fn state_before_genesis(&self) -> StateView {
        StateView {}
    }
    pub fn class(&self, hash: ClassHash) -> Result<Option<Arc<ClassRecord>>, StorageError> {
        Err(StorageError::Empty)
    }
    pub fn prepare_state(&self, diff: &ThinStateDiff) -> Result<PreparedState, StorageError> {
        Err(StorageError::Empty)
    }
    pub fn commit(&self, block: BlockCommit) -> Result<(), StorageError> {
        Err(StorageError::Empty)
    }
    pub fn storage_proof(&self, request: &ProofRequest) -> Result<StorageProof, StorageError> {
        Err(StorageError::Empty)
    }
}
#[derive(Debug)]
pub struct PreparedState {}
impl PreparedState {
    pub fn roots(&self) -> StateRoots {
        StateRoots::EMPTY
    }
    pub fn global_root(&self) -> GlobalRoot {
        self.roots().global_root()
    }
}
#[derive(Debug, Clone)]
pub struct StateView {}
impl StateView {
    pub fn storage(&self, contract: ContractAddress, key: StorageKey) -> Result<Felt, StorageError> {
        Err(StorageError::Empty)
    }
    pub fn nonce(&self, contract: ContractAddress) -> Result<Nonce, StorageError> {
        Err(StorageError::Empty)
    }
    pub fn class_hash(&self, contract: ContractAddress) -> Result<ClassHash, StorageError> {
        Err(StorageError::Empty)
    }
    pub fn class(&self, hash: ClassHash) -> Result<Option<Arc<ClassRecord>>, StorageError> {
        Err(StorageError::Empty)
    }
}

//! What the thread OS is run on: the sub-block's transactions with a recording of how blockifier executed them.
//!
//! Nothing here is trusted: the OS constrains every value (see the hints' comments). A wrong input makes the run
//! fail or leaves the statement unchanged.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{BaseBlock, InnerTransaction};

/// The input of one OS run.
#[derive(Debug, Clone)]
pub struct OsInput {
    /// The chain's id as a felt.
    pub chain_id: Felt,
    /// The only account that may settle the sub-block; zero admits anyone.
    pub submitter: ContractAddress,
    /// The block whose context the inner transactions see.
    pub base_block: BaseBlock,
    /// The inner transactions, in order.
    pub transactions: Vec<RecordedTransaction>,
    /// The CASM of every class that runs.
    pub classes: BTreeMap<ClassHash, Arc<CasmContractClass>>,
    /// State before the sub-block: every contract that is touched, every cell that is read or written.
    pub contracts: BTreeMap<ContractAddress, ContractState>,
}

/// A contract's state before the sub-block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContractState {
    /// Its class; zero where nothing is deployed.
    pub class_hash: ClassHash,
    /// Its nonce if the sub-block consumes nonces of it, else zero.
    pub nonce: Nonce,
    /// Cells the sub-block reads or writes, with their values before it.
    pub storage: BTreeMap<StorageKey, Felt>,
}

/// An inner transaction and how it executed.
#[derive(Debug, Clone)]
pub struct RecordedTransaction {
    /// The transaction.
    pub transaction: InnerTransaction,
    /// Its `__validate__` call.
    pub validate: RecordedCall,
    /// Its `__execute__` call.
    pub execute: RecordedCall,
}

/// The answers one call got from its syscalls, in order, and what it returned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordedCall {
    /// Values of its `storage_read`s.
    pub storage_reads: Vec<Felt>,
    /// Results of its `get_class_hash_at`s.
    pub class_hash_reads: Vec<ClassHash>,
    /// Results of its `get_block_hash`es.
    pub block_hash_reads: Vec<Felt>,
    /// Its `call_contract`s and `library_call`s, in order.
    pub inner_calls: Vec<RecordedCall>,
    /// What it returned.
    pub retdata: Vec<Felt>,
}

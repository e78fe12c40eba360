//! What the thread OS is run on: the sub-block's transactions with a recording of how blockifier executed them.
//!
//! Nothing here is trusted: the OS constrains every value (see the hints' comments). A wrong input makes the run
//! fail or leaves the statement unchanged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use serde::{Deserialize, Serialize};
use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{BaseBlock, InnerTransaction};

/// The input of one OS run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OsInput {
    /// The chain's id as a felt.
    pub chain_id: Felt,
    /// The only account that may settle the sub-block; zero admits anyone.
    pub submitter: ContractAddress,
    /// The block whose context the inner transactions see.
    pub base_block: BaseBlock,
    /// The inner transactions, in order.
    pub transactions: Vec<RecordedTransaction>,
    /// Every class that runs, is deployed, or replaces another.
    pub classes: BTreeMap<ClassHash, ExecutableClass>,
    /// State before the sub-block: every contract that is touched, every cell that is read or written.
    pub contracts: BTreeMap<ContractAddress, ContractState>,
}

/// A class as it is run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExecutableClass {
    /// Its code.
    pub casm: Arc<CasmContractClass>,
    /// Whether it counts Sierra gas (Sierra 1.7 and later); the chain counts the steps of others.
    pub gas_metered: bool,
    /// Where the parts of its code begin that ran when it was recorded, as offsets; any part may run if it is absent. Others need
    /// not be hashed, not even to find out which run.
    pub ran: Option<BTreeSet<usize>>,
}

/// A contract's state before the sub-block.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractState {
    /// Its class; zero where nothing is deployed.
    pub class_hash: ClassHash,
    /// Its nonce if the sub-block consumes nonces of it, else zero.
    pub nonce: Nonce,
    /// Cells the sub-block reads or writes, with their values before it.
    pub storage: BTreeMap<StorageKey, Felt>,
}

/// An inner transaction and how it executed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecordedTransaction {
    /// The transaction.
    pub transaction: InnerTransaction,
    /// Its `__validate__` call.
    pub validate: RecordedCall,
    /// Its `__execute__` call.
    pub execute: RecordedCall,
    /// Why `__execute__` failed and was undone, if it was.
    pub revert_reason: Option<String>,
}

impl RecordedTransaction {
    /// Whether `__execute__` failed and was undone.
    pub fn is_reverted(&self) -> bool {
        self.revert_reason.is_some()
    }
}

/// The answers one call got from its syscalls, in order, and how it ended.
///
/// Syscalls that failed by themselves (for want of gas, or for an argument that is refused) are not recorded: their
/// requests tell that they fail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedCall {
    /// The contract on whose storage it ran; for a constructor, the contract it deployed.
    pub address: ContractAddress,
    /// The class whose code ran.
    pub class_hash: ClassHash,
    /// Values of its `storage_read`s.
    pub storage_reads: Vec<Felt>,
    /// Results of its `get_class_hash_at`s.
    pub class_hash_reads: Vec<ClassHash>,
    /// Results of its `get_block_hash`es.
    pub block_hash_reads: Vec<Felt>,
    /// Its `call_contract`s, `library_call`s, `deploy`s (their constructors, empty ones too) and `meta_tx_v0`s, in
    /// order.
    pub inner_calls: Vec<RecordedCall>,
    /// What it returned or, if it failed, what it panicked with.
    pub retdata: Vec<Felt>,
    /// Whether it failed: it panicked, its entry point was not found, or it could not pay for its beginning.
    pub failed: bool,
    /// Gas that it costs its caller; none if its steps are counted.
    pub gas_consumed: u64,
    /// Nothing is deployed at `address`, which no caller survives: the transaction is undone. The first aborted call
    /// of a transaction is the last that counts; what is recorded of later calls is what makes their callers end.
    pub aborted: bool,
}

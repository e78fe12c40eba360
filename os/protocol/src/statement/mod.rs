//! The statement: what a proof says, as typed values. The thread OS's output segment, felt by felt, is
//! [`Statement::encode`]; see [`codec`] for the layout.

mod codec;

use serde::{Deserialize, Serialize};
use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress, L1Address, Nonce};
use starknet_api::state::StorageKey;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;

pub use codec::{STATEMENT_VERSION, StatementError};

/// Everything a thread proof binds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The chain's id as a felt (a short string).
    pub chain_id: Felt,
    /// The only account that may settle this; zero admits anyone.
    pub submitter: ContractAddress,
    /// The block whose context the inner transactions saw, and the time that they saw.
    pub base_block: BaseBlock,
    /// The inner transactions and what became of them, in execution order. At least one.
    pub inner_transactions: Vec<InnerOutcome>,
    /// Every class that ran or that a contract was given, strictly ascending by class hash.
    pub classes: Vec<ExecutedClass>,
    /// Every contract touched, strictly ascending by address.
    pub contracts: Vec<ContractAccess>,
    /// Number of events the inner transactions emitted.
    pub event_count: u64,
    /// [`crate::commitments::events_commitment`] of those events.
    pub events_commitment: Felt,
    /// Messages to L1, in the order they were sent.
    pub messages: Vec<InnerMessage>,
}

/// An inner transaction and whether its `__execute__` took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InnerOutcome {
    /// The transaction.
    pub hash: TransactionHash,
    /// Whether `__execute__` failed, so that of its effects only the consumed nonce and those of `__validate__`
    /// remain.
    pub reverted: bool,
}

/// The block context the inner transactions executed in: that of an existing block of the chain, at its time or a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseBlock {
    /// Its number.
    pub number: BlockNumber,
    /// The time that the inner transactions saw, seconds since the Unix epoch: the block's timestamp or a later one.
    pub timestamp: BlockTimestamp,
    /// Its sequencer's address.
    pub sequencer: ContractAddress,
}

/// When something was executed, as the contracts saw it: not the block that holds it, but the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogicalTime {
    /// The block number that they saw.
    pub number: BlockNumber,
    /// The time that they saw, seconds since the Unix epoch.
    pub timestamp: BlockTimestamp,
}

impl LogicalTime {
    /// Whether something of this time may have been seen by what was executed at `other`: neither part is later.
    #[must_use]
    pub fn is_by(self, other: Self) -> bool {
        self.number <= other.number && self.timestamp <= other.timestamp
    }
}

impl BaseBlock {
    /// When the inner transactions were executed, as they saw it.
    #[must_use]
    pub fn time(&self) -> LogicalTime {
        LogicalTime { number: self.number, timestamp: self.timestamp }
    }
}

/// A class whose code ran, or that a contract was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutedClass {
    /// The Sierra class.
    pub class_hash: ClassHash,
    /// Hash of its CASM as in the class trie (version 2, Blake2s).
    pub compiled_class_hash: CompiledClassHash,
    /// Whether the class's code pays for its execution in Sierra gas (Sierra 1.7 and later); by Cairo steps otherwise.
    pub gas_metered: bool,
}

/// What the sub-block read and wrote of one contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractAccess {
    /// The contract.
    pub address: ContractAddress,
    /// Its class before the sub-block; a precondition. Zero for an address that no contract is deployed at.
    pub class_hash_before: ClassHash,
    /// Its class after the sub-block. If it differs, the sub-block deployed the contract or replaced its class, and
    /// the new class is among [`Statement::classes`].
    pub class_hash_after: ClassHash,
    /// Its nonce before the sub-block; a precondition if the sub-block consumed nonces, zero otherwise.
    pub nonce_before: Nonce,
    /// Its nonce after the sub-block; equal to `nonce_before` (zero) if no nonce was consumed.
    pub nonce_after: Nonce,
    /// Storage cells read or written, strictly ascending by key.
    pub storage: Vec<StorageAccess>,
}

/// One storage cell that the sub-block read or wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageAccess {
    /// The cell.
    pub key: StorageKey,
    /// Its value before the sub-block; a precondition. Zero for an absent cell.
    pub before: Felt,
    /// Its value after the sub-block; equal to `before` if it was only read.
    pub after: Felt,
}

/// A message to L1 that an inner transaction sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InnerMessage {
    /// Which inner transaction, counted from zero.
    pub transaction_index: u32,
    /// The contract that sent it.
    pub from_address: ContractAddress,
    /// The L1 address.
    pub to_address: L1Address,
    /// Its payload.
    pub payload: Vec<Felt>,
}

impl Statement {
    /// Hashes of the inner transactions, in execution order.
    pub fn transaction_hashes(&self) -> impl Iterator<Item = TransactionHash> {
        self.inner_transactions.iter().map(|transaction| transaction.hash)
    }

    /// How many of the inner transactions were reverted.
    #[must_use]
    pub fn reverted_count(&self) -> usize {
        self.inner_transactions.iter().filter(|transaction| transaction.reverted).count()
    }
}

impl ContractAccess {
    /// Whether the sub-block deployed the contract or replaced its class.
    #[must_use]
    pub fn changes_class(&self) -> bool {
        self.class_hash_before != self.class_hash_after
    }

    /// Whether the sub-block deployed the contract.
    #[must_use]
    pub fn is_deployed(&self) -> bool {
        self.changes_class() && self.class_hash_before == ClassHash::default()
    }

    /// Whether the sub-block consumed nonces of this contract, so that `nonce_before` is a precondition.
    #[must_use]
    pub fn consumes_nonces(&self) -> bool {
        self.nonce_before != self.nonce_after
    }
}

impl StorageAccess {
    /// Whether the sub-block changed the cell.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.before != self.after
    }
}

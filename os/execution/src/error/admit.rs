//! Why a transaction is not admitted.

use std::time::Duration;

use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress, Nonce};
use zkthreads_protocol::{EnvelopeError, SegmentError};

use super::ExecutionError;
use crate::call_stack::CallStack;

/// Why a transaction is not admitted. RPC maps each to the specification's error, whose code stands first.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// (52) The nonce is used up or too far ahead.
    #[error("invalid nonce of {account}: account has {account_nonce}, transaction has {transaction_nonce}")]
    InvalidNonce {
        /// The sender.
        account: ContractAddress,
        /// Its nonce.
        account_nonce: Nonce,
        /// The transaction's.
        transaction_nonce: Nonce,
    },
    /// (53) The resource bounds do not cover the transaction.
    #[error("insufficient resources: {0}")]
    InsufficientResources(String),
    /// (53) The prices offered are below the block's.
    #[error("fee below minimum: {0}")]
    FeeBelowMinimum(String),
    /// (54) The balance does not cover the most the transaction may cost.
    #[error("insufficient balance: {0}")]
    InsufficientBalance(String),
    /// (55) `__validate__` (or its declare or deploy kin) refused.
    #[error("validation failed: {0}")]
    Validation(CallStack),
    /// (55) Validation was ended because it kept a processor busy for longer than this.
    #[error("validation took more than {0:?} of a processor's time")]
    TooLong(Duration),
    /// (51) The class is declared already.
    #[error("class {:#x} is already declared", .0.0)]
    ClassAlreadyDeclared(ClassHash),
    /// (28) The class to deploy is not declared.
    #[error("class {:#x} is not declared", .0.0)]
    ClassHashNotFound(ClassHash),
    /// (56) The Sierra program does not compile.
    #[error("compilation failed: {0}")]
    CompilationFailed(String),
    /// Another class is being compiled, and nobody was to wait for that.
    #[error("another class is being compiled")]
    CompilerBusy,
    /// (57) The class is too large.
    #[error("contract class size is too large: {0}")]
    ClassTooLarge(String),
    /// (60) The transaction names another compiled class hash than the class has.
    #[error("compiled class hash mismatch: transaction has {:#x}, the class compiles to {:#x}", .declared.0, .computed.0)]
    CompiledClassHashMismatch {
        /// In the transaction.
        declared: CompiledClassHash,
        /// Of the compiled class.
        computed: CompiledClassHash,
    },
    /// (61) Only version 3 is accepted, with all three resource bounds.
    #[error("unsupported transaction version: {0}")]
    UnsupportedTransactionVersion(String),
    /// (62) The Sierra version is not supported.
    #[error("unsupported class version: {0}")]
    UnsupportedClassVersion(String),
    /// (69) The thread's package does not decode or is not the one signed.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// (69) The thread cannot settle, whatever the state: it is another chain's, another submitter's, of another OS, too old, or
    /// lists a class that is not declared.
    #[error("segment {}: {}", .0.segment, .0.error)]
    Unsettleable(Box<SegmentError>),
    /// (69) A thread's package brings a transaction that the chain would not take by itself.
    #[error("segment {segment}, transaction {transaction_index}: {error}")]
    InnerTransaction {
        /// The segment, counted from zero.
        segment: u32,
        /// The transaction in it, counted from zero.
        transaction_index: u32,
        /// Why it would not be taken.
        error: Box<AdmitError>,
    },
    /// The thread's preconditions hold by now, so its proof has to be verified before a block takes it.
    #[error("the proof has not been verified")]
    Unverified,
    /// (63) A field breaks a rule of the protocol (sizes, reserved fields).
    #[error("malformed transaction: {0}")]
    Malformed(String),
    /// (63) Execution of a transaction that may not be reverted failed (a constructor, a declare).
    #[error("execution failed: {0}")]
    Execution(CallStack),
    /// (63) The node failed.
    #[error(transparent)]
    Internal(#[from] ExecutionError),
}

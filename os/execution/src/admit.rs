//! Admission: from a [`Submission`] to a [`PendingTransaction`].

mod stateful;
mod stateless;
mod validated;

use std::sync::Arc;
use std::time::Duration;

use starknet_api::block::FeeType;
use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress, Nonce};
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::Fee;
use zkthreads_protocol::{EnvelopeError, InnerTransaction, SegmentError, ThreadTransaction};

use crate::call_stack::CallStack;
use crate::compiler::Waiting;
use crate::error::ExecutionError;
use crate::executor::Executor;
use crate::query::at::StateAt;
use crate::thread::constants::least_l2_gas;
use crate::transaction::{PendingBody, PendingTransaction, Submission};

pub use validated::Validated;

pub use stateless::{MAX_CALLDATA_FELTS, MAX_SIGNATURE_FELTS};

/// How far ahead of the account's nonce a transaction's may be, so that wallets can queue several.
pub const MAX_NONCE_GAP: u64 = 200;

/// Why a transaction is not admitted. RPC maps each to the specification's error, whose code is in brackets.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// [52] The nonce is used up or too far ahead.
    #[error("invalid nonce of {account}: account has {account_nonce}, transaction has {transaction_nonce}")]
    InvalidNonce {
        /// The sender.
        account: ContractAddress,
        /// Its nonce.
        account_nonce: Nonce,
        /// The transaction's.
        transaction_nonce: Nonce,
    },
    /// [53] The resource bounds do not cover the transaction.
    #[error("insufficient resources: {0}")]
    InsufficientResources(String),
    /// [53] The prices offered are below the block's.
    #[error("fee below minimum: {0}")]
    FeeBelowMinimum(String),
    /// [54] The balance does not cover the most the transaction may cost.
    #[error("insufficient balance: {0}")]
    InsufficientBalance(String),
    /// [55] `__validate__` (or its declare or deploy kin) refused.
    #[error("validation failed: {0}")]
    Validation(CallStack),
    /// [55] Validation was ended because it kept a processor busy for longer than this.
    #[error("validation took more than {0:?} of a processor's time")]
    TooLong(Duration),
    /// [51] The class is declared already.
    #[error("class {:#x} is already declared", .0.0)]
    ClassAlreadyDeclared(ClassHash),
    /// [28] The class to deploy is not declared.
    #[error("class {:#x} is not declared", .0.0)]
    ClassHashNotFound(ClassHash),
    /// [56] The Sierra program does not compile.
    #[error("compilation failed: {0}")]
    CompilationFailed(String),
    /// Another class is being compiled, and nobody was to wait for that.
    #[error("another class is being compiled")]
    CompilerBusy,
    /// [57] The class is too large.
    #[error("contract class size is too large: {0}")]
    ClassTooLarge(String),
    /// [60] The transaction names another compiled class hash than the class has.
    #[error("compiled class hash mismatch: transaction has {:#x}, the class compiles to {:#x}", .declared.0, .computed.0)]
    CompiledClassHashMismatch {
        /// In the transaction.
        declared: CompiledClassHash,
        /// Of the compiled class.
        computed: CompiledClassHash,
    },
    /// [61] Only version 3 is accepted, with all three resource bounds.
    #[error("unsupported transaction version: {0}")]
    UnsupportedTransactionVersion(String),
    /// [62] The Sierra version is not supported.
    #[error("unsupported class version: {0}")]
    UnsupportedClassVersion(String),
    /// [69] The thread's package does not decode or is not the one signed.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// [69] The thread cannot settle, whatever the state: it is another chain's, another submitter's, of another OS, too old, or
    /// lists a class that is not declared.
    #[error("segment {}: {}", .0.segment, .0.error)]
    Unsettleable(Box<SegmentError>),
    /// [69] A thread's package brings a transaction that the chain would not take by itself.
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
    /// [63] A field breaks a rule of the protocol (sizes, reserved fields).
    #[error("malformed transaction: {0}")]
    Malformed(String),
    /// [63] Execution of a transaction that may not be reverted failed (a constructor, a declare).
    #[error("execution failed: {0}")]
    Execution(CallStack),
    /// [63] The node failed.
    #[error(transparent)]
    Internal(#[from] ExecutionError),
}

impl Executor {
    /// Makes a transaction out of a submission by stateless checks only: sizes, versions, hash; compiles the class of
    /// a DECLARE; joins envelope and package of a thread. `only_query` transactions are signed with the query version
    /// (fee estimation before signing for real); their resource bounds may be zero.
    ///
    /// # Errors
    /// See [`AdmitError`].
    pub fn prepare(
        &self,
        submission: Submission,
        only_query: bool,
    ) -> Result<PendingTransaction, AdmitError> {
        stateless::prepare(self, submission, only_query, Waiting::ForOthers)
    }

    /// Whether the chain would take a transaction of a thread's by itself, as far as that can be said without its state: its user
    /// can send it there at any time.
    ///
    /// # Errors
    /// See [`AdmitError`].
    pub fn check_inner(&self, transaction: &InnerTransaction) -> Result<(), AdmitError> {
        stateless::check_inner(transaction)
    }

    /// The same of all transactions of a thread.
    ///
    /// # Errors
    /// [`AdmitError::InnerTransaction`]
    pub fn check_inner_transactions(&self, thread: &ThreadTransaction) -> Result<(), AdmitError> {
        stateless::check_inner_transactions(thread)
    }

    /// As [`Executor::prepare`], for a question: compiles a class only if no other is being compiled.
    ///
    /// # Errors
    /// See [`AdmitError`].
    pub fn prepare_question(
        &self,
        submission: Submission,
        only_query: bool,
    ) -> Result<PendingTransaction, AdmitError> {
        stateless::prepare(self, submission, only_query, Waiting::ForNobody)
    }

    /// [`Executor::prepare`], then nonce, balance and signature on the latest state. A thread's proof is not looked at:
    /// the mempool has that done once it holds the transaction, for whoever is refused does not pay.
    ///
    /// # Errors
    /// See [`AdmitError`].
    pub fn admit(&self, submission: Submission) -> Result<PendingTransaction, AdmitError> {
        self.admit_at(&self.latest()?, submission)
    }

    /// As [`Executor::admit`], on the state at a given moment: while a block is open, it holds what the transaction
    /// may build on.
    ///
    /// # Errors
    /// See [`AdmitError`].
    pub fn admit_at(&self, at: &StateAt, submission: Submission) -> Result<PendingTransaction, AdmitError> {
        self.admit_within(at, submission, self.time_limits().validation)
    }

    /// As [`Executor::admit_at`], with a limit of its own for the processor time that validation may take.
    ///
    /// # Errors
    /// See [`AdmitError`].
    pub fn admit_within(
        &self,
        at: &StateAt,
        submission: Submission,
        limit: Duration,
    ) -> Result<PendingTransaction, AdmitError> {
        if let Submission::Declare { tx, class } = &submission {
            // Compiling takes seconds. So nonce, balance and signature come first; the class has a part in the fee, so they
            // are looked at again with it.
            let uncompiled = stateless::uncompiled(self, tx, class)?;
            stateless::check_bounds(&uncompiled.resource_bounds())?;
            stateful::check_uncompiled(self, at, &uncompiled, limit)?;
        }
        let transaction = self.prepare(submission, false)?;
        if let PendingBody::Thread { thread, .. } = &transaction.body {
            self.check_context(at, thread)?;
        }
        let admitted = self.validate(at, transaction, limit)?;
        if let PendingBody::Thread { thread, .. } = &admitted.body {
            self.check_classes(at, thread)?;
        }
        Ok(admitted)
    }

    /// Checks nonce, balance and signature again, of a transaction whose validation saw another state or moment, within
    /// `limit` of processor time.
    ///
    /// # Errors
    /// See [`AdmitError`].
    pub fn validate_again(
        &self,
        at: &StateAt,
        transaction: PendingTransaction,
        limit: Duration,
    ) -> Result<PendingTransaction, AdmitError> {
        self.validate(at, transaction, limit)
    }

    /// Checks that the account of an envelope signed it, that no block has it (those in blocks are public: anybody could ask with
    /// them), and that it could pay for a package of so many bytes whose proof is bad. Nothing else about it needs to be right:
    /// an envelope that is only signed for a question has bounds of zero, and any nonce.
    ///
    /// # Errors
    /// What is wrong; [`AdmitError::TooLong`] if the account does not answer within `limit` of processor time.
    pub fn check_submitter(
        &self,
        at: &StateAt,
        envelope: &InvokeTransactionV3,
        package_bytes: usize,
        limit: Duration,
    ) -> Result<(), AdmitError> {
        let price = self.config().gas_prices.l2_gas_price(&FeeType::Strk).get().0;
        let least = price.saturating_mul(least_l2_gas(package_bytes).0.into());
        stateful::check_submitter(self, at, envelope, Fee(least), limit)
    }

    fn validate(
        &self,
        at: &StateAt,
        transaction: PendingTransaction,
        limit: Duration,
    ) -> Result<PendingTransaction, AdmitError> {
        if transaction.only_query {
            return Err(AdmitError::Malformed("signed for a query, not for execution".to_owned()));
        }
        if matches!(transaction.body, PendingBody::L1Handler(_)) {
            return Ok(transaction); // Nobody signs it, and L1 was paid for it.
        }
        stateless::check_bounds(&transaction.resource_bounds())?;
        let validated = stateful::check(self, at, &transaction, limit)?.map(Arc::new);
        Ok(PendingTransaction { validated, ..transaction })
    }
}

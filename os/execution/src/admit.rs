//! Admission: from a [`Submission`] to a [`PendingTransaction`].

mod stateful;
mod stateless;

use std::sync::Arc;
use std::time::Duration;

use starknet_api::block::FeeType;
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::Fee;
use zkthreads_protocol::{InnerTransaction, ThreadTransaction};

use crate::compiler::Waiting;
use crate::error::AdmitError;
use crate::executor::Executor;
use crate::query::at::StateAt;
use crate::thread::constants::least_l2_gas;
use crate::transaction::{PendingBody, PendingTransaction, Submission};

pub use stateless::{MAX_CALLDATA_FELTS, MAX_SIGNATURE_FELTS};

/// How far ahead of the account's nonce a transaction's may be, so that wallets can queue several.
pub const MAX_NONCE_GAP: u64 = 200;

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
        if let PendingBody::Thread(thread) = &transaction.body {
            self.check_context(at, thread)?;
        }
        let admitted = self.validate(at, transaction, limit)?;
        if let PendingBody::Thread(thread) = &admitted.body {
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

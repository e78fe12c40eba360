//! Executing a stored block anew.

use std::sync::Arc;

use blockifier::state::cached_state::StateMaps;
use blockifier::transaction::account_transaction::ExecutionFlags;
use starknet_api::block::BlockNumber;
use starknet_api::transaction::CalculateContractAddress;
use zkthreads_protocol::{SettleError, ThreadTransaction, Transaction};
use zkthreads_storage::{BlockTransaction, ChainKind, StorageError, ThreadOutcome, TransactionTrace};

use crate::block::executed::Execution;
use crate::block::session::Session;
use crate::blockifier_tx::IN_BLOCK;
use crate::context::{BlockEnv, Capacity};
use crate::error::ExecutionError;
use crate::executor::Executor;
use crate::transaction::{PendingBody, PendingTransaction};

/// Whether no proof of a thread was verified before its block: it failed before they were looked at. (So it seems, too, if one was
/// verified and bad. Then it paid more than it does when it is executed anew, which tells that it does something else.)
fn was_deferred(outcome: &ThreadOutcome) -> bool {
    let looks_at_proofs = matches!(
        outcome.error,
        Some(
            SettleError::Proof { .. }
                | SettleError::InnerTransaction { .. }
                | SettleError::Events { .. }
                | SettleError::Execution { .. }
        )
    );
    outcome.failed_segment == Some(0) && outcome.verify_micros.is_none() && !looks_at_proofs
}

impl Executor {
    /// The values that a stored block's transactions read of the state before it, found by executing them anew.
    /// `None` if they then do something else than they did: a devnet may have changed the state between them. So, too, if there is a
    /// thread among them and the chain is followed: without its proofs it cannot be executed.
    ///
    /// # Errors
    /// If there is no such block, the state before it is not kept, or the database fails.
    pub fn initial_reads(&self, number: BlockNumber) -> Result<Option<StateMaps>, ExecutionError> {
        let header = self.storage().header(number)?.ok_or(ExecutionError::MissingBlock(number))?;
        let transactions =
            self.storage().transactions(number)?.ok_or(ExecutionError::MissingBlock(number))?;
        let traces = self.storage().traces(number)?.ok_or(ExecutionError::MissingBlock(number))?;
        let Some(parent) = number.prev().filter(|_| !transactions.is_empty()) else {
            return Ok(Some(StateMaps::default()));
        };
        let is_thread = |it: &BlockTransaction| matches!(it.body, Transaction::Thread { .. });
        if self.storage().kind() == ChainKind::Followed && transactions.iter().any(is_thread) {
            return Ok(None);
        }
        let context = self.config().block_context(number, &BlockEnv::of(&header)?, Capacity::Block)?;
        let mut session = Session::open(self, parent, context)?;
        for (transaction, trace) in transactions.iter().zip(&traces) {
            let pending = self.pending(transaction, trace)?;
            let flags = ExecutionFlags { validate: !pending.impersonated, ..IN_BLOCK };
            // It was in the block, however full that was: a block that was opened again had counted anew.
            session.forget_fullness();
            match session.execute(&pending, flags) {
                Ok(Execution { receipt, trace: again, .. })
                    if again == *trace && receipt.status == transaction.receipt.status => {}
                Ok(_) | Err(_) => return Ok(None),
            }
        }
        session.initial_reads().map(Some)
    }

    /// A transaction of a block as it was before it was executed.
    fn pending(
        &self,
        transaction: &BlockTransaction,
        trace: &TransactionTrace,
    ) -> Result<PendingTransaction, ExecutionError> {
        let missing = |what: &str| {
            let reason = format!("{what} of transaction {} is missing or damaged", transaction.hash);
            StorageError::Inconsistent { reason }
        };
        let body = match &transaction.body {
            Transaction::Invoke(tx) => PendingBody::Invoke(Arc::new(tx.clone())),
            Transaction::DeployAccount(tx) => PendingBody::DeployAccount {
                tx: Arc::new(tx.clone()),
                address: tx.calculate_contract_address()?,
            },
            Transaction::Declare(tx) => {
                let class = self.storage().class(tx.class_hash)?.ok_or_else(|| missing("the class"))?;
                PendingBody::Declare { tx: Arc::new(tx.clone()), class }
            }
            Transaction::Thread { envelope, facts } => {
                let package =
                    self.storage().package(facts.package_digest)?.ok_or_else(|| missing("the package"))?;
                let thread = ThreadTransaction::new(envelope.clone(), &package.encode())
                    .map_err(|_| missing("the package"))?;
                PendingBody::Thread(Arc::new(thread))
            }
            Transaction::L1Handler(message) => PendingBody::L1Handler(Arc::new(message.clone())),
        };
        // Of an account's transaction, only an impersonated one has no validation.
        let impersonated = trace.validate.is_none();
        Ok(PendingTransaction {
            hash: transaction.hash,
            body,
            only_query: false,
            impersonated,
            validated: None,
            deferred: transaction.receipt.thread.as_ref().is_some_and(was_deferred),
        })
    }
}

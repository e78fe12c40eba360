//! `zkthread_getThread`.

use serde::{Deserialize, Serialize};
use starknet_api::core::ChainId;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_execution::PendingBody;
use zkthreads_protocol::{InnerTransaction, Package, ThreadFacts, Transaction};
use zkthreads_storage::ThreadOutcome;

use crate::context::{Found, RpcContext};
use crate::error::RpcError;
use crate::thread_error::ThreadError;
use crate::wire::number::FeltHex;
use crate::wire::thread::{CheckOut, ConflictOut, InnerEventOut, StatementOut, conflicts};
use crate::wire::transaction::TransactionOut;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    transaction_hash: FeltHex,
}

#[derive(Serialize)]
pub(super) struct Thread {
    transaction_hash: Felt,
    status: &'static str,
    block_hash: Option<Felt>,
    block_number: Option<u64>,
    submitter: Felt,
    os_program_hash: Felt,
    package_digest: Felt,
    package_bytes: usize,
    proof_bytes: usize,
    verify_micros: Option<u64>,
    error: Option<CheckOut>,
    conflicts: Vec<ConflictOut>,
    statement: StatementOut,
    inner_transactions: Vec<TransactionOut>,
    events: Vec<InnerEventOut>,
}

/// Everything about a thread transaction: what it says, what it holds, and what became of it.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Thread, RpcError> {
    let hash = TransactionHash(params.transaction_hash.0);
    match context.find(hash)? {
        Found::Pending(pending) => match &pending.body {
            PendingBody::Thread { thread, .. } => {
                let known = Known {
                    hash,
                    facts: thread.facts(),
                    submitter: pending.sender(),
                    block: None,
                    outcome: None,
                };
                known.with(context, thread.package(), thread.package_bytes())
            }
            _ => Err(RpcError::Thread(ThreadError::NotAThread)),
        },
        Found::InBlock(number, transaction) => {
            let Transaction::Thread { envelope, facts } = &transaction.body else {
                return Err(RpcError::Thread(ThreadError::NotAThread));
            };
            let bytes = context.storage.package(hash)?.ok_or_else(|| RpcError::Internal {
                reason: format!("the package of thread transaction {hash} is missing"),
            })?;
            let package = Package::decode(&bytes).map_err(|error| RpcError::Internal {
                reason: format!("the stored package of thread transaction {hash}: {error}"),
            })?;
            let block = Some((context.header_at(number)?.block_hash.0, number.0));
            let outcome = transaction.receipt.thread.as_ref();
            let known = Known { hash, facts: *facts, submitter: envelope.sender_address, block, outcome };
            known.with(context, &package, bytes.len())
        }
    }
}

/// What is known of a thread besides its package.
struct Known<'a> {
    hash: TransactionHash,
    facts: ThreadFacts,
    submitter: starknet_api::core::ContractAddress,
    block: Option<(Felt, u64)>,
    /// None while it waits in the pool.
    outcome: Option<&'a ThreadOutcome>,
}

impl Known<'_> {
    fn with(self, context: &RpcContext, package: &Package, package_bytes: usize) -> Result<Thread, RpcError> {
        let error = self.outcome.and_then(|outcome| outcome.error.as_ref());
        let chain_id = &context.executor.config().chain_id;
        Ok(Thread {
            transaction_hash: self.hash.0,
            status: match (self.outcome, error) {
                (None, _) => "PENDING",
                (Some(_), None) => "SETTLED",
                (Some(_), Some(_)) => "REVERTED",
            },
            block_hash: self.block.map(|(hash, _)| hash),
            block_number: self.block.map(|(_, number)| number),
            submitter: *self.submitter.0.key(),
            os_program_hash: self.facts.os_program_hash.0,
            package_digest: self.facts.package_digest.0,
            package_bytes,
            proof_bytes: package.proof.len(),
            verify_micros: self.outcome.and_then(|outcome| outcome.verify_micros),
            error: error.map(CheckOut::from),
            conflicts: error.map(conflicts).unwrap_or_default(),
            statement: StatementOut::from(&package.statement),
            inner_transactions: package
                .inner_transactions
                .iter()
                .map(|transaction| inner_transaction(transaction, chain_id))
                .collect::<Result<_, _>>()?,
            events: package.events.iter().map(InnerEventOut::from).collect(),
        })
    }
}

fn inner_transaction(transaction: &InnerTransaction, chain_id: &ChainId) -> Result<TransactionOut, RpcError> {
    let hash =
        transaction.hash(chain_id).map_err(|error| RpcError::Internal { reason: error.to_string() })?;
    Ok(TransactionOut::invoke(transaction.as_invoke(), Some(hash), false))
}

//! What can be found out about a package by looking at nothing but the package.

use std::panic::{AssertUnwindSafe, catch_unwind};

use starknet_api::core::{ChainId, EthAddress};
use starknet_api::transaction::{Event, L2ToL1Payload, MessageToL1};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::commitments::events_commitment;
use zkthreads_protocol::{OsProgram, Package, SettleError, Statement, ThreadTransaction};
use zkthreads_verifier::{VerifiedThread, Verifier};

/// A package whose proof is verified and whose inner transactions and events are the ones the statement binds. Only
/// [`VerificationPool`](super::VerificationPool) makes one.
#[derive(Debug)]
pub struct CheckedThread {
    verified: VerifiedThread,
    events: Vec<Event>,
    messages: Vec<MessageToL1>,
    held_bytes: usize,
}

impl CheckedThread {
    /// What the proof proves.
    #[must_use]
    pub fn statement(&self) -> &Statement {
        self.verified.statement()
    }

    /// The verifier's word for it.
    #[must_use]
    pub fn verified(&self) -> &VerifiedThread {
        &self.verified
    }

    /// Events of the inner transactions, in order.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Messages to L1 of the inner transactions, in order.
    #[must_use]
    pub fn messages(&self) -> &[MessageToL1] {
        &self.messages
    }

    /// About how much memory this takes, bytes: statement and events, decoded, at twice their encoding.
    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes
    }
}

/// The checks of a package on one chain.
pub(super) struct Checker {
    verifier: Verifier,
    chain_id: ChainId,
}

impl Checker {
    pub(super) fn new(chain_id: ChainId, programs: impl IntoIterator<Item = OsProgram>) -> Self {
        Self { verifier: Verifier::new(programs), chain_id }
    }

    /// All checks; a panic in them is a refusal.
    pub(super) fn check(&self, thread: &ThreadTransaction) -> Result<CheckedThread, SettleError> {
        catch_unwind(AssertUnwindSafe(|| self.try_check(thread)))
            .unwrap_or_else(|_| Err(SettleError::Proof { reason: "the check panicked".to_owned() }))
    }

    fn try_check(&self, thread: &ThreadTransaction) -> Result<CheckedThread, SettleError> {
        let package = thread.package();
        check_inner_transactions(package, &self.chain_id)?;
        check_events(package)?;
        let messages = messages(&package.statement)?;
        let verified = self
            .verifier
            .verify(thread.facts().os_program_hash, package)
            .map_err(|error| SettleError::Proof { reason: error.to_string() })?;
        let held_bytes = thread.package_bytes().saturating_sub(package.proof.len()).saturating_mul(2);
        Ok(CheckedThread { verified, events: events(package), messages, held_bytes })
    }
}

/// Whether the package's inner transactions hash to what the statement names.
fn check_inner_transactions(package: &Package, chain_id: &ChainId) -> Result<(), SettleError> {
    let named = package.statement.transaction_hashes();
    for (index, (included, named)) in (0_u32..).zip(package.inner_transactions.iter().zip(named)) {
        let computed = included
            .transaction
            .hash(chain_id)
            .map_err(|error| SettleError::Execution { reason: error.to_string() })?;
        if computed != named {
            return Err(SettleError::InnerTransaction { index, computed, named });
        }
    }
    Ok(())
}

/// Whether the package's events are those the statement commits to.
fn check_events(package: &Package) -> Result<(), SettleError> {
    let statement = &package.statement;
    let named = statement.events_commitment;
    let hashes: Vec<_> = statement.transaction_hashes().collect();
    let computed = events_commitment(&package.events, &hashes).unwrap_or(Felt::ZERO);
    if computed == named { Ok(()) } else { Err(SettleError::Events { computed, named }) }
}

fn events(package: &Package) -> Vec<Event> {
    let convert = |event: &zkthreads_protocol::InnerEvent| Event {
        from_address: event.from_address,
        content: event.content.clone(),
    };
    package.events.iter().map(convert).collect()
}

/// The statement's messages in the chain's own form, which knows Ethereum's addresses only.
fn messages(statement: &Statement) -> Result<Vec<MessageToL1>, SettleError> {
    let convert = |message: &zkthreads_protocol::InnerMessage| {
        let to_address = EthAddress::try_from(message.to_address)
            .map_err(|error| SettleError::Execution { reason: format!("message to L1: {error}") })?;
        Ok(MessageToL1 {
            from_address: message.from_address,
            to_address,
            payload: L2ToL1Payload(message.payload.clone()),
        })
    };
    statement.messages.iter().map(convert).collect()
}

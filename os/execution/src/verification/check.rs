//! What can be found out about a package by looking at nothing but the package.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use starknet_api::core::{ChainId, EthAddress};
use starknet_api::transaction::{Event, L2ToL1Payload, MessageToL1};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::commitments::events_commitment;
use zkthreads_protocol::{
    OsProgram, OsProgramHash, Segment, SegmentError, SettleError, Statement, ThreadTransaction,
};
use zkthreads_verifier::{VerifiedSegment, Verifier};

use super::crew::Crew;

/// A package of which every segment has been checked by itself. Only [`VerificationPool`](super::VerificationPool)
/// makes one.
#[derive(Debug)]
pub struct CheckedThread {
    segments: Vec<CheckedSegment>,
    elapsed: Duration,
    held_bytes: usize,
}

/// A segment whose own proof is verified and whose inner transactions and events are the ones its own statement binds.
#[derive(Debug)]
pub struct CheckedSegment {
    verified: VerifiedSegment,
    events: Vec<Event>,
    messages: Vec<MessageToL1>,
}

impl CheckedThread {
    /// All segments, in order.
    #[must_use]
    pub fn segments(&self) -> &[CheckedSegment] {
        &self.segments
    }

    /// How long the checks took.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// About how much memory this takes, bytes: statements and events, decoded, at twice their encoding.
    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes
    }
}

impl CheckedSegment {
    /// What the proof proves.
    #[must_use]
    pub fn statement(&self) -> &Statement {
        self.verified.statement()
    }

    /// The verifier's word for it.
    #[must_use]
    pub fn verified(&self) -> &VerifiedSegment {
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
}

/// The checks of a package on one chain.
pub(super) struct Checker {
    verifier: Verifier,
    chain_id: ChainId,
    crew: Crew,
}

impl Checker {
    pub(super) fn new(chain_id: ChainId, programs: impl IntoIterator<Item = OsProgram>, crew: Crew) -> Self {
        Self { verifier: Verifier::new(programs), chain_id, crew }
    }

    /// All checks of all segments, side by side. Of several segments that fail, the first one's error.
    pub(super) fn check(&self, thread: &ThreadTransaction) -> Result<CheckedThread, SegmentError> {
        let started = Instant::now();
        let package = thread.package();
        let program = thread.facts().os_program_hash;
        let segments =
            self.crew.try_each(&package.segments, |segment| self.check_segment(program, segment)).map_err(
                |(index, error)| SegmentError { segment: u32::try_from(index).unwrap_or(u32::MAX), error },
            )?;
        let held_bytes = thread.package_bytes().saturating_sub(package.proof_bytes()).saturating_mul(2);
        Ok(CheckedThread { segments, elapsed: started.elapsed(), held_bytes })
    }

    /// All checks of a segment; a panic in them is a refusal.
    fn check_segment(
        &self,
        program: OsProgramHash,
        segment: &Segment,
    ) -> Result<CheckedSegment, SettleError> {
        catch_unwind(AssertUnwindSafe(|| self.try_segment(program, segment)))
            .unwrap_or_else(|_| Err(SettleError::Proof { reason: "the check panicked".to_owned() }))
    }

    fn try_segment(&self, program: OsProgramHash, segment: &Segment) -> Result<CheckedSegment, SettleError> {
        check_inner_transactions(segment, &self.chain_id)?;
        check_events(segment)?;
        let messages = messages(&segment.statement)?;
        let verified = self.verifier.verify(program, segment);
        let verified = verified.map_err(|error| SettleError::Proof { reason: error.to_string() })?;
        Ok(CheckedSegment { verified, events: events(segment), messages })
    }
}

/// Whether the segment's inner transactions hash to what the statement names.
fn check_inner_transactions(segment: &Segment, chain_id: &ChainId) -> Result<(), SettleError> {
    let named = segment.statement.transaction_hashes();
    for (index, (included, named)) in (0_u32..).zip(segment.inner_transactions.iter().zip(named)) {
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

/// Whether the segment's events are those the statement commits to.
fn check_events(segment: &Segment) -> Result<(), SettleError> {
    let statement = &segment.statement;
    let named = statement.events_commitment;
    let hashes: Vec<_> = statement.transaction_hashes().collect();
    let computed = events_commitment(&segment.events, &hashes).unwrap_or(Felt::ZERO);
    if computed == named { Ok(()) } else { Err(SettleError::Events { computed, named }) }
}

fn events(segment: &Segment) -> Vec<Event> {
    let convert = |event: &zkthreads_protocol::InnerEvent| Event {
        from_address: event.from_address,
        content: event.content.clone(),
    };
    segment.events.iter().map(convert).collect()
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

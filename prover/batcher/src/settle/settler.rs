//! The loop: take a bundle, check, sign, send, watch.

use std::time::{Duration, Instant};

use starknet_api::transaction::{InvokeTransactionV3, TransactionHash};
use tokio::time::{sleep, timeout};

use zkthreads_client::{Envelope, NodeClient, Submitter};
use zkthreads_protocol::SettleError;

use super::flight::{Flights, Landing};
use super::look::{DUPLICATE_TRANSACTION, Seen, Unanswered, look, next_nonce, nonce_in_block, unanswered};
use super::pause::Pauses;
use super::verdict::{Verdict, refused, verdict};
use crate::builder::facts;
use crate::thread::{Bundle, BundleFailure, InFlight, Stopped, SubBlockId, ThreadHandle};

/// How often the node is asked what became of what was sent.
const LOOK_INTERVAL: Duration = Duration::from_millis(150);

/// Settles what a thread proves.
pub struct Settler {
    thread: ThreadHandle,
    node: NodeClient,
    submitter: Submitter,
    flights: Flights,
    pauses: Pauses,
    /// Why the last bundle was not sent.
    unsent: Option<String>,
}

/// A thread transaction that is ready to be sent.
struct Signed {
    envelope: InvokeTransactionV3,
    package: Vec<u8>,
    hash: TransactionHash,
}

impl Settler {
    /// Has `submitter` settle on `node` what `thread` proves.
    #[must_use]
    pub fn new(thread: ThreadHandle, node: NodeClient, submitter: Submitter) -> Self {
        let (flights, pauses) = (Flights::default(), Pauses::default());
        Self { thread, node, submitter, flights, pauses, unsent: None }
    }

    /// Runs until the thread has stopped.
    pub async fn run(mut self) {
        // It ends for this one reason.
        let Err(Stopped) = self.settle().await;
    }

    async fn settle(&mut self) -> Result<std::convert::Infallible, Stopped> {
        let mut not_before = Instant::now();
        loop {
            if let Some(in_flight) = self.thread.in_flight().await? {
                self.flights.agree_with(in_flight);
            }
            self.watch().await;
            if !self.flights.allow_next() || Instant::now() < not_before {
                sleep(LOOK_INTERVAL).await;
                continue;
            }
            // A bundle that comes too late for this is offered again.
            let Ok(bundle) = timeout(LOOK_INTERVAL, self.thread.take_bundle()).await else { continue };
            match self.send(bundle?).await? {
                Ok(()) => {
                    self.pauses.reset();
                    self.unsent = None;
                }
                Err(pause) => not_before = Instant::now() + pause,
            }
        }
    }

    /// Checks, signs and sends a bundle; on failure tells the thread, and gives the time to wait.
    async fn send(&mut self, mut bundle: Bundle) -> Result<Result<(), Duration>, Stopped> {
        let signed = match self.prepare(&mut bundle).await {
            Ok(signed) => signed,
            Err(failure) => return Ok(Err(self.fail(&bundle.sub_blocks, failure))),
        };
        let Signed { envelope, package, hash } = signed;
        let nonce = envelope.nonce;
        if !self.thread.submitting(&bundle, hash, nonce).await? {
            return Ok(Ok(()));
        }
        if let Err(error) = self.node.add_thread(&envelope, &package).await {
            match unanswered(&error) {
                Unanswered::Refused { code: DUPLICATE_TRANSACTION, .. } => {}
                Unanswered::Refused { check, reason, .. } => {
                    let failure = refused(check.as_deref(), reason);
                    return Ok(Err(self.fail(&bundle.sub_blocks, failure)));
                }
                // It may have arrived.
                Unanswered::Away(reason) => tracing::warn!(hash = hex(hash), reason, "sent, no answer"),
            }
        }
        let sub_blocks = std::mem::take(&mut bundle.sub_blocks);
        tracing::info!(
            hash = hex(hash),
            sub_blocks = ids(&sub_blocks),
            package_bytes = package.len(),
            "sent to settle"
        );
        self.flights.push(InFlight { hash, nonce, sub_blocks });
        Ok(Ok(()))
    }

    fn fail(&mut self, names: &[(SubBlockId, u32)], failure: BundleFailure) -> Duration {
        let sub_blocks = ids(names);
        match &failure {
            // Told once, however often it is tried.
            BundleFailure::NotSent { reason } if self.unsent.as_ref() == Some(reason) => {}
            BundleFailure::NotSent { reason } => {
                tracing::warn!(sub_blocks, reason, "not sent");
                self.unsent = Some(reason.clone());
            }
            BundleFailure::Conflicts(conflicts) => {
                let reason = SettleError::Conflicts(conflicts.clone());
                tracing::info!(sub_blocks, %reason, "not sent");
            }
            BundleFailure::TooLate { reason } | BundleFailure::StaleBase { reason } => {
                tracing::info!(sub_blocks, reason, "not sent");
            }
            BundleFailure::WouldRevert { reason } => tracing::warn!(sub_blocks, reason, "would revert"),
            BundleFailure::Vanished { .. } => {}
        }
        // It would only be later then.
        let is_late = matches!(failure, BundleFailure::TooLate { .. } | BundleFailure::StaleBase { .. });
        self.thread.bundle_failed(names, failure);
        if is_late { Duration::ZERO } else { self.pauses.next() }
    }

    /// Checks a bundle and signs its envelope. What would not settle is taken out of the bundle, so that what would
    /// need not wait for it.
    async fn prepare(&mut self, bundle: &mut Bundle) -> Result<Signed, BundleFailure> {
        self.look_for_ghosts(bundle).await?;
        let (package, facts, estimate) = loop {
            let package = bundle.package.encode();
            let facts = facts(&package);
            match verdict(&self.submitter.check(facts, &package).await.map_err(not_sent)?) {
                Verdict::Settles(estimate) => break (package, facts, estimate),
                Verdict::Fails { settling: 0, failure } => return Err(failure),
                Verdict::Fails { settling, failure } => {
                    bundle.package.segments.truncate(settling);
                    let rest = bundle.sub_blocks.split_off(settling.min(bundle.sub_blocks.len()));
                    self.fail(&rest, failure);
                }
            }
        };
        let bounds = self.submitter.fees().bounds(&estimate).map_err(not_sent)?;
        let nonce = next_nonce(&self.node, self.submitter.account().address).await.map_err(not_sent)?;
        let envelope = Envelope { nonce: Some(nonce), bounds: Some(bounds), ..Envelope::default() };
        let envelope = self.submitter.envelope(facts, &package, envelope).await.map_err(not_sent)?;
        let hash = self.submitter.account().hash(&envelope).map_err(not_sent)?;
        Ok(Signed { envelope, package, hash })
    }

    /// Whether what had vanished with a sub-block of this bundle is there again: then the bundle must wait for its end.
    async fn look_for_ghosts(&mut self, bundle: &Bundle) -> Result<(), BundleFailure> {
        for ghost in self.flights.ghosts(&bundle.sub_blocks) {
            if look(&self.node, ghost.hash).await.map_err(not_sent)? == Seen::Unknown {
                continue;
            }
            let reason = format!("{:#x}, sent earlier with the same sub-block, is there again", ghost.hash.0);
            self.flights.revive(ghost);
            return Err(BundleFailure::NotSent { reason });
        }
        Ok(())
    }

    /// Asks what became of what was sent. A node that does not answer is asked again next time.
    async fn watch(&mut self) {
        for sent in self.flights.sent() {
            let Ok(seen) = look(&self.node, sent.hash).await else { return };
            let hash = hex(sent.hash);
            match self.flights.see(&sent, seen, Instant::now()) {
                Landing::Under => {}
                Landing::Settled => tracing::info!(hash, sub_blocks = ids(&sent.sub_blocks), "settled"),
                // The thread finds it in the block, and does what must be done.
                Landing::Reverted { reason } => tracing::warn!(hash, reason, "reverted"),
                Landing::Vanished => {
                    tracing::warn!(hash, "the node does not know it any more");
                    self.thread.bundle_failed(&sent.sub_blocks, BundleFailure::Vanished { hash: sent.hash });
                }
            }
        }
        self.lay_ghosts().await;
    }

    async fn lay_ghosts(&mut self) {
        if !self.flights.has_ghosts() {
            return;
        }
        if let Ok(nonce) = nonce_in_block(&self.node, self.submitter.account().address).await {
            self.flights.lay_ghosts(nonce);
        }
    }
}

fn not_sent(error: impl std::fmt::Display) -> BundleFailure {
    BundleFailure::NotSent { reason: error.to_string() }
}

fn hex(hash: TransactionHash) -> String {
    format!("{:#x}", hash.0)
}

fn ids(sub_blocks: &[(SubBlockId, u32)]) -> String {
    let ids: Vec<_> = sub_blocks.iter().map(|(id, _)| id.to_string()).collect();
    ids.join(",")
}

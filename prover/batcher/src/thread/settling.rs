//! Proven sub-blocks are handed to the settler, and what became of them taken back.

use std::time::{Duration, Instant};

use starknet_api::core::Nonce;
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::InnerTransaction;
use zkthreads_rpc_api::thread::MetConflict;

use super::SubBlockId;
use super::job::{BundleFailure, ForwardRefused, InFlight};
use super::model::Stage;
use super::outage::Outage;
use super::work::Work;

/// After how long sub-blocks that could not be sent are offered again.
const OFFERED_AGAIN_AFTER: Duration = Duration::from_secs(1);

impl Work {
    /// Whoever took a bundle neither sent it nor said what became of it.
    pub(super) fn give_back_bundle(&mut self, given_back: u64) {
        for sub_block in self.unsettled.closed_mut() {
            if let Stage::Taken { proof, lease, .. } = &sub_block.stage
                && *lease == given_back
            {
                sub_block.stage = Stage::Proven { proof: proof.clone(), not_before: None };
            }
        }
    }

    /// A bundle is about to be sent. Whether it may be: not if a sub-block of it is obsolete.
    pub(super) fn submitting(
        &mut self,
        names: &[(SubBlockId, u32)],
        hash: TransactionHash,
        nonce: Nonce,
    ) -> Result<bool, Outage> {
        let is_ready = |name: &(SubBlockId, u32)| {
            let found = self.unsettled.closed().find(|sub_block| sub_block.name() == *name);
            found.is_some_and(|sub_block| {
                matches!(sub_block.stage, Stage::Taken { .. } | Stage::Proven { .. })
            })
        };
        if !names.iter().all(is_ready) {
            return Ok(false);
        }
        let mut sent_again = 0;
        let now = Instant::now();
        for name in names {
            let Some(sub_block) = self.unsettled.find_mut(*name) else { continue };
            if let Some(proof) = sub_block.stage.proof().cloned() {
                if let Some(took) = sub_block.took(now) {
                    self.shared.figures.lock().forecasts.sent(took, now);
                }
                sub_block.stage = Stage::Submitted { proof, hash, nonce };
                sent_again += u64::from(sub_block.seed.sent > 0);
                sub_block.seed.sent += 1;
                sub_block.seed.unsent = None;
            }
        }
        self.end_turn()?;
        self.shared.figures.lock().totals.resubmitted += sent_again;
        Ok(true)
    }

    /// What was taken as a bundle, or sent, is not settled by it.
    pub(super) fn bundle_failed(
        &mut self,
        names: &[(SubBlockId, u32)],
        failure: &BundleFailure,
    ) -> Result<(), Outage> {
        tracing::debug!(?names, ?failure, "not sent, or not settled");
        let head = self.base_block().number;
        let (mut is_void, mut too_late) = (false, None);
        for (place, name) in names.iter().enumerate() {
            let Some(base) = self.unsettled.find_mut(*name).map(|sub_block| sub_block.base_block()) else {
                continue;
            };
            let has_newer_block = base.number < head;
            let is_behind = self.is_behind(base);
            let Some(sub_block) = self.unsettled.find_mut(*name) else { continue };
            let Some(proof) = sub_block.stage.proof().cloned() else { continue };
            match failure {
                // Another transaction may carry it by now.
                BundleFailure::Vanished { hash }
                    if sub_block.stage.submitted().is_some_and(|(sent, _)| sent != *hash) =>
                {
                    continue;
                }
                BundleFailure::Conflicts(conflicts) if place == 0 => {
                    let met = conflicts.iter().map(|conflict| MetConflict::new(conflict, head));
                    sub_block.seed.remember(met);
                }
                BundleFailure::NotSent { reason } if place == 0 => {
                    sub_block.seed.unsent = Some(reason.clone());
                }
                BundleFailure::WouldRevert { reason } if place == 0 => {
                    sub_block.refuse(reason);
                    is_void = true;
                    continue;
                }
                // Otherwise it would be the same again: what the node knows has yet to come here.
                BundleFailure::TooLate { reason }
                    if is_behind && *too_late.get_or_insert(base.timestamp) == base.timestamp =>
                {
                    sub_block.miss(reason);
                    is_void = true;
                    continue;
                }
                BundleFailure::StaleBase { reason } if place == 0 && has_newer_block => {
                    sub_block.miss(reason);
                    is_void = true;
                    continue;
                }
                _ => {}
            }
            let not_before = Some(Instant::now() + OFFERED_AGAIN_AFTER);
            sub_block.stage = Stage::Proven { proof, not_before };
        }
        if is_void {
            self.replay(Vec::new(), |replay| replay, false)?;
            self.look_after_waiting()?;
        }
        self.end_turn()
    }

    /// The bundles that were sent and are not settled, in order.
    pub(super) fn in_flight(&self) -> Vec<InFlight> {
        let mut bundles: Vec<InFlight> = Vec::new();
        for sub_block in self.unsettled.closed() {
            let Some((hash, nonce)) = sub_block.stage.submitted() else { continue };
            match bundles.iter_mut().find(|bundle| bundle.hash == hash) {
                Some(bundle) => bundle.sub_blocks.push(sub_block.name()),
                None => bundles.push(InFlight { hash, nonce, sub_blocks: vec![sub_block.name()] }),
            }
        }
        bundles
    }

    /// The next transaction that the chain shall have as it is.
    pub(super) fn next_forward(&mut self, now: Instant) -> Option<(TransactionHash, InnerTransaction, u64)> {
        let lease = self.lease();
        let (hash, transaction) = self.forwards.take(lease, now)?;
        Some((hash, transaction, lease))
    }

    /// The node has taken a transaction as it is, or refuses it for good.
    pub(super) fn forwarded(&mut self, hash: TransactionHash, result: Result<(), ForwardRefused>) {
        let now = Instant::now();
        match result {
            Ok(()) => self.forwards.sent(hash, now),
            Err(refused) => self.forwards.refused(hash, refused, now),
        }
    }

    /// Rejects what the node refuses.
    pub(super) fn drop_refused(&mut self, now: Instant) {
        let head = self.base_block().number;
        for (hash, reason) in self.forwards.take_refused(head, now) {
            self.reject(hash, format!("the node refuses it: {reason}"));
        }
    }
}

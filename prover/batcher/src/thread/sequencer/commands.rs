//! What others have the sequencer do.

use starknet_api::block::BlockNumber;
use starknet_api::core::Nonce;
use starknet_api::transaction::TransactionHash;
use tokio::sync::oneshot;
use zkthreads_storage::FollowedBlock;
use zkthreads_workers::{Proven, Stage, WorkerError};

use super::{Sequencer, SequencerState};
use crate::thread::SubBlockId;
use crate::thread::error::FollowError;
use crate::thread::job::{Bundle, BundleFailure, Forward, ForwardRefused, InFlight, Job, NodeHealth};
use crate::thread::outage::Outage;
use crate::thread::writes::Writes;

impl Sequencer {
    pub(in crate::thread) fn follow(
        &mut self,
        block: FollowedBlock,
        writes: &Writes,
    ) -> Result<(), FollowError> {
        self.get_ready()?;
        self.executor.storage().follow(block)?;
        self.attempt(|work| work.go_on(writes));
        Ok(())
    }

    pub(in crate::thread) fn revert_to(&mut self, number: BlockNumber) -> Result<(), FollowError> {
        self.get_ready()?;
        if let Some(undone) = self.executor.storage().revert_to(number)? {
            self.attempt(|work| work.go_back(undone));
        }
        Ok(())
    }

    /// Starts over from the journal if that has to be done. While the journal cannot be written, the chain is not
    /// followed; while the state cannot be read, it is, for that may help.
    fn get_ready(&mut self) -> Result<(), FollowError> {
        if matches!(self.state, SequencerState::Down { .. }) {
            self.recover();
        }
        match &self.state {
            SequencerState::Down { outage: Outage::Journal { reason }, .. } => {
                Err(FollowError::Halted { reason: reason.clone() })
            }
            SequencerState::Down { .. } | SequencerState::Running(_) => Ok(()),
        }
    }

    pub(in crate::thread) fn node_is(&mut self, health: NodeHealth) {
        if self.health != health {
            match &health {
                NodeHealth::Reachable => tracing::info!("the node answers again"),
                NodeHealth::Away { reason } => tracing::warn!(reason, "the node does not answer"),
            }
            self.health = health;
        }
    }

    pub(in crate::thread) fn want_job(&mut self, taker: oneshot::Sender<Job>) {
        self.jobs.push_back(taker);
    }

    pub(in crate::thread) fn proving(&mut self, id: SubBlockId, attempt: u32, stage: Stage) {
        self.attempt(|work| {
            work.proving((id, attempt), stage);
            Ok(())
        });
    }

    pub(in crate::thread) fn proved(
        &mut self,
        id: SubBlockId,
        attempt: u32,
        result: Result<Proven, WorkerError>,
    ) {
        self.attempt(|work| work.proved((id, attempt), result));
    }

    pub(in crate::thread) fn want_bundle(&mut self, taker: oneshot::Sender<Bundle>) {
        self.bundles.push_back(taker);
    }

    pub(in crate::thread) fn submitting(
        &mut self,
        names: &[(SubBlockId, u32)],
        hash: TransactionHash,
        nonce: Nonce,
    ) -> bool {
        self.with(|work| work.submitting(names, hash, nonce)).unwrap_or(false)
    }

    pub(in crate::thread) fn bundle_failed(&mut self, names: &[(SubBlockId, u32)], failure: &BundleFailure) {
        self.attempt(|work| work.bundle_failed(names, failure));
    }

    pub(in crate::thread) fn in_flight(&mut self) -> Option<Vec<InFlight>> {
        self.with(|work| Ok(work.in_flight())).ok()
    }

    pub(in crate::thread) fn want_forward(&mut self, taker: oneshot::Sender<Forward>) {
        self.forwards.push_back(taker);
    }

    pub(in crate::thread) fn forwarded(&mut self, hash: TransactionHash, result: Result<(), ForwardRefused>) {
        self.attempt(|work| {
            work.forwarded(hash, result);
            Ok(())
        });
    }
}

//! Snapshots: moments of the devnet by number.

use std::collections::BTreeMap;

use starknet_api::block::BlockNumber;
use zkthreads_producer::ProducerSnapshot;
use zkthreads_rpc_api::devnet::Impersonated;

use crate::mailbox::Mailbox;

/// A moment of the devnet.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    pub(super) moment: ProducerSnapshot,
    pub(super) impersonation: Impersonated,
    pub(super) mailbox: Mailbox,
}

/// The snapshots that can be gone back to.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    last: u64,
    live: BTreeMap<u64, Snapshot>,
}

impl Snapshots {
    /// Keeps a snapshot; its number, which no other ever has.
    pub(super) fn keep(&mut self, snapshot: Snapshot) -> u64 {
        self.last += 1;
        self.live.insert(self.last, snapshot);
        self.last
    }

    pub(super) fn get(&self, number: u64) -> Option<Snapshot> {
        self.live.get(&number).cloned()
    }

    /// Forgets a snapshot and all made after it.
    pub(super) fn forget_from(&mut self, number: u64) {
        self.live.split_off(&number);
    }

    /// Forgets the snapshots of blocks after `latest`, which are gone.
    pub(super) fn forget_after(&mut self, latest: BlockNumber) {
        self.live.retain(|_, snapshot| snapshot.moment.latest() <= latest);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.live.clear();
    }
}

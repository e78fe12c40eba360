//! Verdicts on packages, remembered.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use moka::sync::Cache;
use parking_lot::Mutex;
use zkthreads_protocol::{OsProgramHash, PackageDigest, ThreadTransaction};

use super::Verdict;

/// Memory for verdicts that nobody keeps, bytes: those of packages that came lately and may come again (asked about
/// before they were sent, sent by several submitters). Room for the five largest, and for hundreds of ordinary size.
const RECENT_BYTES: u64 = 128 << 20;

/// What a refusal is counted as, bytes.
const REFUSAL_BYTES: usize = 1_024;

/// What determines a verdict.
type Key = (OsProgramHash, PackageDigest);

/// The verdicts known.
pub(super) struct Verdicts {
    recent: Cache<Key, Verdict>,
    kept: Mutex<HashMap<Key, Kept>>,
}

struct Kept {
    verdict: Verdict,
    holders: usize,
}

/// A verdict that stays known for as long as this lives.
pub struct KeptVerdict {
    verdicts: Arc<Verdicts>,
    key: Key,
    accepted: bool,
}

impl Verdicts {
    pub(super) fn new() -> Self {
        Self::with_recent(RECENT_BYTES)
    }

    fn with_recent(bytes: u64) -> Self {
        let weight = |_: &Key, verdict: &Verdict| {
            let bytes = verdict.as_ref().map_or(REFUSAL_BYTES, |checked| checked.held_bytes());
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let recent = Cache::builder().weigher(weight).max_capacity(bytes).build();
        Self { recent, kept: Mutex::new(HashMap::new()) }
    }

    pub(super) fn known(&self, thread: &ThreadTransaction) -> Option<Verdict> {
        let key = key(thread);
        let kept = self.kept.lock().get(&key).map(|kept| kept.verdict.clone());
        kept.or_else(|| self.recent.get(&key))
    }

    /// The verdict, computed if it is not known. At most one computation per package runs at a time; others wait for
    /// it.
    pub(super) fn get_with(&self, thread: &ThreadTransaction, compute: impl FnOnce() -> Verdict) -> Verdict {
        let kept = self.kept.lock().get(&key(thread)).map(|kept| kept.verdict.clone());
        kept.unwrap_or_else(|| self.recent.get_with(key(thread), compute))
    }

    pub(super) fn keep(self: &Arc<Self>, thread: &ThreadTransaction, verdict: Verdict) -> KeptVerdict {
        let (key, accepted) = (key(thread), verdict.is_ok());
        let mut kept = self.kept.lock();
        let entry = kept.entry(key).or_insert(Kept { verdict, holders: 0 });
        entry.holders = entry.holders.saturating_add(1);
        KeptVerdict { verdicts: Arc::clone(self), key, accepted }
    }
}

impl KeptVerdict {
    /// Whether the package may settle; if not, a block that takes it reverts it and its submitter pays.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.accepted
    }
}

impl Drop for KeptVerdict {
    fn drop(&mut self) {
        let mut kept = self.verdicts.kept.lock();
        let Some(entry) = kept.get_mut(&self.key) else { return };
        entry.holders = entry.holders.saturating_sub(1);
        if entry.holders == 0 {
            kept.remove(&self.key);
        }
    }
}

impl fmt::Debug for KeptVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptVerdict").field("accepted", &self.accepted).finish_non_exhaustive()
    }
}

fn key(thread: &ThreadTransaction) -> Key {
    (thread.facts().os_program_hash, thread.facts().package_digest)
}

#[cfg(test)]
mod tests {
    use starknet_api::data_availability::DataAvailabilityMode;
    use starknet_api::transaction::InvokeTransactionV3;
    use starknet_api::transaction::fields::{AllResourceBounds, ValidResourceBounds};
    use starknet_types_core::felt::Felt;
    use zkthreads_protocol::{SegmentError, SettleError, ThreadFacts};

    use super::*;

    const PACKAGE: &[u8] = include_bytes!("../../../../prover/verifier/tests/fixtures/sub_block.package");

    fn thread() -> ThreadTransaction {
        let facts = ThreadFacts {
            os_program_hash: OsProgramHash(Felt::ONE),
            package_digest: PackageDigest::of(PACKAGE),
        };
        let envelope = InvokeTransactionV3 {
            resource_bounds: ValidResourceBounds::AllResources(AllResourceBounds::default()),
            tip: Default::default(),
            signature: Default::default(),
            nonce: Default::default(),
            sender_address: Default::default(),
            calldata: Default::default(),
            nonce_data_availability_mode: DataAvailabilityMode::L1,
            fee_data_availability_mode: DataAvailabilityMode::L1,
            paymaster_data: Default::default(),
            account_deployment_data: Default::default(),
            proof_facts: facts.to_proof_facts(),
        };
        ThreadTransaction::new(envelope, PACKAGE).unwrap()
    }

    fn refused() -> Verdict {
        let error = SettleError::Proof { reason: "no".to_owned() };
        Err(Arc::new(SegmentError { segment: 0, error }))
    }

    #[test]
    fn a_verdict_is_known_for_as_long_as_somebody_keeps_it() {
        let verdicts = Arc::new(Verdicts::with_recent(0));
        let thread = thread();
        let verdict = verdicts.get_with(&thread, refused);
        let forget = || verdicts.recent.run_pending_tasks();
        let (one, other) = (verdicts.keep(&thread, verdict.clone()), verdicts.keep(&thread, verdict));
        assert!(!one.is_accepted());
        forget();
        drop(one);
        assert!(verdicts.known(&thread).is_some());
        assert!(verdicts.get_with(&thread, || panic!("it is known")).is_err());
        drop(other);
        assert!(verdicts.known(&thread).is_none());
        assert!(verdicts.kept.lock().is_empty());
    }

    #[test]
    fn recent_verdicts_are_known_without_a_keeper() {
        let verdicts = Arc::new(Verdicts::new());
        let thread = thread();
        drop(verdicts.keep(&thread, verdicts.get_with(&thread, refused)));
        verdicts.recent.run_pending_tasks();
        assert!(verdicts.known(&thread).is_some());
    }
}

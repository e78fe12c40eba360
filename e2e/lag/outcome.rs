//! What a scenario came to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use serde_json::Value;
use starknet_types_core::felt::Felt;
use zkthreads_e2e::times::Times;

use crate::confirm::Confirmed;
use crate::ledger::{End, Payment};
use crate::scenario::Scenario;
use crate::sub_blocks::SubBlock;
use crate::watch::Seen;

/// So many of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) part: usize,
    pub(crate) whole: usize,
}

/// What a scenario came to.
pub(crate) struct Outcome {
    pub(crate) scenario: &'static Scenario,
    /// From the first payment until all had ended, or there was no more waiting.
    pub(crate) took: Duration,
    /// Settled sub-blocks, and those of them that were settled at first try.
    pub(crate) sub_blocks: Share,
    /// The same of those without a payment that changes what the stranger writes.
    pub(crate) sub_blocks_of_others: Share,
    /// Acknowledged payments, and those that a sub-block settled at first try.
    pub(crate) payments: Share,
    /// The same of those that do not change what the stranger writes.
    pub(crate) payments_of_others: Share,
    /// Settled sub-blocks that took another try, and why they count as such.
    pub(crate) later_tries: Vec<String>,
    /// Rejected payments by reason.
    pub(crate) rejected: BTreeMap<String, usize>,
    pub(crate) confirmed: Confirmed,
    pub(crate) refusals: BTreeMap<String, u64>,
    /// From the acknowledgement to the end, whatever that was.
    pub(crate) latency: Times,
    /// The same of those that settled, that were forwarded, that were rejected.
    pub(crate) latency_by_end: [(&'static str, Times); 3],
    /// How long provers took, seconds, of settled sub-blocks; sorted.
    pub(crate) proving: Vec<f64>,
    /// Thread transactions in blocks; and the reverted ones, by the kind of error.
    pub(crate) threads: usize,
    pub(crate) reverted: BTreeMap<String, usize>,
    /// What the submitter paid for all of them, and for the reverted ones, fri.
    pub(crate) paid: u128,
    pub(crate) paid_in_vain: u128,
    /// Blocks with the stranger's payment, and what it paid for them, fri.
    pub(crate) stranger: Option<(Share, u128)>,
    /// The thread's last status.
    pub(crate) status: Value,
}

/// A settled sub-block with its transactions.
struct Settled<'a> {
    transactions: &'a [Felt],
    /// Why it was not the first try.
    later_try: Option<String>,
}

impl Share {
    fn of<T>(all: impl IntoIterator<Item = T>, is_part: impl Fn(&T) -> bool) -> Self {
        all.into_iter().fold(Self::default(), |share, one| Self {
            part: share.part + usize::from(is_part(&one)),
            whole: share.whole + 1,
        })
    }

    /// How many of a hundred; `None` of nothing.
    pub(crate) fn percent(self) -> Option<f64> {
        (self.whole > 0).then(|| 100.0 * self.part as f64 / self.whole as f64)
    }
}

impl Outcome {
    pub(crate) fn new(
        scenario: &'static Scenario,
        took: Duration,
        payments: &HashMap<Felt, Payment>,
        confirmed: Confirmed,
        seen: Seen,
    ) -> Self {
        let sub_blocks = settled_sub_blocks(&seen, payments);
        let is_first = |sub_block: &&Settled| sub_block.later_try.is_none();
        let is_others = |payment: &Payment| !scenario.written.is_victim(payment.user);
        let of_others = sub_blocks.iter().filter(|sub_block| {
            sub_block.transactions.iter().filter_map(|hash| payments.get(hash)).all(is_others)
        });
        let at_first: BTreeSet<&Felt> =
            sub_blocks.iter().filter(is_first).flat_map(|sub_block| sub_block.transactions).collect();
        let is_at_first = |(hash, _): &(&Felt, &Payment)| at_first.contains(*hash);
        let mut rejected = BTreeMap::new();
        let mut latency_by_end = ["settled", "forwarded", "rejected"].map(|name| (name, Times::default()));
        for payment in payments.values() {
            let Some(((end, _), took)) = payment.end.as_ref().zip(payment.took()) else { continue };
            let [settled, forwarded, refused] = &mut latency_by_end;
            match end {
                End::Settled { .. } => settled.1.push(took),
                End::Forwarded => forwarded.1.push(took),
                End::Rejected { reason } => {
                    refused.1.push(took);
                    *rejected.entry(reason.clone()).or_default() += 1;
                }
            }
        }
        let mut reverted = BTreeMap::new();
        for thread in seen.threads.iter().filter(|thread| thread.is_reverted()) {
            *reverted.entry(thread.error.clone().unwrap_or_default()).or_default() += 1;
        }
        let in_vain = seen.threads.iter().filter(|thread| thread.is_reverted());
        let settled = seen.threads.iter().flat_map(|thread| {
            let segments = thread.segments.iter().enumerate();
            segments
                .filter_map(|(index, it)| seen.sub_blocks.segment(thread.hash, index, it.transactions.len()))
        });
        let mut proving: Vec<f64> = settled.filter_map(|sub_block| sub_block.proven_in).collect();
        proving.sort_unstable_by(f64::total_cmp);
        Self {
            scenario,
            took,
            sub_blocks: Share::of(&sub_blocks, is_first),
            sub_blocks_of_others: Share::of(of_others, is_first),
            payments: Share::of(payments, is_at_first),
            payments_of_others: Share::of(payments.iter().filter(|(_, it)| is_others(it)), is_at_first),
            later_tries: sub_blocks.iter().filter_map(|sub_block| sub_block.later_try.clone()).collect(),
            rejected,
            confirmed,
            refusals: BTreeMap::new(),
            latency: payments.values().filter_map(Payment::took).collect(),
            latency_by_end,
            proving,
            threads: seen.threads.len(),
            reverted,
            paid: seen.threads.iter().map(|thread| thread.fee).sum(),
            paid_in_vain: in_vain.map(|thread| thread.fee).sum(),
            stranger: None,
            status: seen.status,
        }
    }

    /// One of the thread's totals.
    pub(crate) fn total(&self, name: &str) -> u64 {
        self.status["totals"][name].as_u64().unwrap_or_default()
    }

    /// What comes to so much in the time that it took comes to in an hour.
    pub(crate) fn per_hour(&self, amount: f64) -> f64 {
        amount * 3_600.0 / self.took.as_secs_f64()
    }
}

/// All that settled, as the blocks have it, with what the thread told of it.
fn settled_sub_blocks<'a>(seen: &'a Seen, payments: &HashMap<Felt, Payment>) -> Vec<Settled<'a>> {
    // What thread transactions carried in vain.
    let segments = seen.threads.iter().flat_map(|thread| &thread.segments);
    let carried: BTreeSet<&Felt> =
        segments.filter(|segment| !segment.is_settled).flat_map(|segment| &segment.transactions).collect();
    let mut settled = Vec::new();
    for thread in &seen.threads {
        for (index, segment) in thread.segments.iter().enumerate().filter(|(_, it)| it.is_settled) {
            let transactions = segment.transactions.as_slice();
            let later_try = match seen.sub_blocks.segment(thread.hash, index, transactions.len()) {
                Some(sub_block) => later_try(sub_block, &carried, transactions, payments),
                None => Some(format!("segment {index} of {:#x} is no sub-block that was seen", thread.hash)),
            };
            settled.push(Settled { transactions, later_try });
        }
    }
    settled
}

/// Why a sub-block was not settled at first try, if it was not: it is to be proven once, sent once, and nothing in it may have
/// been proven or sent in another one before.
fn later_try(
    sub_block: &SubBlock,
    carried: &BTreeSet<&Felt>,
    transactions: &[Felt],
    payments: &HashMap<Felt, Payment>,
) -> Option<String> {
    let SubBlock { id, attempt, proofs, sent, opened_at, .. } = sub_block;
    // What is parted from a sub-block comes into one with another number, which counts its proofs from zero.
    let moved = transactions.iter().filter_map(|hash| payments.get(hash));
    let moved = moved.filter(|payment| payment.acknowledged_at < *opened_at).count();
    let carried = transactions.iter().filter(|hash| carried.contains(hash)).count();
    (*proofs != 1 || *sent != 1 || moved > 0 || carried > 0).then(|| {
        format!(
            "sub-block {id}: proving begun {proofs} times, executed {attempt} times, sent {sent} times; of its {} \
             payments {moved} were in another one before, {carried} in a thread transaction that did not settle them",
            transactions.len()
        )
    })
}

//! The closing table.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::terminal::{grouped, tokens};

use super::ledger::{Latency, quantile};
use super::observer::Proof;
use super::rows::{count, milliseconds};
use super::screen::Screen;
use super::settled::Cost;

/// What the demo came to.
pub(crate) struct Tally {
    /// Inner transactions that settled and succeeded.
    pub(crate) succeeded: usize,
    /// Inner transactions that settled and were reverted.
    pub(crate) reverted: usize,
    /// Inner transactions that the thread had taken and rejected later.
    pub(crate) rejected: usize,
    /// Inner transactions that did not end as they were answered at first: executed again after a conflict.
    pub(crate) changed: usize,
    /// Why the thread did not take other transactions.
    pub(crate) refusals: Vec<String>,
    pub(crate) sub_blocks: u64,
    /// Thread transactions that settled.
    pub(crate) threads: usize,
    /// Thread transactions that were reverted.
    pub(crate) reverted_threads: usize,
    pub(crate) conflicts: u64,
    pub(crate) latency: Option<Latency>,
    pub(crate) proofs: Vec<Proof>,
    /// From the first transaction to the last settlement.
    pub(crate) took: Duration,
    /// Of all thread transactions, those that were reverted too.
    pub(crate) through_thread: Cost,
    /// Of the same inner transactions, sent one by one.
    pub(crate) one_by_one: Cost,
}

impl Tally {
    fn settled(&self) -> usize {
        self.succeeded + self.reverted
    }

    pub(crate) fn show(&self, screen: &Screen) {
        screen.line(
            "inner transactions",
            format_args!(
                "{} settled ({} succeeded, {} reverted), {} rejected, {} refused, in {:.0} s",
                self.settled(),
                self.succeeded,
                self.reverted,
                self.rejected,
                self.refusals.len(),
                self.took.as_secs_f64()
            ),
        );
        for reason in self.refusals.iter().collect::<BTreeSet<_>>() {
            screen.line("refused", reason);
        }
        let threads = count(self.threads as u64, "thread transaction");
        let sub_blocks = count(self.sub_blocks, "sub-block");
        screen.line(
            "settled by",
            format_args!("{threads} with {sub_blocks}; {} reverted", self.reverted_threads),
        );
        let changed = count(self.changed as u64, "transaction");
        screen.line(
            "conflicts",
            format_args!("{}; {changed} ended otherwise than first answered", self.conflicts),
        );
        if let Some(latency) = self.latency {
            let (median, p99) = (milliseconds(latency.median), milliseconds(latency.p99));
            screen.line("answered in", format_args!("{median} (median), {p99} (p99)"));
        }
        self.show_proofs(screen);
        screen.verbatim("");
        screen.verbatim(format_args!(
            "  {:<20} {:>18} {:>18} {:>8}",
            "per transaction", "through the thread", "one by one", "ratio"
        ));
        let settled = self.settled().max(1) as u64;
        let (thread, alone) = (self.through_thread, self.one_by_one);
        let gas = |cost: u64| grouped(cost / settled);
        let fee = |cost: u128| tokens(cost / u128::from(settled), 6);
        let rows = [
            (
                "L2 gas",
                gas(thread.l2_gas),
                gas(alone.l2_gas),
                ratio(thread.l2_gas as f64, alone.l2_gas as f64),
            ),
            (
                "L1 data gas",
                gas(thread.l1_data_gas),
                gas(alone.l1_data_gas),
                ratio(thread.l1_data_gas as f64, alone.l1_data_gas as f64),
            ),
            ("fee, STRK", fee(thread.fee), fee(alone.fee), ratio(thread.fee as f64, alone.fee as f64)),
        ];
        for (label, thread, alone, ratio) in rows {
            screen.verbatim(format_args!("  {label:<20} {thread:>18} {alone:>18} {ratio:>8}"));
        }
    }

    fn show_proofs(&self, screen: &Screen) {
        let mut times: Vec<Duration> = self.proofs.iter().map(|proof| proof.took).collect();
        let mut steps: Vec<u64> = self.proofs.iter().map(|proof| proof.steps).collect();
        times.sort_unstable();
        steps.sort_unstable();
        if let (Some(time), Some(steps)) = (quantile(&times, 50), quantile(&steps, 50)) {
            let seconds = time.as_secs_f64();
            screen.line("a proof", format_args!("{seconds:.1} s for {} steps (medians)", grouped(steps)));
        }
    }
}

/// How many times as much something costs without a thread.
fn ratio(of_thread: f64, alone: f64) -> String {
    if of_thread > 0.0 { format!("{:.1}", alone / of_thread) } else { "-".to_owned() }
}

//! What is printed: a row of a Markdown table for each scenario, and what a row has no room for.

use std::time::Duration;

use crate::outcome::{Outcome, Share};

/// The head of the table.
const COLUMNS: [&str; 12] = [
    "scenario",
    "sub-blocks settled",
    "at first try",
    "payments acknowledged",
    "settled / forwarded / rejected / unfinished / lost",
    "median, s",
    "p99, s",
    "longest, s",
    "added to the median, s",
    "receipts changed; misses / stale / conflicts",
    "STRK lost an hour",
    "proof seconds lost an hour",
];

/// The head, as Markdown.
pub(crate) fn head() -> String {
    let rule = COLUMNS.iter().map(|name| if *name == "scenario" { "---" } else { "--:" });
    format!("| {} |\n|{}|", COLUMNS.join(" | "), rule.collect::<Vec<_>>().join("|"))
}

/// The row of an outcome. `baseline` is the same chain's with which it is compared, if that was measured.
pub(crate) fn row(outcome: &Outcome, baseline: Option<&Outcome>) -> String {
    let median = |outcome: &Outcome| outcome.latency.percentile(50).as_secs_f64();
    let added = baseline.map_or("-".to_owned(), |other| format!("{:+.1}", median(outcome) - median(other)));
    let total = |name| outcome.total(name);
    let confirmed = &outcome.confirmed;
    let [settled, forwarded, rejected] = outcome.latency_by_end.each_ref().map(|(_, times)| times.count());
    let cells = [
        outcome.scenario.name.to_owned(),
        outcome.sub_blocks.whole.to_string(),
        percent(outcome.sub_blocks),
        outcome.payments.whole.to_string(),
        format!(
            "{settled} / {forwarded} / {rejected} / {} / {}",
            confirmed.unfinished.len(),
            confirmed.lost.len()
        ),
        seconds(outcome.latency.percentile(50)),
        seconds(outcome.latency.percentile(99)),
        seconds(outcome.latency.percentile(100)),
        added,
        format!(
            "{}; {} / {} / {}",
            total("receipts_changed"),
            total("misses"),
            total("stale"),
            total("conflicts")
        ),
        format!("{:.3}", outcome.per_hour(strk(outcome.paid_in_vain))),
        format!("{:.0}", outcome.per_hour(total("void_proving_ms") as f64 / 1e3)),
    ];
    format!("| {} |", cells.join(" | "))
}

/// What a row has no room for, line by line.
pub(crate) fn details(outcome: &Outcome) -> Vec<String> {
    let total = |name| outcome.total(name);
    let mut lines = vec![
        format!(
            "payments settled at first try: {} ({} of {} acknowledged)",
            percent(outcome.payments),
            outcome.payments.part,
            outcome.payments.whole
        ),
        format!(
            "a sub-block: {:.1} payments (mean), proven in {:.1} s (median) and {:.1} s (longest); forecast in the end {} s",
            outcome.latency_by_end[0].1.count() as f64 / outcome.sub_blocks.whole.max(1) as f64,
            outcome.proving.get(outcome.proving.len() / 2).copied().unwrap_or_default(),
            outcome.proving.last().copied().unwrap_or_default(),
            outcome.status["time"]["forecast_seconds"]
        ),
        format!(
            "thread transactions: {}, {} of them reverted{}; {:.4} STRK paid, {:.4} of them for reverted ones",
            outcome.threads,
            outcome.reverted.values().sum::<usize>(),
            counted(&outcome.reverted),
            strk(outcome.paid),
            strk(outcome.paid_in_vain)
        ),
        format!(
            "void proofs: {}, {:.0} s; sub-blocks sent again: {}; payments that the thread found on the chain by themselves: {}",
            total("void_proofs"),
            total("void_proving_ms") as f64 / 1e3,
            total("resubmitted"),
            total("on_chain")
        ),
        format!("until they ended, s: {}", by_end(outcome)),
        format!("measured for {:.0} s", outcome.took.as_secs_f64()),
    ];
    if let Some((share, paid)) = outcome.stranger {
        lines.push(format!(
            "without what the stranger writes: {} of {} sub-blocks at first try, {} of {} payments",
            percent(outcome.sub_blocks_of_others),
            outcome.sub_blocks_of_others.whole,
            percent(outcome.payments_of_others),
            outcome.payments_of_others.whole
        ));
        lines.push(format!(
            "the stranger wrote in {} of {} blocks and paid {:.3} STRK for it, {:.2} an hour",
            share.part,
            share.whole,
            strk(paid),
            outcome.per_hour(strk(paid))
        ));
    }
    lines.extend(outcome.rejected.iter().map(|(reason, count)| format!("rejected, {count} times: {reason}")));
    lines
        .extend(outcome.refusals.iter().map(|(reason, count)| format!("not taken, {count} times: {reason}")));
    lines.extend(outcome.later_tries.iter().map(|why| format!("not at first try: {why}")));
    lines
}

/// How long payments took, by how they ended.
fn by_end(outcome: &Outcome) -> String {
    let ends = outcome.latency_by_end.iter().filter(|(_, times)| times.count() > 0);
    let ends = ends.map(|(name, times)| {
        let [median, p99, longest] = [50, 99, 100].map(|percent| seconds(times.percentile(percent)));
        format!("{} {name}: median {median}, p99 {p99}, longest {longest}", times.count())
    });
    ends.collect::<Vec<_>>().join("; ")
}

fn percent(share: Share) -> String {
    share.percent().map_or("-".to_owned(), |percent| format!("{percent:.1} %"))
}

fn seconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64())
}

fn strk(fri: u128) -> f64 {
    fri as f64 / 1e18
}

/// ` (KIND: 2, …)`, or nothing.
fn counted(by_kind: &std::collections::BTreeMap<String, usize>) -> String {
    let kinds: Vec<_> = by_kind.iter().map(|(kind, count)| format!("{kind}: {count}")).collect();
    if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) }
}

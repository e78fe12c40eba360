//! What is demanded of a scenario, and what of it was missed.

use std::time::Duration;

use crate::outcome::{Outcome, Share};
use crate::scenario::Written;

/// A thread under load settles a sub-block in so many seconds at least.
const SECONDS_PER_SUB_BLOCK: u64 = 20;

/// In how many of a hundred blocks a stranger has written if it has done so "in every block": one is sent for each, and some
/// come too late for it.
const EVERY_BLOCK: f64 = 95.0;

/// What is demanded besides what a scenario says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demands {
    /// How long users pay.
    pub(crate) length: Duration,
    /// Within what time after its acknowledgement each payment ends.
    pub(crate) within: Duration,
    /// How many of a hundred settle at first try, instead of what the scenario says.
    pub(crate) first_try: Option<f64>,
}

/// Every demand that the outcome misses.
pub(crate) fn missed(outcome: &Outcome, demands: Demands) -> Vec<String> {
    let mut missed = Vec::new();
    let confirmed = &outcome.confirmed;
    for hash in &confirmed.lost {
        missed.push(format!("{hash:#x} was acknowledged, and neither node nor thread know it"));
    }
    for (hash, said) in &confirmed.disputed {
        missed.push(format!("{hash:#x} has several ends: {said}"));
    }
    if !confirmed.unfinished.is_empty() {
        missed.push(format!("{} payments have not ended", confirmed.unfinished.len()));
    }
    let longest = outcome.latency.percentile(100);
    if longest > demands.within {
        missed.push(format!("a payment ended after {longest:.0?}, {:.0?} are allowed", demands.within));
    }
    if let Some(wanted) = demands.first_try.or(outcome.scenario.first_try) {
        let (whom, shares): (_, &[Share]) = match outcome.scenario.written {
            Written::Nothing => ("", &[outcome.sub_blocks]),
            Written::Balance | Written::Hottest => {
                (" of others", &[outcome.sub_blocks_of_others, outcome.payments_of_others])
            }
        };
        for (share, what) in shares.iter().zip(["sub-blocks", "payments"]) {
            let reached = share.percent();
            if reached.is_none_or(|reached| reached < wanted) {
                let reached = reached.map_or("none".to_owned(), |reached| format!("{reached:.1} %"));
                missed.push(format!(
                    "{reached} of the {what}{whom} settled at first try, {wanted} % are demanded"
                ));
            }
        }
    }
    let at_least = demands.length.as_secs() / SECONDS_PER_SUB_BLOCK;
    let count = outcome.sub_blocks.whole;
    if outcome.scenario.written == Written::Nothing && (count as u64) < at_least {
        missed.push(format!("{count} sub-blocks settled, {at_least} are demanded"));
    }
    if let Some((share, _)) = outcome.stranger
        && share.percent().is_none_or(|reached| reached < EVERY_BLOCK)
    {
        missed.push(format!("the stranger wrote in {} of {} blocks only", share.part, share.whole));
    }
    missed
}

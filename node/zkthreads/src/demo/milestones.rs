//! What is new about sub-blocks and trouble, in words: a line for each, once.

use std::collections::{BTreeMap, BTreeSet};

use zkthreads_rpc_api::thread::{SubBlockStage, SubBlockStatus, ThreadStatus};

use crate::terminal::{Paint, grouped};

use super::rows::{count, seconds};

/// What was told.
#[derive(Debug, Default)]
pub(crate) struct Milestones {
    /// How far each sub-block was, and at which attempt.
    sub_blocks: BTreeMap<u64, (u32, Reached)>,
    trouble: BTreeSet<String>,
}

/// What is told of a sub-block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reached {
    Closed,
    Proven,
    Settled,
}

impl Milestones {
    /// What this status has that those before it had not.
    pub(crate) fn look(&mut self, status: &ThreadStatus) -> Vec<String> {
        let mut news = Vec::new();
        for sub_block in &status.sub_blocks {
            let Some(reached) = Reached::by(sub_block.stage) else { continue };
            let now = (sub_block.attempt, reached);
            let before = self.sub_blocks.insert(sub_block.id, now);
            let is_again = before.is_some_and(|(attempt, _)| attempt < sub_block.attempt);
            let before = before.filter(|_| !is_again).map(|(_, reached)| reached);
            for step in [Reached::Closed, Reached::Proven, Reached::Settled] {
                if before.is_none_or(|before| before < step) && step <= reached {
                    news.push(told(sub_block, step, is_again));
                }
            }
        }
        for trouble in &status.trouble {
            if self.trouble.insert(trouble.clone()) {
                news.push(format!("{}: {trouble}", "trouble".red()));
            }
        }
        news
    }
}

impl Reached {
    fn by(stage: SubBlockStage) -> Option<Self> {
        match stage {
            SubBlockStage::Open => None,
            SubBlockStage::Closed | SubBlockStage::Proving => Some(Self::Closed),
            SubBlockStage::Proven | SubBlockStage::Submitted => Some(Self::Proven),
            SubBlockStage::Settled => Some(Self::Settled),
        }
    }
}

fn told(sub_block: &SubBlockStatus, reached: Reached, is_again: bool) -> String {
    let id = sub_block.id;
    match reached {
        Reached::Closed => {
            let transactions = count(sub_block.transactions, "transaction");
            let what = if is_again { "executed again" } else { "closed" };
            format!("sub-block #{id} {what}: {transactions}, {} steps", grouped(sub_block.steps))
        }
        Reached::Proven => match sub_block.proven_in_ms {
            Some(took) => format!("sub-block #{id} proven in {}", seconds(took)),
            None => format!("sub-block #{id} proven"),
        },
        Reached::Settled => match sub_block.block_number {
            Some(block) => format!("sub-block #{id} {} in block {block}", "settled".green()),
            None => format!("sub-block #{id} {}", "settled".green()),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::sample::{status, sub_block};

    #[test]
    fn each_step_is_told_once() {
        let mut milestones = Milestones::default();
        let mut look = |stages: &[(u64, &str)]| {
            let sub_blocks: Vec<_> = stages.iter().map(|(id, stage)| sub_block(*id, stage, 5)).collect();
            milestones.look(&status(&sub_blocks))
        };
        let closed = "sub-block #1 closed: 5 transactions, 5,000 steps";
        let trouble = format!("{}: the disk is full", "trouble".red());
        assert_eq!(look(&[(1, "OPEN")]), [trouble]);
        assert_eq!(look(&[(1, "CLOSED"), (3, "OPEN")]), [closed]);
        assert_eq!(look(&[(1, "PROVING"), (3, "OPEN")]), [""; 0]);
        assert_eq!(look(&[(1, "PROVEN"), (3, "OPEN")]), ["sub-block #1 proven in 12.3 s"]);
        assert_eq!(look(&[(1, "SUBMITTED")]), [""; 0]);
        let settled = format!("sub-block #1 {} in block 9", "settled".green());
        assert_eq!(look(&[(1, "SETTLED")]), [settled]);
        // Steps that nobody saw are told all the same.
        let all = look(&[(1, "SETTLED"), (3, "SETTLED")]);
        let [closed, proven, settled] = all.as_slice() else { panic!("{all:?}") };
        assert!(closed.contains("#3 closed") && proven.contains("#3 proven") && settled.contains("block 9"));
    }

    #[test]
    fn what_is_executed_again_is_told_again() {
        let mut milestones = Milestones::default();
        let mut look = |attempt: u32, stage: &str| {
            let mut sub_block = sub_block(1, stage, 5);
            sub_block["attempt"] = json!(attempt);
            milestones.look(&status(&[sub_block]))
        };
        look(1, "PROVEN");
        assert_eq!(look(2, "PROVING"), ["sub-block #1 executed again: 5 transactions, 5,000 steps"]);
        assert_eq!(look(2, "PROVEN"), ["sub-block #1 proven in 12.3 s"]);
    }
}

//! How things are, out of the thread's status: rows of text, some with a bar, or one line. With a bar, 80 columns have
//! room for 49 characters of text, without one for 64.

use std::time::Duration;

use zkthreads_prover::ProofStage;
use zkthreads_rpc_api::thread::{SubBlockStage, SubBlockStatus, ThreadStatus};
use zkthreads_workers::Stage;

use crate::terminal::grouped;

use super::ledger::Latency;

/// Most sub-blocks that have a row of their own.
const MAX_SUB_BLOCKS: usize = 4;
/// What a worker does before the prover's stages: running the thread OS.
const STAGES_BEFORE: usize = 2;

/// What there is to show at a moment.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) status: &'a ThreadStatus,
    /// The node's newest block.
    pub(crate) height: u64,
    /// Steps that a sub-block may take.
    pub(crate) max_steps: u64,
    /// Seconds since 1970.
    pub(crate) now: u64,
    /// Since trading began.
    pub(crate) elapsed: Duration,
    /// How long there is trading.
    pub(crate) trading: Duration,
    pub(crate) latency: Option<Latency>,
}

/// How much of a whole is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) done: u64,
    pub(crate) of: u64,
}

/// A row that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) label: String,
    /// What its bar shows, if it has one.
    pub(crate) part: Option<Part>,
    pub(crate) text: String,
}

impl Row {
    fn new(label: impl Into<String>, part: Option<Part>, text: String) -> Self {
        Self { label: label.into(), part, text }
    }
}

impl View<'_> {
    /// All rows: time, sub-blocks from the newest one to those that are settled, speed, trouble.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut rows = vec![self.clock()];
        let unsettled = self.unsettled();
        let hidden = unsettled.len().saturating_sub(MAX_SUB_BLOCKS);
        if hidden > 0 {
            rows.push(Row::new("", None, format!("{hidden} more sub-blocks")));
        }
        rows.extend(unsettled.into_iter().skip(hidden).map(|sub_block| self.sub_block(sub_block)));
        rows.push(self.settled());
        rows.push(self.speed());
        rows.extend(self.status.trouble.iter().map(|trouble| Row::new("trouble", None, trouble.clone())));
        rows
    }

    /// The same in one line: which sub-block is being proven, and how many more are not settled.
    pub(crate) fn line(&self) -> String {
        let totals = &self.status.totals;
        let is_proving = |sub_block: &&SubBlockStatus| sub_block.stage == SubBlockStage::Proving;
        let (proving, others): (Vec<_>, Vec<_>) = self.unsettled().into_iter().partition(is_proving);
        let mut parts = vec![format!("{} of {} settled", grouped(totals.settled), grouped(totals.received))];
        parts.extend(proving.into_iter().map(|it| format!("proving #{}: {}", it.id, prover_stage(it))));
        if !others.is_empty() {
            parts.push(format!("{} more", others.len()));
        }
        parts.join("; ")
    }

    /// Newest first, without an open one that is empty.
    fn unsettled(&self) -> Vec<&SubBlockStatus> {
        let shown = |sub_block: &&SubBlockStatus| {
            sub_block.stage != SubBlockStage::Settled
                && (sub_block.stage != SubBlockStage::Open || sub_block.transactions > 0)
        };
        self.status.sub_blocks.iter().rev().filter(shown).collect()
    }

    fn clock(&self) -> Row {
        let (elapsed, trading) = (self.elapsed.as_secs(), self.trading.as_secs());
        let part = Part { done: elapsed.min(trading), of: trading };
        let doing = if elapsed < trading {
            format!("{elapsed} of {trading} s of trading")
        } else {
            format!("trading is over; {elapsed} s")
        };
        Row::new("clock", Some(part), format!("{doing}; the node is at block {}", self.height))
    }

    fn sub_block(&self, sub_block: &SubBlockStatus) -> Row {
        let count = count(sub_block.transactions, "transaction");
        let steps = grouped(sub_block.steps);
        let again = if sub_block.attempt > 1 { ", again" } else { "" };
        let row = |part, text| Row::new(format!("#{} {}", sub_block.id, name(sub_block.stage)), part, text);
        match sub_block.stage {
            SubBlockStage::Open => {
                let age = self.now.saturating_sub(sub_block.opened_at);
                let part = Part { done: sub_block.steps.min(self.max_steps), of: self.max_steps };
                row(Some(part), format!("{count}, {steps} steps, {age} s old{again}"))
            }
            SubBlockStage::Proving => {
                let stage = prover_stage(sub_block);
                row(Some(proof_part(stage)), format!("{count}{again}: {stage}"))
            }
            SubBlockStage::Closed => row(None, format!("{count}, {steps} steps, waits for a prover{again}")),
            SubBlockStage::Proven | SubBlockStage::Submitted | SubBlockStage::Settled => {
                let took = seconds(sub_block.proven_in_ms.unwrap_or_default());
                row(None, format!("{count}, {steps} steps, proven in {took}{again}"))
            }
        }
    }

    fn settled(&self) -> Row {
        let totals = &self.status.totals;
        let of = totals.received.saturating_sub(totals.rejected);
        let part = Part { done: totals.settled.min(of), of };
        let sub_blocks = count(totals.sub_blocks_settled, "sub-block");
        let text = format!("{} of {} in {sub_blocks}", totals.settled, count(totals.received, "transaction"));
        Row::new("settled", Some(part), text)
    }

    fn speed(&self) -> Row {
        let throughput = &self.status.throughput;
        let answers = self.latency.map_or_else(String::new, |latency| {
            format!("; answered in {}, 99% in {}", milliseconds(latency.median), milliseconds(latency.p99))
        });
        let text = format!(
            "{:.1}/s in, {:.1}/s settled{answers}",
            throughput.received_per_second, throughput.settled_per_second
        );
        Row::new("speed", None, text)
    }
}

/// What a sub-block's prover does.
fn prover_stage(sub_block: &SubBlockStatus) -> &str {
    sub_block.prover_stage.as_deref().unwrap_or("starting")
}

/// How far a proof is: the worker's stages, then done.
fn proof_part(stage: &str) -> Part {
    let ran = Stage::OsRan { steps: 0 }.to_string();
    let ran_kind = ran.split(':').next().unwrap_or(&ran);
    let done = match ProofStage::ALL.iter().position(|known| known.to_string() == stage) {
        Some(index) => STAGES_BEFORE + index,
        None => usize::from(stage.starts_with(ran_kind)),
    };
    Part { done: done as u64, of: (STAGES_BEFORE + ProofStage::ALL.len()) as u64 }
}

fn name(stage: SubBlockStage) -> &'static str {
    match stage {
        SubBlockStage::Open => "open",
        SubBlockStage::Closed => "closed",
        SubBlockStage::Proving => "proving",
        SubBlockStage::Proven => "proven",
        SubBlockStage::Submitted => "submitted",
        SubBlockStage::Settled => "settled",
    }
}

/// A number of things.
pub(crate) fn count(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A time of some milliseconds.
pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}

/// A time of some seconds.
pub(crate) fn seconds(milliseconds: u64) -> String {
    format!("{:.1} s", milliseconds as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::sample::{status, sub_block};

    fn view(status: &ThreadStatus) -> View<'_> {
        let latency = Latency { median: Duration::from_micros(5_100), p99: Duration::from_millis(20) };
        View {
            status,
            height: 9,
            max_steps: 50_000,
            now: 100,
            elapsed: Duration::from_secs(12),
            trading: Duration::from_secs(60),
            latency: Some(latency),
        }
    }

    #[test]
    fn a_row_for_each_thing_that_goes_on() {
        let sub_blocks = [sub_block(1, "SETTLED", 9), sub_block(2, "PROVING", 2), sub_block(3, "OPEN", 1)];
        let status = status(&sub_blocks);
        let rows = view(&status).rows();
        let told: Vec<_> = rows.iter().map(|row| (row.label.as_str(), row.part, row.text.as_str())).collect();
        let part = |done, of| Some(Part { done, of });
        assert_eq!(
            told,
            [
                ("clock", part(12, 60), "12 of 60 s of trading; the node is at block 9"),
                ("#3 open", part(1_000, 50_000), "1 transaction, 1,000 steps, 10 s old"),
                ("#2 proving", part(5, 11), "2 transactions, again: committing to the trace"),
                ("settled", part(9, 12), "9 of 13 transactions in 1 sub-block"),
                ("speed", None, "4.0/s in, 1.5/s settled; answered in 5.1 ms, 99% in 20.0 ms"),
                ("trouble", None, "the disk is full"),
            ]
        );
    }

    #[test]
    fn a_line_for_what_is_no_terminal() {
        let line = |sub_blocks: &[serde_json::Value]| view(&status(sub_blocks)).line();
        let nothing = line(&[sub_block(3, "OPEN", 0)]);
        assert_eq!(nothing, "9 of 13 settled");
        let two = line(&[sub_block(2, "PROVING", 2), sub_block(3, "OPEN", 4)]);
        assert_eq!(two, "9 of 13 settled; proving #2: committing to the trace; 1 more");
    }

    #[test]
    fn many_sub_blocks_take_few_rows() {
        let sub_blocks: Vec<_> = (1..=9).map(|id| sub_block(id, "CLOSED", 1)).collect();
        let rows = view(&status(&sub_blocks)).rows();
        assert_eq!(rows.iter().filter(|row| row.label.contains('#')).count(), MAX_SUB_BLOCKS);
        assert!(rows.iter().any(|row| row.text == "5 more sub-blocks"), "{rows:?}");
    }

    #[test]
    fn a_proof_grows() {
        let mut stages = vec![Stage::RunningOs, Stage::OsRan { steps: 7 }];
        stages.extend(ProofStage::ALL.map(Stage::Proving));
        let done: Vec<u64> = stages.iter().map(|stage| proof_part(&stage.to_string()).done).collect();
        assert_eq!(done, (0..stages.len() as u64).collect::<Vec<_>>());
    }
}

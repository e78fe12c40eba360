//! Looks at the thread and the node four times a second, shows it, and remembers what will be told at the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use parking_lot::Mutex;
use tokio::sync::watch;
use zkthreads_rpc_api::thread::{MetConflict, ThreadStatus};

use super::chain::Chain;
use super::ledger::Ledger;
use super::milestones::Milestones;
use super::rows::View;
use super::screen::Screen;

/// How often to look.
const INTERVAL: Duration = Duration::from_millis(250);

/// A proof that was seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proof {
    pub(crate) steps: u64,
    pub(crate) took: Duration,
}

/// What was seen of sub-blocks.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    /// The last proof of each sub-block.
    pub(crate) proofs: BTreeMap<u64, Proof>,
    /// Conflicts, each with its sub-block, in the order in which they were seen.
    pub(crate) conflicts: Vec<(u64, MetConflict)>,
}

impl Seen {
    fn look(&mut self, status: &ThreadStatus) {
        for sub_block in &status.sub_blocks {
            if let Some(millis) = sub_block.proven_in_ms {
                let proof = Proof { steps: sub_block.steps, took: Duration::from_millis(millis) };
                self.proofs.insert(sub_block.id, proof);
            }
            for conflict in &sub_block.conflicts {
                let conflict = (sub_block.id, *conflict);
                if !self.conflicts.contains(&conflict) {
                    self.conflicts.push(conflict);
                }
            }
        }
    }
}

/// What is looked at, and where it is shown.
pub(crate) struct Observer {
    pub(crate) node: Chain,
    pub(crate) thread: Chain,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) screen: Arc<Screen>,
    pub(crate) max_steps: u64,
    pub(crate) began: Instant,
    pub(crate) trading: Duration,
    pub(crate) seen: Arc<Mutex<Seen>>,
}

impl Observer {
    /// Looks and shows until nobody listens to `news`.
    pub(crate) async fn run(self, news: watch::Sender<ThreadStatus>) -> Result<()> {
        let mut milestones = Milestones::default();
        while !news.is_closed() {
            let status = self.thread.status().await?;
            let height = self.node.height().await?;
            self.seen.lock().look(&status);
            for milestone in milestones.look(&status) {
                self.screen.event(self.began.elapsed(), milestone);
            }
            self.screen.show(&View {
                status: &status,
                height,
                max_steps: self.max_steps,
                now: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
                elapsed: self.began.elapsed(),
                trading: self.trading,
                latency: self.ledger.latency(),
            });
            // Nobody may listen any more; the next round sees it.
            let _ = news.send(status);
            tokio::time::sleep(INTERVAL).await;
        }
        Ok(())
    }
}

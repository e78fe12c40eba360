//! Sub-blocks that are not settled, as the sequencer keeps them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use starknet_api::block::BlockTimestamp;
use starknet_api::core::Nonce;
use starknet_api::transaction::TransactionHash;
use tokio::sync::watch;
use zkthreads_execution::ChainState;
use zkthreads_protocol::{BaseBlock, Segment};
use zkthreads_rpc_api::thread::MetConflict;
use zkthreads_storage::{JournalStage, JournalSubBlock};
use zkthreads_sub_block::{ExecutedInner, ExecutedSubBlock, OpenSubBlock};

use super::SubBlockId;
use super::cells::Cells;
use super::met::Met;
use super::outage::Outage;
use super::plan::Took;

/// All sub-blocks that are not settled. Each is executed on what those before it make of the newest block: first the
/// fronts, then the hot ones, then the open one. No front depends on a hot one.
pub(super) struct Unsettled {
    /// Complete ones, in the order in which they are executed.
    pub(super) fronts: Vec<SubBlock>,
    /// Complete ones, of transactions that the chain keeps conflicting with: they hold up nobody here.
    pub(super) hots: Vec<SubBlock>,
    /// Takes transactions.
    pub(super) open: Open,
}

/// A complete sub-block.
pub(super) struct SubBlock {
    pub(super) seed: Seed,
    pub(super) inner: Vec<Arc<ExecutedInner>>,
    /// What its transactions read and write.
    pub(super) cells: Cells,
    pub(super) executed: Arc<ExecutedSubBlock>,
    pub(super) steps: u64,
    pub(super) stage: Stage,
    /// The node refuses it for another reason than a conflict: it has to be executed again.
    pub(super) is_refused: bool,
    /// Its time, or its base block, is too old for the node: it has to be executed again, over the newest block.
    pub(super) is_late: bool,
    /// Goes when the attempt does; whoever works on it sees that.
    pub(super) alive: watch::Sender<()>,
}

/// The sub-block that takes transactions.
pub(super) struct Open {
    pub(super) seed: Seed,
    pub(super) block: OpenSubBlock,
    /// When it took its first transaction.
    pub(super) since: Option<Instant>,
}

/// What stays when a sub-block is executed again.
#[derive(Debug, Clone)]
pub(super) struct Seed {
    pub(super) id: SubBlockId,
    /// Counts how often it was executed.
    pub(super) attempt: u32,
    /// Its place in the order, as the journal has it.
    pub(super) position: u64,
    /// Seconds since 1970.
    pub(super) opened_at: u64,
    /// When the time that its transactions see was fixed; unknown after a restart.
    pub(super) planned_at: Option<Instant>,
    /// How often the chain moved under it.
    pub(super) conflicts: u32,
    /// When its transactions were parted from others, if they were.
    pub(super) hot_since: Option<Instant>,
    /// The last of these conflicts.
    pub(super) met: Met,
    /// How often proving it was begun.
    pub(super) proofs: u32,
    /// How often it was sent.
    pub(super) sent: u32,
    /// Why it could not be sent when that was tried last.
    pub(super) unsent: Option<String>,
    /// How often it was reverted or refused for other reasons than conflicts.
    pub(super) refusals: u32,
}

/// How far a complete sub-block is.
#[derive(Debug)]
pub(super) enum Stage {
    /// Waits for a prover.
    Closed {
        /// Not to be proven earlier.
        not_before: Option<Instant>,
        failures: ProofFailures,
    },
    /// Somebody proves it.
    Proving {
        /// Who.
        lease: u64,
        since: Instant,
        stage: Option<zkthreads_workers::Stage>,
        failures: ProofFailures,
    },
    /// Waits to be sent.
    Proven {
        proof: Proof,
        /// Not to be sent earlier.
        not_before: Option<Instant>,
    },
    /// Somebody is about to send it.
    Taken {
        proof: Proof,
        /// Who.
        lease: u64,
        since: Instant,
    },
    /// Sent.
    Submitted { proof: Proof, hash: TransactionHash, nonce: Nonce },
}

/// How proving an attempt has failed so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ProofFailures {
    /// In all.
    pub(super) all: u32,
    /// Those that cost a prover: it died or took too long.
    pub(super) lost: u32,
}

/// A proven sub-block. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Proof {
    pub(super) segment: Arc<Segment>,
    /// Size of a package of this segment alone.
    pub(super) bytes: usize,
    /// When proving began; unknown after a restart.
    pub(super) begun: Option<Instant>,
    /// How long it took; unknown after a restart.
    pub(super) took: Option<Duration>,
}

impl Seed {
    pub(super) fn new(id: SubBlockId, opened_at: u64) -> Self {
        Self {
            id,
            attempt: 1,
            position: 0,
            opened_at,
            planned_at: None,
            conflicts: 0,
            hot_since: None,
            met: Met::default(),
            proofs: 0,
            sent: 0,
            unsent: None,
            refusals: 0,
        }
    }

    /// Of the same sub-block, executed again.
    pub(super) fn again(mut self) -> Self {
        self.attempt = self.attempt.saturating_add(1);
        self
    }

    /// Of a sub-block whose time is fixed now.
    pub(super) fn planned(mut self) -> Self {
        self.planned_at = Some(Instant::now());
        self
    }

    /// Notes that the chain moved under it.
    pub(super) fn met(&mut self, conflicts: impl IntoIterator<Item = MetConflict>) {
        self.conflicts = self.conflicts.saturating_add(1);
        self.remember(conflicts);
    }

    /// Notes conflicts without counting them.
    pub(super) fn remember(&mut self, conflicts: impl IntoIterator<Item = MetConflict>) {
        self.met.add(conflicts);
    }
}

impl Stage {
    /// Its proof, if there is one.
    pub(super) fn proof(&self) -> Option<&Proof> {
        match self {
            Self::Closed { .. } | Self::Proving { .. } => None,
            Self::Proven { proof, .. } | Self::Taken { proof, .. } | Self::Submitted { proof, .. } => {
                Some(proof)
            }
        }
    }

    /// How long provers have worked on it, if they have.
    pub(super) fn proving_time(&self) -> Option<Duration> {
        match self {
            Self::Closed { .. } => None,
            Self::Proving { since, .. } => Some(since.elapsed()),
            // Unknown of what was proven before a restart.
            _ => self.proof().map(|proof| proof.took.unwrap_or_default()),
        }
    }

    /// Since when somebody is about to send it.
    pub(super) fn taken(&self) -> Option<Instant> {
        match self {
            Self::Taken { since, .. } => Some(*since),
            _ => None,
        }
    }

    /// The thread transaction that carries it, if it was sent.
    pub(super) fn submitted(&self) -> Option<(TransactionHash, Nonce)> {
        match self {
            Self::Submitted { hash, nonce, .. } => Some((*hash, *nonce)),
            _ => None,
        }
    }
}

impl SubBlock {
    /// Completes `block`.
    pub(super) fn close(seed: Seed, block: &OpenSubBlock) -> Result<Self, Outage> {
        Ok(Self {
            inner: block.executed().to_vec(),
            cells: Cells::of(block.executed()),
            executed: Arc::new(block.close()?),
            steps: block.steps(),
            stage: Stage::Closed { not_before: patience(seed.refusals), failures: ProofFailures::default() },
            is_refused: false,
            is_late: false,
            alive: watch::Sender::new(()),
            seed,
        })
    }

    /// How long it took, if it is about to be sent for the first time, and all of that was seen. A hot one says nothing of the
    /// others: it waits until it is quiet.
    pub(super) fn took(&self, now: Instant) -> Option<Took> {
        let is_usual = self.seed.sent == 0 && self.seed.hot_since.is_none();
        let proof = self.stage.proof().filter(|_| is_usual)?;
        let (planned, begun, proving) = (self.seed.planned_at?, proof.begun?, proof.took?);
        let proven = begun.saturating_duration_since(planned) + proving;
        Some(Took { proven, proving, sending: now.saturating_duration_since(self.stage.taken()?) })
    }

    /// Notes that it is too late for it: nobody is to blame, and it is executed again at once.
    pub(super) fn miss(&mut self, reason: &str) {
        tracing::info!(sub_block = %self.seed.id, reason, "too late, it is executed again");
        self.is_late = true;
    }

    /// Notes that the node refuses it for another reason than a conflict.
    pub(super) fn refuse(&mut self, reason: &str) {
        tracing::error!(sub_block = %self.seed.id, reason, "refused by the node");
        self.seed.refusals = self.seed.refusals.saturating_add(1);
        self.is_refused = true;
    }

    /// Which attempt of which sub-block it is.
    pub(super) fn name(&self) -> (SubBlockId, u32) {
        (self.seed.id, self.seed.attempt)
    }

    pub(super) fn base_block(&self) -> BaseBlock {
        self.executed.statement.base_block
    }

    /// As the journal has it.
    pub(super) fn row(&self, hot: bool) -> JournalSubBlock {
        let stage = match &self.stage {
            Stage::Closed { .. } | Stage::Proving { .. } => JournalStage::Closed,
            Stage::Proven { .. } | Stage::Taken { .. } => JournalStage::Proven,
            Stage::Submitted { hash, nonce, .. } => JournalStage::Submitted { hash: *hash, nonce: *nonce },
        };
        row(&self.seed, self.base_block(), stage, hot)
    }
}

impl Open {
    /// A sub-block without transactions.
    pub(super) fn new(seed: Seed, block: OpenSubBlock) -> Self {
        Self { seed, block, since: None }
    }

    /// As the journal has it; `None` while it is empty.
    pub(super) fn row(&self) -> Option<JournalSubBlock> {
        let base_block = self.block.context().base_block;
        (!self.block.is_empty()).then(|| row(&self.seed, base_block, JournalStage::Open, false))
    }
}

/// Until when to wait after so many failures: twice as long after each, up to some minutes.
pub(super) fn patience(failures: u32) -> Option<Instant> {
    let seconds = 1_u64.checked_shl(failures.min(8)).filter(|_| failures > 0)?;
    Some(Instant::now() + Duration::from_secs(seconds))
}

fn row(seed: &Seed, base_block: BaseBlock, stage: JournalStage, hot: bool) -> JournalSubBlock {
    JournalSubBlock { id: seed.id.0, base_block, stage, attempts: seed.attempt, position: seed.position, hot }
}

impl Unsettled {
    /// The complete ones in order.
    pub(super) fn closed(&self) -> impl Iterator<Item = &SubBlock> {
        self.fronts.iter().chain(&self.hots)
    }

    /// The complete ones in order.
    pub(super) fn closed_mut(&mut self) -> impl Iterator<Item = &mut SubBlock> {
        self.fronts.iter_mut().chain(&mut self.hots)
    }

    /// What each of them, the open one too, met.
    pub(super) fn met_mut(&mut self) -> impl Iterator<Item = &mut Met> {
        let closed = self.fronts.iter_mut().chain(&mut self.hots).map(|sub_block| &mut sub_block.seed);
        closed.chain([&mut self.open.seed]).map(|seed| &mut seed.met)
    }

    /// This very attempt, if it is still the sub-block's.
    pub(super) fn find_mut(&mut self, name: (SubBlockId, u32)) -> Option<&mut SubBlock> {
        self.closed_mut().find(|sub_block| sub_block.name() == name)
    }

    /// Takes this very attempt out.
    pub(super) fn remove(&mut self, name: (SubBlockId, u32)) -> Option<SubBlock> {
        let mut lists = [&mut self.fronts, &mut self.hots].into_iter();
        lists.find_map(|list| {
            let at = list.iter().position(|sub_block| sub_block.name() == name)?;
            Some(list.remove(at))
        })
    }

    /// Every transaction in order, with its sub-block and its index there.
    pub(super) fn transactions(&self) -> impl Iterator<Item = (SubBlockId, u32, &Arc<ExecutedInner>)> {
        let closed = self.closed().map(|sub_block| (sub_block.seed.id, sub_block.inner.as_slice()));
        let open = [(self.open.seed.id, self.open.block.executed())];
        closed
            .chain(open)
            .flat_map(|(id, inner)| (0_u32..).zip(inner).map(move |(index, executed)| (id, index, executed)))
    }

    /// Every sub-block that has transactions, as the journal has it.
    pub(super) fn rows(&self) -> impl Iterator<Item = JournalSubBlock> {
        let fronts = self.fronts.iter().map(|sub_block| sub_block.row(false));
        let hots = self.hots.iter().map(|sub_block| sub_block.row(true));
        fronts.chain(hots).chain(self.open.row())
    }

    /// The latest time that one of the transactions sees.
    pub(super) fn latest(&self) -> Option<BlockTimestamp> {
        let closed = self.closed().map(|sub_block| sub_block.base_block().timestamp);
        let open = Some(&self.open.block).filter(|block| !block.is_empty());
        closed.chain(open.map(|block| block.context().base_block.timestamp)).max()
    }

    /// How many transactions there are.
    pub(super) fn len(&self) -> usize {
        self.closed().map(|sub_block| sub_block.inner.len()).sum::<usize>() + self.open.block.len()
    }

    /// The state after all of them.
    pub(super) fn state(&self) -> &ChainState {
        self.open.block.state()
    }

    /// Numbers the places anew where the order demands it.
    pub(super) fn number(&mut self) {
        let mut next = 0;
        let closed = self.fronts.iter_mut().chain(&mut self.hots).map(|sub_block| &mut sub_block.seed);
        for seed in closed.chain([&mut self.open.seed]) {
            seed.position = seed.position.max(next);
            next = seed.position + 1;
        }
    }
}

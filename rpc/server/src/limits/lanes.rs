//! How much work of each kind there may be.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

/// How much work of one kind there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneLimits {
    /// Most that runs at once.
    pub running: usize,
    /// Most that waits for that.
    pub waiting: usize,
}

/// ServerLimits of all lanes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanesLimits {
    /// Look-ups.
    pub reading: LaneLimits,
    /// Reading much: blocks, events, storage proofs, classes.
    pub scanning: LaneLimits,
    /// Calls, estimates, simulations.
    pub execution: LaneLimits,
    /// Transactions that are checked.
    pub admission: LaneLimits,
    /// Transactions whose validation takes long.
    pub slow_admission: LaneLimits,
    /// Inner transactions that a thread's sequencer is handed.
    pub submission: LaneLimits,
    /// Declarations that are checked and compiled. A compiler may take a gigabyte.
    pub compilation: LaneLimits,
    /// Packages that are asked about, before it is known whether a proof has to be verified.
    pub packages: LaneLimits,
    /// Questions that need a proof's verdict.
    pub proofs: LaneLimits,
    /// The same of those who signed them, one of each account.
    pub signed_proofs: LaneLimits,
    /// A devnet's commands.
    pub control: LaneLimits,
}

impl Default for LanesLimits {
    fn default() -> Self {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        let half = (cores / 2).max(1);
        Self {
            reading: LaneLimits { running: 32, waiting: 2048 },
            scanning: LaneLimits { running: half, waiting: 128 },
            execution: LaneLimits { running: cores, waiting: 256 },
            admission: LaneLimits { running: cores, waiting: 1024 },
            slow_admission: LaneLimits { running: 1, waiting: 64 },
            submission: LaneLimits { running: 128, waiting: 1024 },
            compilation: LaneLimits { running: 1, waiting: 16 },
            packages: LaneLimits { running: half, waiting: 64 },
            proofs: LaneLimits { running: 1, waiting: 16 },
            signed_proofs: LaneLimits { running: 1, waiting: 16 },
            control: LaneLimits { running: 8, waiting: 256 },
        }
    }
}

impl LanesLimits {
    /// For work that waits for another node rather than for a processor.
    pub(crate) fn waiting_for_others(&self) -> Self {
        let more = |limits: LaneLimits| LaneLimits { running: limits.running.max(8), ..limits };
        Self {
            scanning: more(self.scanning),
            execution: more(self.execution),
            admission: more(self.admission),
            packages: more(self.packages),
            ..self.clone()
        }
    }
}

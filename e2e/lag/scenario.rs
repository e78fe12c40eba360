//! What is measured.

use starknet_types_core::felt::Felt;
use zkthreads_e2e::Wallet;

/// How a chain is run, what a stranger does to it, and what is demanded of the thread on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// Seconds between two blocks.
    pub(crate) block_time: u64,
    /// `--max-thread-lag`: how far a thread's time may be behind the chain's, seconds.
    pub(crate) max_lag: u64,
    /// What a stranger writes in every block.
    pub(crate) written: Written,
    /// How many of a hundred must settle at first try, if it is demanded: sub-blocks, and payments too where a stranger writes.
    pub(crate) first_try: Option<f64>,
}

/// What a stranger writes in every block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Nothing,
    /// The balance of one of the users, who pays by way of the thread all the time.
    Balance,
    /// A balance that every payment changes: all users pay the same account.
    Hottest,
}

/// With a lag of 600 s sub-blocks have the time of the block they are based on, and settle as soon as they are proven: what the
/// other scenarios' latency is compared with. They come first, then what is demanded without strangers, then strangers.
pub(crate) const SCENARIOS: [Scenario; 8] = [
    Scenario::new("lag-600-2s", 2, 600, Written::Nothing, None),
    Scenario::new("lag-600-6s", 6, 600, Written::Nothing, None),
    Scenario::new("strict-2s", 2, 0, Written::Nothing, Some(95.0)),
    Scenario::new("strict-6s", 6, 0, Written::Nothing, Some(95.0)),
    // As `zkthreads node` has it unless its operator wants something else.
    Scenario::new("lag-60", 6, 60, Written::Nothing, Some(99.0)),
    // Short blocks: the stranger writes more often.
    Scenario::new("written-balance", 2, 60, Written::Balance, Some(95.0)),
    // Whoever is in the stranger's way shall not make the others' sub-blocks later either.
    Scenario::new("written-strict", 2, 0, Written::Balance, Some(95.0)),
    Scenario::new("written-hottest", 2, 60, Written::Hottest, None),
];

impl Scenario {
    const fn new(
        name: &'static str,
        block_time: u64,
        max_lag: u64,
        written: Written,
        first_try: Option<f64>,
    ) -> Self {
        Self { name, block_time, max_lag, written, first_try }
    }

    /// Whether others' latency is compared with this one's.
    pub(crate) fn is_baseline(&self) -> bool {
        self.max_lag == 600
    }
}

impl Written {
    /// Whom the user of this number pays: an account that nobody else pays, so that no user depends on another one; or the one
    /// that all pay. Nobody has these accounts' keys.
    pub(crate) fn payee(self, user: usize) -> Felt {
        match self {
            Self::Nothing | Self::Balance => Felt::from(0x9a_0000 + user),
            Self::Hottest => Felt::from(0x9b_0000),
        }
    }

    /// Whose balance the stranger changes.
    pub(crate) fn victim(self, users: &[Wallet]) -> Option<Felt> {
        match self {
            Self::Nothing => None,
            Self::Balance => users.first().map(|user| user.address),
            Self::Hottest => Some(self.payee(0)),
        }
    }

    /// Whether the stranger writes what this user's payments change.
    pub(crate) fn is_victim(self, user: usize) -> bool {
        match self {
            Self::Nothing => false,
            Self::Balance => user == 0,
            Self::Hottest => true,
        }
    }
}

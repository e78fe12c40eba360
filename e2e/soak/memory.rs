//! Whether memory grows.

use std::fmt::{self, Display, Formatter};

use anyhow::Result;
use zkthreads_e2e::pair::Pair;

/// How much memory node and thread hold, from when neither is started anew any more.
#[derive(Default)]
pub(crate) struct Memory {
    /// Of both, in the order they were taken, bytes.
    samples: Vec<[u64; 2]>,
}

impl Memory {
    /// Looks at both.
    pub(crate) fn look(&mut self, pair: &Pair) -> Result<()> {
        self.samples.push([pair.node()?.resident_bytes()?, pair.thread()?.resident_bytes()?]);
        Ok(())
    }

    /// The most of each in four parts of the time.
    fn quarters(&self) -> Vec<[u64; 2]> {
        let quarters = self.samples.chunks(self.samples.len().div_ceil(4).max(1));
        let most = |quarter: &[[u64; 2]]| {
            [0, 1].map(|which: usize| quarter.iter().map(|sample| sample[which]).max().unwrap_or_default())
        };
        quarters.map(most).collect()
    }

    /// Whether neither holds half as much again in the last quarter as in the second. (In the first, caches fill.)
    pub(crate) fn is_flat(&self) -> bool {
        match self.quarters().as_slice() {
            [_, second, .., last] => (0..2).all(|which| last[which] * 2 <= second[which] * 3),
            _ => true,
        }
    }
}

impl Display for Memory {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let quarters = self.quarters();
        let show = |which: usize| {
            let most = quarters.iter().map(|quarter| (quarter[which] >> 20).to_string());
            most.collect::<Vec<_>>().join(", ")
        };
        write!(f, "MiB by quarters, of the node: {}; of the thread: {}", show(0), show(1))
    }
}

//! The thread rules of a chain that began with a genesis file: what it says of heights to come may change, the rest is
//! history, and a block is judged by the same rules whenever it is looked at.

use std::path::Path;

use starknet_api::block::BlockNumber;
use zkthreads_execution::config::{DEFAULT_MAX_THREAD_AGE, DEFAULT_MAX_THREAD_LAG, FIRST_HARDENING};
use zkthreads_execution::{RuleLines, ThreadRules};

use super::{Genesis, GenesisFileError};

/// The longest lag that a chain can allow, seconds: ten years, with which no sum of times comes near the end of 64 bits.
pub const HIGHEST_THREAD_LAG: u64 = 315_360_000;

/// What threads must keep to if a genesis file does not say.
pub(super) fn usual_rules() -> RuleLines {
    let rules = ThreadRules::new(DEFAULT_MAX_THREAD_AGE, DEFAULT_MAX_THREAD_LAG);
    RuleLines::always(ThreadRules { hardening: FIRST_HARDENING, ..rules })
}

impl Genesis {
    /// What threads must keep to. A chain from before there were such rules has the usual ones, from its first block on.
    #[must_use]
    pub fn thread_rules(&self) -> RuleLines {
        self.thread_rules.clone().unwrap_or_else(usual_rules)
    }

    /// Takes these rules for the chain in `directory`, whose last block is `latest`, and rewrites the copy there.
    ///
    /// # Errors
    /// If they say something else of a block that the chain has, or the copy cannot be written.
    pub fn change_thread_rules(
        &mut self,
        directory: &Path,
        wished: RuleLines,
        latest: Option<BlockNumber>,
    ) -> Result<(), GenesisFileError> {
        let stored = self.thread_rules();
        if let Some(height) = latest.and_then(|latest| stored.contradicts(&wished, latest)) {
            let (stored, wished) = (stored.at(height), wished.at(height));
            return Err(GenesisFileError::ThreadRules { height, stored, wished });
        }
        if self.thread_rules.as_ref() != Some(&wished) {
            // Also if they are the usual ones and only were not written down: what is usual may change with the program.
            self.thread_rules = Some(wished.clone());
            self.write(directory)?;
            if stored != wished {
                tracing::info!("the thread rules of blocks to come have changed");
            }
        }
        Ok(())
    }

    /// Fails if a lag is longer than a chain can allow.
    pub(super) fn check_thread_rules(&self) -> Result<(), GenesisFileError> {
        let lags = self.thread_rules.iter().flat_map(RuleLines::lines).map(|line| line.rules.max_lag);
        match lags.max() {
            Some(max_lag) if max_lag > HIGHEST_THREAD_LAG => Err(GenesisFileError::Lag { max_lag }),
            _ => Ok(()),
        }
    }
}

/// Rules, as an error names them.
pub(super) fn told(rules: &ThreadRules) -> String {
    format!("max-age {}, max-lag {} and hardening {}", rules.max_age, rules.max_lag, rules.hardening)
}

#[cfg(test)]
mod tests;

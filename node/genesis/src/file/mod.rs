//! The genesis file and its copy in the data directory.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_api::core::ChainId;
use zkthreads_execution::{GenesisState, RuleLines, ThreadRules};

use crate::state::{GenesisError, genesis_state};
use crate::write_whole;

mod account;
mod thread_rules;

use thread_rules::{told, usual_rules};

pub use account::GenesisAccount;
pub use thread_rules::HIGHEST_THREAD_LAG;

/// A genesis file with everything it can say, as `--help` and the documentation show it.
pub const EXAMPLE: &str = include_str!("example.toml");

/// The copy in the data directory.
const FILE_NAME: &str = "genesis.toml";

/// What a chain begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Genesis {
    /// The chain's id.
    #[serde(with = "crate::chain_id")]
    pub chain_id: ChainId,
    /// Of block 0, seconds since the Unix epoch; the first start's time if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<u64>,
    /// Who has what.
    pub accounts: Vec<GenesisAccount>,
    /// What threads must keep to, by height; the usual rules if absent. Those of blocks to come may change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_rules: Option<RuleLines>,
}

/// Why there is no genesis.
#[derive(Debug, thiserror::Error)]
pub enum GenesisFileError {
    /// The file system.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file does not parse.
    #[error("{path}: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A value of an account is not what its key says.
    #[error("{key} {value:?} of a genesis account is wrong")]
    Value {
        /// The key.
        key: &'static str,
        /// What it is set to.
        value: String,
    },
    /// An account is nowhere.
    #[error("a genesis account has neither an address nor a public-key")]
    Nobody,
    /// Two accounts at one address.
    #[error("the genesis has two accounts at {address:#x}")]
    Twice {
        /// The address.
        address: starknet_types_core::felt::Felt,
    },
    /// The data directory is new, and nothing says what to begin with.
    #[error(
        "there is no chain in {directory}; to begin one, pass --genesis FILE (`zkthreads node --help` shows one)"
    )]
    Missing {
        /// The data directory.
        directory: PathBuf,
    },
    /// The chain in the data directory began otherwise.
    #[error("the chain in this data directory began with another genesis, see {path}")]
    Contradiction {
        /// The copy of what it began with.
        path: PathBuf,
    },
    /// Threads would be judged by other rules than those of the blocks that the chain has.
    #[error(
        "block {height} of this chain has the thread rules {}, not {}; those of later blocks may change",
        told(.stored), told(.wished)
    )]
    ThreadRules {
        /// The first such block.
        height: BlockNumber,
        /// What it was judged by.
        stored: ThreadRules,
        /// What it would be judged by.
        wished: ThreadRules,
    },
    /// A lag that no chain allows.
    #[error("max-lag {max_lag} of the thread rules is more than {}", HIGHEST_THREAD_LAG)]
    Lag {
        /// The lag.
        max_lag: u64,
    },
    /// A devnet was asked for where such a chain is.
    #[error("{directory} holds the chain of a `zkthreads node`")]
    NotADevnet {
        /// The data directory.
        directory: PathBuf,
    },
    /// The genesis state.
    #[error(transparent)]
    State(#[from] GenesisError),
}

impl Genesis {
    /// Reads a genesis file and checks every value in it.
    ///
    /// # Errors
    /// See [`GenesisFileError`].
    pub fn read(path: &Path) -> Result<Self, GenesisFileError> {
        let text = fs::read_to_string(path)
            .map_err(|source| GenesisFileError::Io { path: path.to_owned(), source })?;
        let genesis: Self = toml::from_str(&text).map_err(|error| GenesisFileError::Malformed {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        let mut addresses = BTreeSet::new();
        for account in &genesis.accounts {
            let address = account.holder()?.address;
            if !addresses.insert(address) {
                return Err(GenesisFileError::Twice { address: address.into() });
            }
        }
        genesis.check_thread_rules()?;
        Ok(genesis)
    }

    /// The genesis of the chain in `directory`: the copy there, if `wished` does not contradict it, else `wished`,
    /// copied before anything else is written, so that a crash leaves nothing or a directory that a restart completes. Thread
    /// rules contradict nothing here: what of them may change depends on how far the chain has come
    /// ([`change_thread_rules`](Self::change_thread_rules)). A new one that names no time has `now`.
    ///
    /// # Errors
    /// See [`GenesisFileError`].
    pub fn open(
        directory: &Path,
        wished: Option<Self>,
        now: BlockTimestamp,
    ) -> Result<Self, GenesisFileError> {
        let path = directory.join(FILE_NAME);
        if path.exists() {
            let stored = Self::read(&path)?;
            return match wished {
                Some(wished) if !wished.agrees(&stored) => Err(GenesisFileError::Contradiction { path }),
                _ => Ok(stored),
            };
        }
        let mut genesis =
            wished.ok_or_else(|| GenesisFileError::Missing { directory: directory.to_owned() })?;
        genesis.timestamp.get_or_insert(now.0);
        genesis.thread_rules.get_or_insert_with(usual_rules);
        genesis.write(directory)?;
        Ok(genesis)
    }

    /// Makes this the copy in `directory`.
    fn write(&self, directory: &Path) -> Result<(), GenesisFileError> {
        let path = directory.join(FILE_NAME);
        let malformed = |error: toml::ser::Error| GenesisFileError::Malformed {
            path: path.clone(),
            reason: error.to_string(),
        };
        let text = toml::to_string_pretty(self).map_err(malformed)?;
        write_whole(directory, &path, text.as_bytes()).map_err(|source| GenesisFileError::Io { path, source })
    }

    /// Fails if `directory` holds a chain that began with a genesis file.
    ///
    /// # Errors
    /// [`GenesisFileError::NotADevnet`].
    pub fn refuse(directory: &Path) -> Result<(), GenesisFileError> {
        if directory.join(FILE_NAME).exists() {
            return Err(GenesisFileError::NotADevnet { directory: directory.to_owned() });
        }
        Ok(())
    }

    /// Block 0. A genesis that names no time, which a copy in a data directory always does, is of time 0.
    ///
    /// # Errors
    /// If a value of an account is wrong.
    pub fn state(&self) -> Result<GenesisState, GenesisFileError> {
        let holders = self.accounts.iter().map(GenesisAccount::holder).collect::<Result<Vec<_>, _>>()?;
        let timestamp = BlockTimestamp(self.timestamp.unwrap_or_default());
        Ok(genesis_state(&holders, None, timestamp)?)
    }

    /// Whether a chain that began with `stored` may be called one that begins with this.
    fn agrees(&self, stored: &Self) -> bool {
        self.chain_id == stored.chain_id
            && self.accounts == stored.accounts
            && (self.timestamp.is_none() || self.timestamp == stored.timestamp)
    }
}

#[cfg(test)]
mod tests;

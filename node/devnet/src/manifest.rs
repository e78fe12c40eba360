//! What a data directory was made with. The chain's database holds the chain; this file beside it holds the options
//! that its genesis came from, so that a restart needs none of them and cannot contradict them.

use std::fmt::Display;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use starknet_api::core::{ChainId, ClassHash};
use zkthreads_fork::pin::Pinned;
use zkthreads_fork::{ForkError, ForkRecord, ForkRequest};
use zkthreads_genesis::account_class::AccountClass;
use zkthreads_genesis::accounts::random_seed;
use zkthreads_genesis::balance::Balance;
use zkthreads_genesis::constants::{DEFAULT_ACCOUNTS, DEFAULT_INITIAL_BALANCE, DEFAULT_THREAD_LAG};
use zkthreads_genesis::write_whole;

const FILE_NAME: &str = "devnet.json";

/// The options a devnet's genesis comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The chain.
    pub chain_id: ChainId,
    /// What the accounts' keys derive from.
    pub seed: u32,
    /// Number of predeployed accounts.
    pub accounts: u8,
    /// Balance of each, of each token.
    pub initial_balance: Balance,
    /// Class of each.
    #[serde(default = "default_account_class")]
    pub account_class: ClassHash,
    /// Whether Argent's account classes are declared.
    #[serde(default)]
    pub predeclare_argent: bool,
    /// How far behind the chain's time a thread's own may be, seconds.
    #[serde(default = "default_thread_lag")]
    pub max_thread_lag: u64,
    /// What the chain is a fork of, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork: Option<ForkRecord>,
}

/// The same options as the user gave them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DevnetRequest {
    /// The chain.
    pub chain_id: Option<ChainId>,
    /// What the accounts' keys derive from.
    pub seed: Option<u32>,
    /// Number of predeployed accounts.
    pub accounts: Option<u8>,
    /// Balance of each, of each token.
    pub initial_balance: Option<Balance>,
    /// Class of each.
    pub account_class: Option<AccountClass>,
    /// Whether Argent's account classes are declared, too.
    pub predeclare_argent: bool,
    /// How far behind the chain's time a thread's own may be, seconds.
    pub max_thread_lag: Option<u64>,
    /// What to fork.
    pub fork: ForkRequest,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file system.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file does not parse.
    #[error("{path} does not parse: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Nothing can be forked.
    #[error(transparent)]
    Fork(#[from] ForkError),
    /// The user named a block to fork, but not whose.
    #[error("--fork-block says which block of --fork-network to fork, which is missing")]
    NoNetwork,
    /// Another kind of chain was asked for where a devnet is.
    #[error("{directory} holds a devnet, whose keys everybody knows")]
    Devnet {
        /// The data directory.
        directory: PathBuf,
    },
    /// The chain in the directory was made with another value.
    #[error("the chain in this data directory has {option} {stored}, not {requested}")]
    Contradiction {
        /// The command-line option.
        option: &'static str,
        /// What the chain was made with.
        stored: String,
        /// What the command line says.
        requested: String,
    },
}

impl DevnetRequest {
    /// Fills what the user left open.
    #[must_use]
    pub fn into_manifest(self) -> Manifest {
        Manifest {
            chain_id: self.chain_id.unwrap_or(ChainId::Sepolia),
            seed: self.seed.unwrap_or_else(random_seed),
            accounts: self.accounts.unwrap_or(DEFAULT_ACCOUNTS),
            initial_balance: self.initial_balance.unwrap_or_else(|| DEFAULT_INITIAL_BALANCE.into()),
            account_class: self.account_class.unwrap_or_default().hash(),
            predeclare_argent: self.predeclare_argent,
            max_thread_lag: self.max_thread_lag.unwrap_or(DEFAULT_THREAD_LAG),
            fork: None,
        }
    }
}

impl DevnetRequest {
    /// Fills what the user left open, at the first start.
    fn begin(
        mut self,
        pin: impl FnOnce(&str, Option<u64>) -> Result<Pinned, ForkError>,
    ) -> Result<Manifest, ManifestError> {
        let pinned = match self.fork {
            ForkRequest { url: Some(ref url), block, .. } => Some(pin(url, block)?),
            ForkRequest { block: Some(_), .. } => return Err(ManifestError::NoNetwork),
            ForkRequest { .. } => None,
        };
        if let Some(Pinned { chain_id, .. }) = &pinned {
            // A fork's transactions are signed for the chain that was forked.
            agree("--chain-id", chain_id, self.chain_id.as_ref())?;
            self.chain_id = Some(chain_id.clone());
        }
        Ok(Manifest { fork: pinned.map(|pinned| pinned.record), ..self.into_manifest() })
    }
}

impl Manifest {
    /// The manifest of `directory`: the one there, if it agrees with the request, else a new one made of that, written
    /// before anything else is, so that a crash leaves either nothing or a directory that a restart completes.
    ///
    /// A network to fork is asked by `pin`, which is given its URL and the block, if one is wanted: at the first start,
    /// and when another URL is given later, which must lead to the same block.
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn open(
        directory: &Path,
        request: DevnetRequest,
        pin: impl FnOnce(&str, Option<u64>) -> Result<Pinned, ForkError>,
    ) -> Result<Self, ManifestError> {
        let path = directory.join(FILE_NAME);
        match fs::read(&path) {
            Ok(bytes) => {
                let mut stored: Self = serde_json::from_slice(&bytes)
                    .map_err(|error| ManifestError::Malformed { path, reason: error.to_string() })?;
                stored.check(&request)?;
                if let (Some(fork), Some(url)) = (&stored.fork, &request.fork.url)
                    && fork.url != *url
                {
                    let pinned = pin(url, Some(fork.block_number.0))?;
                    stored.move_to(pinned)?;
                    stored.replace(directory)?;
                }
                Ok(stored)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let manifest = request.begin(pin)?;
                manifest.replace(directory)?;
                Ok(manifest)
            }
            Err(source) => Err(ManifestError::Io { path, source }),
        }
    }

    /// Makes this the manifest of `directory`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn replace(&self, directory: &Path) -> Result<(), ManifestError> {
        let path = directory.join(FILE_NAME);
        let written = serde_json::to_vec_pretty(self)
            .map_err(io::Error::from)
            .and_then(|json| write_whole(directory, &path, &json));
        written.map_err(|source| ManifestError::Io { path, source })
    }

    fn check(&self, request: &DevnetRequest) -> Result<(), ManifestError> {
        agree("--chain-id", &self.chain_id, request.chain_id.as_ref())?;
        agree("--seed", &self.seed, request.seed.as_ref())?;
        agree("--accounts", &self.accounts, request.accounts.as_ref())?;
        agree("--initial-balance", &self.initial_balance, request.initial_balance.as_ref())?;
        let hex = |class: ClassHash| format!("{:#x}", class.0);
        let class = request.account_class.as_ref().map(|class| hex(class.hash()));
        agree("--account-class", &hex(self.account_class), class.as_ref())?;
        agree("--predeclare-argent", &self.predeclare_argent, request.predeclare_argent.then_some(&true))?;
        agree("--max-thread-lag", &self.max_thread_lag, request.max_thread_lag.as_ref())?;
        match (&self.fork, &request.fork) {
            (Some(fork), requested) => agree("--fork-block", &fork.block_number.0, requested.block.as_ref()),
            (None, ForkRequest { url: Some(url), .. }) => {
                agree("--fork-network", &"nothing".to_owned(), Some(url))
            }
            (None, ForkRequest { block: Some(_), .. }) => Err(ManifestError::NoNetwork),
            (None, _) => Ok(()),
        }
    }

    /// Reads the origin at another URL from now on.
    fn move_to(&mut self, pinned: Pinned) -> Result<(), ManifestError> {
        agree("--chain-id", &self.chain_id, Some(&pinned.chain_id))?;
        if let Some(fork) = &mut self.fork {
            agree("--fork-network", &fork.point(), Some(&pinned.record.point()))?;
            fork.url = pinned.record.url;
        }
        Ok(())
    }

    /// Fails if `directory` holds a devnet.
    ///
    /// # Errors
    /// [`ManifestError::Devnet`].
    pub fn refuse(directory: &Path) -> Result<(), ManifestError> {
        if directory.join(FILE_NAME).exists() {
            return Err(ManifestError::Devnet { directory: directory.to_owned() });
        }
        Ok(())
    }
}

/// The class of those devnets whose manifest says nothing of it.
fn default_account_class() -> ClassHash {
    AccountClass::default().hash()
}

/// The lag of those devnets whose manifest says nothing of it: they are from before there were such rules.
fn default_thread_lag() -> u64 {
    DEFAULT_THREAD_LAG
}

fn agree<T: PartialEq + Display>(
    option: &'static str,
    stored: &T,
    requested: Option<&T>,
) -> Result<(), ManifestError> {
    match requested {
        Some(requested) if requested != stored => Err(ManifestError::Contradiction {
            option,
            stored: stored.to_string(),
            requested: requested.to_string(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use starknet_api::block::{BlockHash, BlockNumber, BlockTimestamp};
    use starknet_types_core::felt::Felt;

    use super::*;

    fn open(directory: &Path, request: DevnetRequest) -> Result<Manifest, ManifestError> {
        Manifest::open(directory, request, |url, _| panic!("{url} is asked"))
    }

    /// A network whose latest block is 9.
    fn open_fork(directory: &Path, url: &str, block: Option<u64>) -> Result<Manifest, ManifestError> {
        let fork = ForkRequest { url: Some(url.to_owned()), block, cache: None };
        Manifest::open(directory, DevnetRequest { fork, ..DevnetRequest::default() }, |url, block| {
            let number = BlockNumber(block.unwrap_or(9));
            let salt = if url.contains("other") { 1 } else { 0 };
            Ok(Pinned {
                chain_id: ChainId::Mainnet,
                record: ForkRecord {
                    url: url.to_owned(),
                    block_number: number,
                    block_hash: BlockHash(Felt::from(number.0 + salt)),
                    timestamp: BlockTimestamp(77),
                },
            })
        })
    }

    #[test]
    fn a_second_start_needs_no_options_and_cannot_contradict_the_first() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("new");
        let first = open(&data, DevnetRequest { seed: Some(7), ..DevnetRequest::default() }).unwrap();
        assert_eq!(first.seed, 7);
        assert_eq!(open(&data, DevnetRequest::default()).unwrap(), first);
        let other = DevnetRequest { chain_id: Some(ChainId::Mainnet), ..DevnetRequest::default() };
        let error = open(&data, other).unwrap_err();
        assert!(matches!(error, ManifestError::Contradiction { option: "--chain-id", .. }));
        assert_eq!(
            error.to_string(),
            "the chain in this data directory has --chain-id SN_SEPOLIA, not SN_MAIN"
        );
        for (other, named) in [
            (
                DevnetRequest { account_class: Some(AccountClass::Cairo0), ..DevnetRequest::default() },
                "--account-class",
            ),
            (DevnetRequest { predeclare_argent: true, ..DevnetRequest::default() }, "--predeclare-argent"),
            (DevnetRequest { max_thread_lag: Some(60), ..DevnetRequest::default() }, "--max-thread-lag"),
        ] {
            let error = open(&data, other).unwrap_err();
            assert!(
                matches!(error, ManifestError::Contradiction { option, .. } if option == named),
                "{error}"
            );
        }
        let same = DevnetRequest { account_class: Some(AccountClass::Cairo1), ..DevnetRequest::default() };
        assert_eq!(open(&data, same).unwrap(), first);
    }

    #[test]
    fn a_damaged_manifest_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(FILE_NAME), b"{").unwrap();
        let error = open(directory.path(), DevnetRequest::default()).unwrap_err();
        assert!(matches!(error, ManifestError::Malformed { .. }));
    }

    #[test]
    fn a_manifest_from_before_threads_had_a_lag_has_the_usual_one() {
        let directory = tempfile::tempdir().unwrap();
        let (data, path) = (directory.path(), directory.path().join(FILE_NAME));
        let strict =
            open(data, DevnetRequest { max_thread_lag: Some(0), ..DevnetRequest::default() }).unwrap();
        let error =
            open(data, DevnetRequest { max_thread_lag: Some(600), ..DevnetRequest::default() }).unwrap_err();
        assert_eq!(error.to_string(), "the chain in this data directory has --max-thread-lag 0, not 600");

        let mut manifest: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert!(manifest.as_object_mut().unwrap().remove("max_thread_lag").is_some());
        fs::write(&path, manifest.to_string()).unwrap();
        let before =
            open(data, DevnetRequest { max_thread_lag: Some(600), ..DevnetRequest::default() }).unwrap();
        assert_eq!(before, Manifest { max_thread_lag: 600, ..strict });
    }

    #[test]
    fn a_fork_keeps_its_block_and_its_chain() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("new");
        let first = open_fork(&data, "http://a", None).unwrap();
        assert_eq!(first.chain_id, ChainId::Mainnet);
        assert_eq!(first.fork.as_ref().unwrap().block_number, BlockNumber(9));
        // Nobody is asked again.
        assert_eq!(open(&data, DevnetRequest::default()).unwrap(), first);
        assert_eq!(open_fork(&data, "http://a", Some(9)).unwrap(), first);
        let error = open_fork(&data, "http://a", Some(8)).unwrap_err();
        assert_eq!(error.to_string(), "the chain in this data directory has --fork-block 9, not 8");
        // The same block elsewhere will do, and is remembered.
        let moved = open_fork(&data, "http://b", None).unwrap();
        assert_eq!(moved.fork.as_ref().unwrap().url, "http://b");
        assert_eq!(open(&data, DevnetRequest::default()).unwrap(), moved);
        let error = open_fork(&data, "http://other", None).unwrap_err();
        assert!(matches!(error, ManifestError::Contradiction { option: "--fork-network", .. }));
    }

    #[test]
    fn a_chain_of_its_own_becomes_no_fork() {
        let directory = tempfile::tempdir().unwrap();
        open(directory.path(), DevnetRequest::default()).unwrap();
        let error = open_fork(directory.path(), "http://a", None).unwrap_err();
        assert!(matches!(error, ManifestError::Contradiction { option: "--fork-network", .. }));
        let block_alone = ForkRequest { block: Some(3), ..ForkRequest::default() };
        let error = open(directory.path(), DevnetRequest { fork: block_alone, ..DevnetRequest::default() })
            .unwrap_err();
        assert!(matches!(error, ManifestError::NoNetwork));
    }
}

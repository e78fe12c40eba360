//! What a thread's data directory was made with: `thread.toml`, beside its databases.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use starknet_api::core::{ChainId, ContractAddress};
use zkthreads_genesis::write_whole;
use zkthreads_storage::ForkPoint;

const FILE_NAME: &str = "thread.toml";

/// Whose thread it is, on which chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ThreadManifest {
    /// The chain.
    pub chain_id: ChainId,
    /// Who settles.
    pub submitter: ContractAddress,
    /// The contracts that transactions may write; any if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contracts: Option<BTreeSet<ContractAddress>>,
    /// The node's block after which the followed database begins; it has all blocks if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork: Option<ForkPoint>,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThreadManifestError {
    /// The file system.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is damaged.
    #[error("{path} does not parse: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The thread in the directory is another one.
    #[error("the thread in this data directory has {what} {stored}, not {found}")]
    Contradiction {
        /// What differs: an option, or the node's chain.
        what: &'static str,
        /// What the thread was begun with.
        stored: String,
        /// What it would have now.
        found: String,
    },
}

impl ThreadManifest {
    /// The manifest in `directory`; `None` if it holds no thread yet.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(directory: &Path) -> Result<Option<Self>, ThreadManifestError> {
        let path = directory.join(FILE_NAME);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(ThreadManifestError::Io { path, source }),
        };
        let parsed = toml::from_str(&text);
        parsed.map(Some).map_err(|error| ThreadManifestError::Malformed { path, reason: error.to_string() })
    }

    /// Makes this the manifest of `directory`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, directory: &Path) -> Result<(), ThreadManifestError> {
        let path = directory.join(FILE_NAME);
        let written = toml::to_string(self)
            .map_err(io::Error::other)
            .and_then(|text| write_whole(directory, &path, text.as_bytes()));
        written.map_err(|source| ThreadManifestError::Io { path, source })
    }

    /// Makes sure that the options are those that the thread was begun with.
    ///
    /// # Errors
    /// [`ThreadManifestError::Contradiction`].
    pub fn expect_options(
        &self,
        submitter: ContractAddress,
        contracts: Option<&BTreeSet<ContractAddress>>,
    ) -> Result<(), ThreadManifestError> {
        agree("--submitter", self.submitter, submitter)?;
        agree("--contracts", listed(self.contracts.as_ref()), listed(contracts))
    }

    /// Makes sure that the node has the chain that the thread was begun on.
    ///
    /// # Errors
    /// [`ThreadManifestError::Contradiction`].
    pub fn expect_chain(&self, chain_id: &ChainId) -> Result<(), ThreadManifestError> {
        agree("the chain id", &self.chain_id, chain_id)
    }
}

fn listed(contracts: Option<&BTreeSet<ContractAddress>>) -> String {
    let list = |contracts: &BTreeSet<ContractAddress>| {
        contracts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    };
    contracts.map_or_else(|| "any".to_owned(), list)
}

fn agree<T: PartialEq + Display>(what: &'static str, stored: T, found: T) -> Result<(), ThreadManifestError> {
    if stored == found {
        return Ok(());
    }
    let (stored, found) = (stored.to_string(), found.to_string());
    Err(ThreadManifestError::Contradiction { what, stored, found })
}

#[cfg(test)]
mod tests {
    use starknet_api::block::{BlockHash, BlockNumber};
    use starknet_types_core::felt::Felt;

    use super::*;

    fn manifest() -> ThreadManifest {
        ThreadManifest {
            chain_id: ChainId::Sepolia,
            submitter: ContractAddress::from(7_u64),
            contracts: Some([ContractAddress::from(9_u64), ContractAddress::from(8_u64)].into()),
            fork: Some(ForkPoint { number: BlockNumber(5), hash: BlockHash(Felt::MAX) }),
        }
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(ThreadManifest::read(directory.path()).unwrap(), None);
        let without = ThreadManifest { contracts: None, fork: None, ..manifest() };
        for manifest in [manifest(), without] {
            manifest.write(directory.path()).unwrap();
            assert_eq!(ThreadManifest::read(directory.path()).unwrap(), Some(manifest));
        }
        fs::write(directory.path().join(FILE_NAME), "chain-id = 5").unwrap();
        let error = ThreadManifest::read(directory.path()).unwrap_err();
        assert!(matches!(error, ThreadManifestError::Malformed { .. }), "{error}");
    }

    #[test]
    fn another_thread_is_refused() {
        let manifest = manifest();
        let contracts = manifest.contracts.clone();
        manifest.expect_options(manifest.submitter, contracts.as_ref()).unwrap();
        manifest.expect_chain(&ChainId::Sepolia).unwrap();

        let error = manifest.expect_options(8_u64.into(), contracts.as_ref()).unwrap_err().to_string();
        assert!(error.starts_with("the thread in this data directory has --submitter 0x"), "{error}");
        let error = manifest.expect_options(manifest.submitter, None).unwrap_err().to_string();
        assert!(error.contains("has --contracts 0x") && error.ends_with(", not any"), "{error}");
        let error = manifest.expect_chain(&ChainId::Mainnet).unwrap_err().to_string();
        assert_eq!(error, "the thread in this data directory has the chain id SN_SEPOLIA, not SN_MAIN");
    }
}

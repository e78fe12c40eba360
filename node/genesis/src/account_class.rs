//! The class of the predeployed accounts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::core::ClassHash;
use starknet_api::state::SierraContractClass;
use zkthreads_execution::class::compile;
use zkthreads_storage::ClassRecord;

use crate::classes::{ClassError, flatten, sierra};
use crate::constants::{ACCOUNT_CLASS_HASH, LEGACY_ACCOUNT_CLASS_HASH};

/// A class that accounts are made of. Its storage is OpenZeppelin's: genesis writes the public key where theirs have it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AccountClass {
    /// OpenZeppelin's account 0.5.1, of Cairo 0. It takes no DECLARE or DEPLOY of our days' tools, and runs in no thread.
    Cairo0,
    /// OpenZeppelin's account 1.0.0.
    #[default]
    Cairo1,
    /// The user's own.
    Custom(Arc<CustomClass>),
}

/// A class out of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct CustomClass {
    class: SierraContractClass,
    hash: ClassHash,
}

/// Why a file holds no account class.
#[derive(Debug, thiserror::Error)]
pub enum AccountClassError {
    /// The file system.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// It is no Sierra artifact.
    #[error("{path} is no Sierra artifact of a contract: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// It is no account's.
    #[error("{path} is no account: it lacks {lacks}")]
    NoAccount {
        /// The file.
        path: PathBuf,
        /// The function that every account has.
        lacks: &'static str,
    },
}

impl AccountClass {
    /// The class in a compiler's Sierra artifact.
    ///
    /// # Errors
    /// See [`AccountClassError`].
    pub fn read(path: &Path) -> Result<Self, AccountClassError> {
        let io = |source| AccountClassError::Io { path: path.to_owned(), source };
        let malformed = |reason| AccountClassError::Malformed { path: path.to_owned(), reason };
        let json = std::fs::read_to_string(path).map_err(io)?;
        let class = sierra(&flatten(&json).map_err(malformed)?);
        for lacks in ["__validate__", "__execute__"] {
            let selector = selector_from_name(lacks);
            if !class.entry_points_by_type.external.iter().any(|point| point.selector == selector) {
                return Err(AccountClassError::NoAccount { path: path.to_owned(), lacks });
            }
        }
        let hash = class.calculate_class_hash();
        Ok(Self::Custom(Arc::new(CustomClass { class, hash })))
    }

    /// Its hash.
    #[must_use]
    pub fn hash(&self) -> ClassHash {
        match self {
            Self::Cairo0 => ClassHash(LEGACY_ACCOUNT_CLASS_HASH),
            Self::Cairo1 => ClassHash(ACCOUNT_CLASS_HASH),
            Self::Custom(custom) => custom.hash,
        }
    }

    /// The class with this hash, if it is one of those that every devnet has.
    #[must_use]
    pub fn known(hash: ClassHash) -> Option<Self> {
        [Self::Cairo0, Self::Cairo1].into_iter().find(|class| class.hash() == hash)
    }

    /// What a class with this hash is called.
    #[must_use]
    pub fn name(hash: ClassHash) -> &'static str {
        match Self::known(hash) {
            Some(Self::Cairo0) => "OpenZeppelin 0.5.1",
            Some(Self::Cairo1) => "OpenZeppelin 1.0.0",
            Some(Self::Custom(_)) | None => "Custom",
        }
    }

    /// Whether it compiles.
    ///
    /// # Errors
    /// If the user's class does not.
    pub fn check(&self) -> Result<(), ClassError> {
        self.own_record().map(drop)
    }

    /// What has to be declared for it besides the classes of every devnet.
    ///
    /// # Errors
    /// If the user's class does not compile.
    pub(super) fn own_record(&self) -> Result<Option<(ClassHash, ClassRecord)>, ClassError> {
        match self {
            Self::Custom(custom) if Self::known(custom.hash).is_none() => {
                let compiled = compile(custom.class.clone());
                let record =
                    compiled.map_err(|source| ClassError::Compile { name: "the account class", source })?;
                Ok(Some((custom.hash, record)))
            }
            Self::Cairo0 | Self::Cairo1 | Self::Custom(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/third-party/contracts");

    #[test]
    fn an_account_s_artifact_is_read_and_nothing_else() {
        let at = |file: &str| Path::new(CONTRACTS).join(file);
        let custom = AccountClass::read(&at("oz_account_1.0.0.sierra")).unwrap();
        assert_eq!(custom.hash(), AccountClass::Cairo1.hash());
        assert_eq!(custom.own_record().unwrap(), None);
        let token = AccountClass::read(&at("strk_erc20.sierra"));
        assert!(
            matches!(token, Err(AccountClassError::NoAccount { lacks: "__validate__", .. })),
            "{token:?}"
        );
        let legacy = AccountClass::read(&at("oz_account_0.5.1.json"));
        assert!(matches!(legacy, Err(AccountClassError::Malformed { .. })), "{legacy:?}");
        assert!(matches!(AccountClass::read(&at("nothing")), Err(AccountClassError::Io { .. })));
    }
}

//! A chain that begins where another one was at some block.

pub(crate) mod cache;
pub(crate) mod proof;

use std::sync::Arc;

use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;

use crate::{BaseStateError, ChainKind, ClassRecord, ForkPoint, StorageError};

/// The state below the first local block: another chain's, after the block it was forked at. It must always answer
/// the same. What was never set is zero there, too.
pub trait BaseState: Send + Sync {
    /// A storage cell.
    ///
    /// # Errors
    /// If the answer cannot be had.
    fn storage(&self, contract: ContractAddress, key: StorageKey) -> Result<Felt, BaseStateError>;

    /// A contract's nonce.
    ///
    /// # Errors
    /// If the answer cannot be had.
    fn nonce(&self, contract: ContractAddress) -> Result<Nonce, BaseStateError>;

    /// A contract's class.
    ///
    /// # Errors
    /// If the answer cannot be had.
    fn class_hash(&self, contract: ContractAddress) -> Result<ClassHash, BaseStateError>;

    /// A class, said to be declared at the forked block or earlier; `None` if it was not declared by then.
    ///
    /// # Errors
    /// If the answer cannot be had.
    fn class(&self, hash: ClassHash) -> Result<Option<ClassRecord>, BaseStateError>;
}

impl ChainKind {
    pub(crate) fn expect(self, expected: Self) -> Result<(), StorageError> {
        if self == expected { Ok(()) } else { Err(StorageError::OtherKind { expected, found: self }) }
    }
}

/// What lies below the first local block.
pub(crate) enum Base {
    /// Nothing.
    Empty,
    /// Another chain's state.
    Forked(ForkPoint, Arc<dyn BaseState>),
    /// Another chain's state, which is not at hand.
    Missing(ForkPoint),
}

impl Base {
    pub(crate) fn fork(&self) -> Option<ForkPoint> {
        match self {
            Self::Empty => None,
            Self::Forked(fork, _) | Self::Missing(fork) => Some(*fork),
        }
    }

    /// What the base says, which is nothing if there is none.
    pub(crate) fn ask<T: Default>(
        &self,
        question: impl FnOnce(&dyn BaseState) -> Result<T, BaseStateError>,
    ) -> Result<T, StorageError> {
        match self {
            Self::Empty => Ok(T::default()),
            Self::Forked(_, base) => Ok(question(base.as_ref())?),
            Self::Missing(fork) => Err(StorageError::BaseMissing { fork: *fork }),
        }
    }
}

//! A chain that begins where another one was at some block.

pub(crate) mod cache;
pub(crate) mod proof;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;

use crate::{ClassRecord, StorageError};

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

/// Why the state that was forked could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseStateError {
    /// Nobody answered in time, or asked us to come back later.
    #[error("the forked network does not answer: {reason}")]
    Unreachable {
        /// What happened.
        reason: String,
    },
    /// This node has no time for it now.
    #[error("the forked network's classes: {reason}")]
    Busy {
        /// What it is busy with.
        reason: String,
    },
    /// The answer makes no sense.
    #[error("the forked network answers nonsense: {reason}")]
    Invalid {
        /// What is wrong with it.
        reason: String,
    },
    /// What it answered earlier cannot be read from disk, or what it answers now not be written.
    #[error("what is kept of the forked network: {reason}")]
    Cache {
        /// What is wrong.
        reason: String,
    },
}

/// The block of another chain that the first local block builds on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkPoint {
    /// Its number; the first local block's is the next.
    pub number: BlockNumber,
    /// Its hash, the first local block's parent.
    pub hash: BlockHash,
}

impl fmt::Display for ForkPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block {} ({:#x})", self.number, self.hash.0)
    }
}

/// Who makes a chain's blocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChainKind {
    /// This node.
    #[default]
    Own,
    /// Another node: its blocks are taken as they are.
    Followed,
}

impl ChainKind {
    pub(crate) fn expect(self, expected: Self) -> Result<(), StorageError> {
        if self == expected { Ok(()) } else { Err(StorageError::OtherKind { expected, found: self }) }
    }
}

impl fmt::Display for ChainKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "a chain of its own",
            Self::Followed => "another node's chain, as it is",
        })
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

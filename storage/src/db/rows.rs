//! Encodings of values.

use serde::{Deserialize, Serialize};
use starknet_api::block::{BlockHash, BlockHeader, BlockHeaderWithoutHash, BlockNumber};
use starknet_api::core::{
    ClassHash, ContractAddress, EventCommitment, Nonce, ReceiptCommitment, StateDiffCommitment,
    TransactionCommitment,
};
use starknet_api::hash::StateRoots;
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;

use zkthreads_protocol::{InnerTransaction, L1TransactionHash, LogicalTime, PackageDigest};

use super::keys::FELT_BYTES;
use super::table::{CborValue, RowError, Value};
use crate::model::{
    BlockTransaction, ChainKind, ClassRecord, ForkPoint, PackageSummary, PooledTransaction,
    RejectedTransaction, SettledInner, TransactionTrace,
};
use crate::thread_journal::{JournalOwner, JournalPlace, JournalSubBlock};
use crate::trie::{Path, TrieNode};

/// The last committed block, and what the next one builds on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tip {
    pub(crate) number: BlockNumber,
    pub(crate) hash: BlockHash,
    pub(crate) roots: StateRoots,
}

/// Where the chain begins, and who makes its blocks. Without a row: at block 0, an own chain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BeginningRow", into = "BeginningRow")]
pub(crate) struct Beginning {
    pub(crate) fork: Option<ForkPoint>,
    pub(crate) kind: ChainKind,
}

/// The row of an own fork is its [`ForkPoint`]: there was nothing else once.
#[derive(Serialize, Deserialize)]
struct BeginningRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<BlockNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hash: Option<BlockHash>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    follows: bool,
}

impl From<BeginningRow> for Beginning {
    fn from(row: BeginningRow) -> Self {
        let fork = row.number.zip(row.hash).map(|(number, hash)| ForkPoint { number, hash });
        Self { fork, kind: if row.follows { ChainKind::Followed } else { ChainKind::Own } }
    }
}

impl From<Beginning> for BeginningRow {
    fn from(beginning: Beginning) -> Self {
        let (number, hash) = beginning.fork.map(|fork| (fork.number, fork.hash)).unzip();
        Self { number, hash, follows: beginning.kind == ChainKind::Followed }
    }
}

/// Where a transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TransactionPlace {
    pub(crate) block: BlockNumber,
    pub(crate) index: u32,
}

/// Where an inner transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InnerPlace {
    pub(crate) thread: TransactionHash,
    pub(crate) index: u32,
}

/// A value of the latest state and the block that set it. A view of that block or a later one may use it; an earlier
/// view turns to the history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Latest<T> {
    pub(crate) value: T,
    pub(crate) since: BlockNumber,
}

/// The latest state of a contract, its storage aside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contract {
    pub(crate) class_hash: Latest<ClassHash>,
    pub(crate) nonce: Latest<Nonce>,
    pub(crate) storage_root: Felt,
}

/// What a block added that its other rows do not name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Undo {
    /// Places of the contract trie's nodes that changed.
    pub(crate) contract_nodes: Vec<Path>,
    /// Of the class trie's.
    pub(crate) class_nodes: Vec<Path>,
    /// Of the storage tries'.
    pub(crate) storage_nodes: Vec<(ContractAddress, Vec<Path>)>,
    /// Classes that were not there before.
    pub(crate) classes: Vec<ClassHash>,
    /// Inner transactions that settled.
    pub(crate) inner: Vec<TransactionHash>,
    /// The L1 transactions of the messages that it delivered, in order.
    pub(crate) l1_transactions: Vec<L1TransactionHash>,
}

/// A transaction in a thread's journal, as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Received {
    pub(crate) hash: TransactionHash,
    pub(crate) transaction: InnerTransaction,
    pub(crate) received_at: u64,
}

/// The numbers that a thread's journal gives next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JournalNext {
    pub(crate) seq: u64,
    pub(crate) sub_block: u64,
}

/// A header in full. `BlockHeader`'s own serde implementation leaves its commitments out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Header {
    block_hash: BlockHash,
    block_header_without_hash: BlockHeaderWithoutHash,
    state_diff_commitment: Option<StateDiffCommitment>,
    state_diff_length: Option<usize>,
    transaction_commitment: Option<TransactionCommitment>,
    event_commitment: Option<EventCommitment>,
    n_transactions: usize,
    n_events: usize,
    receipt_commitment: Option<ReceiptCommitment>,
}

/// Converts between two structs with the same fields.
macro_rules! same_fields {
    ($a:ident <=> $b:ident { $($field:ident),* $(,)? }) => {
        impl From<$a> for $b {
            fn from($a { $($field),* }: $a) -> Self {
                Self { $($field),* }
            }
        }
        impl From<$b> for $a {
            fn from($b { $($field),* }: $b) -> Self {
                Self { $($field),* }
            }
        }
    };
}

same_fields!(Header <=> BlockHeader {
    block_hash,
    block_header_without_hash,
    state_diff_commitment,
    state_diff_length,
    transaction_commitment,
    event_commitment,
    n_transactions,
    n_events,
    receipt_commitment,
});

impl CborValue for u32 {}
impl CborValue for Tip {}
impl CborValue for TransactionPlace {}
impl CborValue for Contract {}
impl CborValue for Header {}
impl CborValue for BlockNumber {}
impl CborValue for BlockTransaction {}
impl CborValue for ThinStateDiff {}
impl CborValue for ClassRecord {}
impl CborValue for ClassHash {}
impl CborValue for RejectedTransaction {}
impl CborValue for TransactionHash {}
impl CborValue for InnerPlace {}
impl CborValue for Undo {}
impl CborValue for StateRoots {}
impl CborValue for ForkPoint {}
impl CborValue for Beginning {}
impl CborValue for TransactionTrace {}
impl CborValue for PooledTransaction {}
impl CborValue for Nonce {}
impl CborValue for u64 {}
impl CborValue for Received {}
impl CborValue for JournalNext {}
impl CborValue for JournalOwner {}
impl CborValue for JournalPlace {}
impl CborValue for JournalSubBlock {}
impl CborValue for LogicalTime {}
impl CborValue for PackageSummary {}
impl CborValue for PackageDigest {}

impl Value for SettledInner {
    fn encode(&self, row: &mut Vec<u8>) -> Result<(), RowError> {
        row.extend(self.end.to_be_bytes());
        for (hash, begin) in &self.begins {
            hash.0.encode(row)?;
            row.extend(begin.to_be_bytes());
        }
        Ok(())
    }

    fn decode(row: &[u8]) -> Result<Self, RowError> {
        let malformed = RowError::malformed::<Self>;
        let (end, rest) = row.split_first_chunk().ok_or_else(malformed)?;
        let (begins, []) = rest.as_chunks::<{ FELT_BYTES + size_of::<u32>() }>() else {
            return Err(malformed());
        };
        let begin = |row: &[u8; FELT_BYTES + size_of::<u32>()]| {
            let (hash, begin) = row.split_last_chunk().ok_or_else(malformed)?;
            Ok((TransactionHash(Felt::decode(hash)?), u32::from_be_bytes(*begin)))
        };
        let begins: Vec<_> = begins.iter().map(begin).collect::<Result<_, RowError>>()?;
        let end = u32::from_be_bytes(*end);
        if !begins.is_sorted_by_key(|(_, begin)| *begin) || begins.last().is_some_and(|(_, last)| *last > end)
        {
            return Err(malformed());
        }
        Ok(Self { begins, end })
    }
}

/// Of a row whose key says it all.
impl Value for () {
    fn encode(&self, _: &mut Vec<u8>) -> Result<(), RowError> {
        Ok(())
    }

    fn decode(row: &[u8]) -> Result<Self, RowError> {
        if row.is_empty() { Ok(()) } else { Err(RowError::malformed::<Self>()) }
    }
}

impl Value for Vec<u8> {
    fn encode(&self, row: &mut Vec<u8>) -> Result<(), RowError> {
        row.extend_from_slice(self);
        Ok(())
    }

    fn decode(row: &[u8]) -> Result<Self, RowError> {
        Ok(row.to_vec())
    }
}

impl Value for Felt {
    fn encode(&self, row: &mut Vec<u8>) -> Result<(), RowError> {
        row.extend(self.to_bytes_be());
        Ok(())
    }

    fn decode(row: &[u8]) -> Result<Self, RowError> {
        let bytes = row.try_into().map_err(|_| RowError::malformed::<Self>())?;
        let felt = Self::from_bytes_be(&bytes);
        if felt.to_bytes_be() == bytes { Ok(felt) } else { Err(RowError::malformed::<Self>()) }
    }
}

impl Value for Latest<Felt> {
    fn encode(&self, row: &mut Vec<u8>) -> Result<(), RowError> {
        row.extend(self.since.0.to_be_bytes());
        self.value.encode(row)
    }

    fn decode(row: &[u8]) -> Result<Self, RowError> {
        let (since, value) = row.split_first_chunk().ok_or_else(RowError::malformed::<Self>)?;
        Ok(Self { value: Felt::decode(value)?, since: BlockNumber(u64::from_be_bytes(*since)) })
    }
}

/// First byte of a node's encoding.
const BINARY: u8 = 0;
const EDGE: u8 = 1;

impl Value for TrieNode {
    fn encode(&self, row: &mut Vec<u8>) -> Result<(), RowError> {
        match self {
            Self::Binary { left, right } => {
                row.push(BINARY);
                left.encode(row)?;
                right.encode(row)
            }
            Self::Edge { end, child } => {
                row.push(EDGE);
                child.encode(row)?;
                row.extend(end.to_bytes());
                Ok(())
            }
        }
    }

    fn decode(row: &[u8]) -> Result<Self, RowError> {
        let malformed = RowError::malformed::<Self>;
        let (&kind, row) = row.split_first().ok_or_else(malformed)?;
        let (hash, rest) = row.split_at_checked(FELT_BYTES).ok_or_else(malformed)?;
        let hash = Felt::decode(hash)?;
        match kind {
            BINARY => Ok(Self::Binary { left: hash, right: Felt::decode(rest)? }),
            EDGE => Ok(Self::Edge { end: Path::from_bytes(rest).ok_or_else(malformed)?, child: hash }),
            _ => Err(malformed()),
        }
    }
}

impl Value for Option<TrieNode> {
    fn encode(&self, row: &mut Vec<u8>) -> Result<(), RowError> {
        self.iter().try_for_each(|node| node.encode(row))
    }

    fn decode(row: &[u8]) -> Result<Self, RowError> {
        if row.is_empty() { Ok(None) } else { TrieNode::decode(row).map(Some) }
    }
}

//! Encodings of keys.

use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::{ClassHash, ContractAddress, PatriciaKey};
use starknet_api::state::StorageKey;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{L1TransactionHash, PackageDigest, StateCell};

use super::table::Key;
use crate::trie::Path;

/// Length of an encoded felt.
pub(crate) const FELT_BYTES: usize = 32;

/// Length of an encoded block number.
pub(crate) const BLOCK_BYTES: usize = 8;

/// A block in a history key. Encoded as `u32::MAX − number`, so that later blocks come first and the first row at or
/// after `(…, block n)` is the last change up to block n.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backwards(pub(crate) u32);

impl Backwards {
    /// The block whose changes a view of `number` may see; numbers beyond the format see everything.
    pub(crate) fn up_to(number: BlockNumber) -> Self {
        Self(u32::try_from(number.0).unwrap_or(u32::MAX))
    }

    /// The block at the end of an encoded history key.
    pub(crate) fn read_last(key: &[u8]) -> Option<BlockNumber> {
        let (_, last) = key.split_last_chunk()?;
        Some(BlockNumber((u32::MAX - u32::from_be_bytes(*last)).into()))
    }
}

impl Key for Backwards {
    fn encode(&self) -> Vec<u8> {
        (u32::MAX - self.0).encode()
    }

    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (number, rest) = u32::decode(bytes)?;
        Some((Self(u32::MAX - number), rest))
    }
}

impl Key for () {
    fn encode(&self) -> Vec<u8> {
        Vec::new()
    }

    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        Some(((), bytes))
    }
}

impl Key for u32 {
    fn encode(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (number, rest) = bytes.split_first_chunk()?;
        Some((Self::from_be_bytes(*number), rest))
    }
}

impl Key for u64 {
    fn encode(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (number, rest) = bytes.split_first_chunk()?;
        Some((Self::from_be_bytes(*number), rest))
    }
}

impl Key for BlockNumber {
    fn encode(&self) -> Vec<u8> {
        self.0.to_be_bytes().to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (number, rest) = bytes.split_first_chunk()?;
        Some((Self(u64::from_be_bytes(*number)), rest))
    }
}

impl Key for L1TransactionHash {
    fn encode(&self) -> Vec<u8> {
        self.0.to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (hash, rest) = bytes.split_first_chunk()?;
        Some((Self(*hash), rest))
    }
}

impl Key for Felt {
    fn encode(&self) -> Vec<u8> {
        self.to_bytes_be().to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (felt, rest) = bytes.split_first_chunk::<FELT_BYTES>()?;
        let read = Self::from_bytes_be(felt);
        (read.to_bytes_be() == *felt).then_some((read, rest))
    }
}

/// Keys that are felts in a role.
macro_rules! felt_keys {
    ($($key:ident: $felt:expr, $read:expr;)*) => {
        $(impl Key for $key {
            fn encode(&self) -> Vec<u8> {
                let felt: fn(&Self) -> &Felt = $felt;
                felt(self).encode()
            }

            fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
                let read: fn(Felt) -> Option<Self> = $read;
                let (felt, rest) = Felt::decode(bytes)?;
                Some((read(felt)?, rest))
            }
        })*
    };
}

felt_keys! {
    BlockHash: |key| &key.0, |felt| Some(Self(felt));
    TransactionHash: |key| &key.0, |felt| Some(Self(felt));
    ClassHash: |key| &key.0, |felt| Some(Self(felt));
    PackageDigest: |key| &key.0, |felt| Some(Self(felt));
    ContractAddress: |key| key.0.key(), |felt| PatriciaKey::try_from(felt).ok().map(Self);
    StorageKey: |key| key.0.key(), |felt| PatriciaKey::try_from(felt).ok().map(Self);
}

/// A transaction that names a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Holder {
    /// Of the pool.
    Pool(TransactionHash),
    /// Of a block.
    Block(TransactionHash),
}

/// First byte of each kind of holder. The transaction's hash follows.
mod holder_kind {
    pub(super) const POOL: u8 = 0;
    pub(super) const BLOCK: u8 = 1;
}

impl Key for Holder {
    fn encode(&self) -> Vec<u8> {
        let (kind, hash) = match self {
            Self::Pool(hash) => (holder_kind::POOL, hash),
            Self::Block(hash) => (holder_kind::BLOCK, hash),
        };
        [vec![kind], hash.encode()].concat()
    }

    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (kind, rest) = bytes.split_first()?;
        let (hash, rest) = TransactionHash::decode(rest)?;
        match *kind {
            holder_kind::POOL => Some((Self::Pool(hash), rest)),
            holder_kind::BLOCK => Some((Self::Block(hash), rest)),
            _ => None,
        }
    }
}

/// First byte of each kind of cell. The storage key of a storage cell follows.
mod cell_kind {
    pub(super) const STORAGE: u8 = 0;
    pub(super) const NONCE: u8 = 1;
    pub(super) const CLASS_HASH: u8 = 2;
}

impl Key for StateCell {
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Storage(key) => [vec![cell_kind::STORAGE], key.encode()].concat(),
            Self::Nonce => vec![cell_kind::NONCE],
            Self::ClassHash => vec![cell_kind::CLASS_HASH],
        }
    }

    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (kind, rest) = bytes.split_first()?;
        match *kind {
            cell_kind::STORAGE => StorageKey::decode(rest).map(|(key, rest)| (Self::Storage(key), rest)),
            cell_kind::NONCE => Some((Self::Nonce, rest)),
            cell_kind::CLASS_HASH => Some((Self::ClassHash, rest)),
            _ => None,
        }
    }
}

impl Key for Path {
    fn encode(&self) -> Vec<u8> {
        self.to_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let turns = usize::from(bytes.first()?.div_ceil(8));
        let (path, rest) = bytes.split_at_checked(1 + turns)?;
        Some((Self::from_bytes(path)?, rest))
    }
}

impl<A: Key, B: Key> Key for (A, B) {
    fn encode(&self) -> Vec<u8> {
        let mut key = self.0.encode();
        key.extend(self.1.encode());
        key
    }

    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (a, rest) = A::decode(bytes)?;
        let (b, rest) = B::decode(rest)?;
        Some(((a, b), rest))
    }
}

impl<A: Key, B: Key, C: Key> Key for (A, B, C) {
    fn encode(&self) -> Vec<u8> {
        let mut key = self.0.encode();
        key.extend(self.1.encode());
        key.extend(self.2.encode());
        key
    }

    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (a, rest) = A::decode(bytes)?;
        let ((b, c), rest) = <(B, C)>::decode(rest)?;
        Some(((a, b, c), rest))
    }
}

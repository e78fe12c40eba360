//! Encodings of keys.

use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::{ClassHash, ContractAddress};
use starknet_api::state::StorageKey;
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::L1TransactionHash;

use super::table::Key;
use crate::trie::Path;

/// Length of an encoded felt.
pub(crate) const FELT_BYTES: usize = 32;

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
        (u32::MAX - self.0).to_be_bytes().to_vec()
    }
}

impl Key for () {
    fn encode(&self) -> Vec<u8> {
        Vec::new()
    }
}

impl Key for BlockNumber {
    fn encode(&self) -> Vec<u8> {
        self.0.to_be_bytes().to_vec()
    }
}

impl Key for u32 {
    fn encode(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }
}

impl Key for BlockHash {
    fn encode(&self) -> Vec<u8> {
        self.0.to_bytes_be().to_vec()
    }
}

impl Key for TransactionHash {
    fn encode(&self) -> Vec<u8> {
        self.0.to_bytes_be().to_vec()
    }
}

impl Key for L1TransactionHash {
    fn encode(&self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl Key for ClassHash {
    fn encode(&self) -> Vec<u8> {
        self.0.to_bytes_be().to_vec()
    }
}

impl Key for ContractAddress {
    fn encode(&self) -> Vec<u8> {
        self.0.key().to_bytes_be().to_vec()
    }
}

impl Key for StorageKey {
    fn encode(&self) -> Vec<u8> {
        self.0.key().to_bytes_be().to_vec()
    }
}

impl Key for Path {
    fn encode(&self) -> Vec<u8> {
        self.to_bytes()
    }
}

impl<A: Key, B: Key> Key for (A, B) {
    fn encode(&self) -> Vec<u8> {
        let mut key = self.0.encode();
        key.extend(self.1.encode());
        key
    }
}

impl<A: Key, B: Key, C: Key> Key for (A, B, C) {
    fn encode(&self) -> Vec<u8> {
        let mut key = self.0.encode();
        key.extend(self.1.encode());
        key.extend(self.2.encode());
        key
    }
}

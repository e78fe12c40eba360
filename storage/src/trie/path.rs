//! Positions in a trie.

use std::fmt;

use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use starknet_types_core::felt::Felt;

/// Height of every trie, hence the length of a key in bits.
pub const HEIGHT: u8 = 251;

/// Bits of a 32-byte word that a key does not use.
const SPARE_BITS: u32 = 256 - HEIGHT as u32;

/// A node's place: the turns taken from the root, left (0) or right (1).
///
/// Invariant: `len <= HEIGHT` and every bit after the first `len` is zero, so that equality is equality of places.
/// Ordered by the bits, so sorted keys put each subtree's keys side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// Left-aligned: the first turn is the top bit of the first byte.
    bits: [u8; 32],
    len: u8,
}

impl Path {
    /// The root's place.
    pub const ROOT: Self = Self { bits: [0; 32], len: 0 };

    /// The leaf of `key`, or `None` if the key is 2^251 or more.
    #[must_use]
    pub fn of_key(key: Felt) -> Option<Self> {
        let mut bits = key.to_bytes_be();
        if bits[0].leading_zeros() < SPARE_BITS {
            return None;
        }
        for i in 0..32 {
            let next = bits.get(i + 1).copied().unwrap_or(0);
            bits[i] = bits[i] << SPARE_BITS | next >> (8 - SPARE_BITS);
        }
        Some(Self { bits, len: HEIGHT })
    }

    /// Distance from the root.
    #[must_use]
    pub fn len(&self) -> u8 {
        self.len
    }

    /// Whether this is the root's place.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The turn taken at depth `depth`: true for right.
    #[must_use]
    pub fn bit(&self, depth: u8) -> bool {
        self.bits[usize::from(depth / 8)] >> (7 - depth % 8) & 1 == 1
    }

    /// The place reached by one more turn.
    #[must_use]
    pub fn child(mut self, right: bool) -> Self {
        debug_assert!(self.len < HEIGHT);
        if right {
            self.bits[usize::from(self.len / 8)] |= 1 << (7 - self.len % 8);
        }
        self.len += 1;
        self
    }

    /// The ancestor at depth `len` (itself if `len` is its own depth or more).
    #[must_use]
    pub fn prefix(mut self, len: u8) -> Self {
        if len >= self.len {
            return self;
        }
        let whole = usize::from(len / 8);
        self.bits[whole] &= !(0xff >> (len % 8));
        self.bits[whole + 1..].fill(0);
        self.len = len;
        self
    }

    /// How many turns two places share from the root on.
    #[must_use]
    pub fn common_prefix(&self, other: &Self) -> u8 {
        let shared = self.bits.iter().zip(&other.bits).enumerate().find(|(_, (a, b))| a != b);
        let bits = shared.map_or(HEIGHT, |(i, (a, b))| 8 * i as u8 + (a ^ b).leading_zeros() as u8);
        bits.min(self.len).min(other.len)
    }

    /// Whether `ancestor` lies on the way here (a place is its own ancestor).
    #[must_use]
    pub fn starts_with(&self, ancestor: &Self) -> bool {
        self.common_prefix(ancestor) == ancestor.len
    }

    /// The turns after the first `from`, as a number: what an edge hashes as its path.
    #[must_use]
    pub fn number_after(&self, from: u8) -> Felt {
        let mut tail = self.bits;
        let whole = usize::from(from / 8);
        tail[..whole].fill(0);
        tail[whole] &= 0xff >> (from % 8);
        let shift = 256 - usize::from(self.len);
        let (bytes, bits) = (shift / 8, shift % 8);
        let mut number = [0; 32];
        for i in (bytes..32).rev() {
            let low = tail[i - bytes] >> bits;
            let high = if bits > 0 && i > bytes { tail[i - bytes - 1] << (8 - bits) } else { 0 };
            number[i] = high | low;
        }
        Felt::from_bytes_be(&number)
    }

    /// As a row key: the length, then just enough bytes for the bits.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = vec![self.len];
        bytes.extend_from_slice(&self.bits[..usize::from(self.len.div_ceil(8))]);
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote, and nothing else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&len, turns) = bytes.split_first()?;
        if len > HEIGHT || turns.len() != usize::from(len.div_ceil(8)) {
            return None;
        }
        let mut bits = [0; 32];
        bits[..turns.len()].copy_from_slice(turns);
        let path = Self { bits, len };
        (Self { bits, len: HEIGHT }.prefix(len).bits == bits).then_some(path)
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.to_bytes())
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Path;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a place in a trie")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Path, E> {
                Path::from_bytes(bytes).ok_or_else(|| E::invalid_value(Unexpected::Bytes(bytes), &self))
            }
        }

        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A place from its turns, the slow and obvious way.
    fn path(turns: &[bool]) -> Path {
        turns.iter().fold(Path::ROOT, |path, &right| path.child(right))
    }

    fn number(turns: &[bool]) -> Felt {
        turns.iter().fold(Felt::ZERO, |n, &right| n * Felt::TWO + Felt::from(right))
    }

    #[test]
    fn keys_are_below_two_to_the_251() {
        let limit = Felt::TWO.pow(251u32);
        assert_eq!(Path::of_key(limit), None);
        assert_eq!(Path::of_key(Felt::MAX), None);
        assert_eq!(Path::of_key(limit - Felt::ONE), Some(path(&[true; 251])));
        assert_eq!(Path::of_key(Felt::ZERO), Some(path(&[false; 251])));
    }

    proptest! {
        #[test]
        fn agrees_with_a_list_of_turns(
            turns in prop::collection::vec(any::<bool>(), 0..=251),
            other in prop::collection::vec(any::<bool>(), 0..=251),
            share in 0..=251usize,
            cut in 0..=251usize,
        ) {
            let this = path(&turns);
            let cut = cut.min(turns.len());
            prop_assert_eq!(this.prefix(cut as u8), path(&turns[..cut]));
            prop_assert_eq!(this.number_after(cut as u8), number(&turns[cut..]));
            prop_assert_eq!(Path::from_bytes(&this.to_bytes()), Some(this));
            for (depth, &turn) in turns.iter().enumerate() {
                prop_assert_eq!(this.bit(depth as u8), turn);
            }
            let share = share.min(turns.len()).min(other.len());
            let mixed: Vec<_> = turns[..share].iter().chain(&other[share..]).copied().collect();
            let common = turns.iter().zip(&mixed).take_while(|(a, b)| a == b).count();
            prop_assert_eq!(usize::from(this.common_prefix(&path(&mixed))), common);
            if turns.len() == 251 {
                prop_assert_eq!(Path::of_key(number(&turns)), Some(this));
            }
        }

        #[test]
        fn decodes_one_encoding_only(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(path) = Path::from_bytes(&bytes) {
                prop_assert_eq!(path.to_bytes(), bytes);
            }
        }
    }
}

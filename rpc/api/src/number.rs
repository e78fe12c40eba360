//! Numbers written as hexadecimal strings. Reading is strict: `0x`, at least one digit, and a value in range.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use starknet_api::core::{ContractAddress, PatriciaKey};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;

/// A field element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeltHex(pub Felt);

/// A contract address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressHex(pub ContractAddress);

/// A storage key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyHex(pub StorageKey);

/// A 64-bit number as a hexadecimal string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct U64Hex(pub u64);

/// A 128-bit number as a hexadecimal string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct U128Hex(pub u128);

/// The values of a list of felts.
pub fn felts(list: Vec<FeltHex>) -> Vec<Felt> {
    list.into_iter().map(|felt| felt.0).collect()
}

/// Hex digits after `0x`, left-padded to 32 bytes; `None` if that is not what `text` is.
pub fn parse_bytes(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix("0x")?;
    if digits.is_empty() || digits.len() > 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (position, digit) in digits.bytes().rev().enumerate() {
        let value = char::from(digit).to_digit(16)? as u8;
        bytes[31 - position / 2] |= value << (4 * (position % 2));
    }
    Some(bytes)
}

fn parse_felt(text: &str) -> Option<Felt> {
    let bytes = parse_bytes(text)?;
    let felt = Felt::from_bytes_be(&bytes);
    (felt.to_bytes_be() == bytes).then_some(felt)
}

fn parse_u128(text: &str) -> Option<u128> {
    let bytes = parse_bytes(text)?;
    let (high, low) = bytes.split_at(16);
    (high.iter().all(|byte| *byte == 0)).then(|| low.iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte)))
}

/// Reads a string with `parse`; the error says what was expected.
fn read<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expected: &'static str,
    parse: fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    struct Text<T>(&'static str, fn(&str) -> Option<T>);
    impl<T> Visitor<'_> for Text<T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            let shown = text.char_indices().nth(80).map_or(text, |(end, _)| &text[..end]);
            (self.1)(text).ok_or_else(|| E::custom(format_args!("`{shown}` is not {}", self.0)))
        }
    }
    deserializer.deserialize_str(Text(expected, parse))
}

impl<'de> Deserialize<'de> for FeltHex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, "a field element (0x and hex digits, below the prime)", parse_felt).map(Self)
    }
}

impl<'de> Deserialize<'de> for AddressHex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, "a contract address (0x and hex digits, below 2^251)", |text| {
            ContractAddress::try_from(parse_felt(text)?).ok()
        })
        .map(Self)
    }
}

impl<'de> Deserialize<'de> for KeyHex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, "a storage key (0x and hex digits, below 2^251)", |text| {
            PatriciaKey::try_from(parse_felt(text)?).ok().map(StorageKey)
        })
        .map(Self)
    }
}

impl<'de> Deserialize<'de> for U64Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, "a 64-bit number (0x and hex digits)", |text| parse_u128(text)?.try_into().ok())
            .map(Self)
    }
}

impl<'de> Deserialize<'de> for U128Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, "a 128-bit number (0x and hex digits)", parse_u128).map(Self)
    }
}

impl Serialize for U64Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:#x}", self.0))
    }
}

impl Serialize for U128Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:#x}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn felts_are_canonical() {
        let read = |text: &str| serde_json::from_str::<FeltHex>(&format!("\"{text}\"")).map(|felt| felt.0);
        assert_eq!(read("0x0").unwrap(), Felt::ZERO);
        assert_eq!(read("0x000a").unwrap(), Felt::from(10));
        assert_eq!(read(&format!("{:#x}", Felt::MAX)).unwrap(), Felt::MAX);
        let prime = "0x800000000000011000000000000000000000000000000000000000000000001";
        for bad in
            ["", "0x", "10", "0X1", "0xg", "0x-1", "0x 1", prime, &format!("0x{}", "0".repeat(65)), "é"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<FeltHex>("5").is_err());
    }

    #[test]
    fn ranges() {
        let text = |value: &str| format!("\"{value}\"");
        assert_eq!(serde_json::from_str::<U64Hex>(&text("0xffffffffffffffff")).unwrap().0, u64::MAX);
        assert!(serde_json::from_str::<U64Hex>(&text("0x10000000000000000")).is_err());
        let max = format!("{:#x}", u128::MAX);
        assert_eq!(serde_json::from_str::<U128Hex>(&text(&max)).unwrap().0, u128::MAX);
        assert!(serde_json::from_str::<U128Hex>(&text("0x100000000000000000000000000000000")).is_err());
        assert!(serde_json::from_str::<KeyHex>(&text(&format!("{:#x}", Felt::MAX))).is_err());
        assert!(serde_json::from_str::<AddressHex>(&text(&format!("{:#x}", Felt::MAX))).is_err());
    }
}

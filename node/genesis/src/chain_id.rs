//! A chain's id as users write it.

use serde::{Deserialize, Deserializer, Serializer, de};
use starknet_api::core::ChainId;

/// A chain's id, or the short name of one of Starknet's: `MAINNET`, `TESTNET`.
///
/// # Errors
/// If it is not 1 to 31 printable ASCII characters.
pub fn parse(text: &str) -> Result<ChainId, String> {
    match text {
        "MAINNET" => Ok(ChainId::Mainnet),
        "TESTNET" => Ok(ChainId::Sepolia),
        _ if text.is_empty() || text.len() > 31 || !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err("a chain id is 1 to 31 printable ASCII characters".to_owned())
        }
        _ => Ok(ChainId::from(text.to_owned())),
    }
}

pub(crate) fn serialize<S: Serializer>(id: &ChainId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ChainId, D::Error> {
    parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chain_ids_have_their_short_names() {
        assert_eq!(parse("MAINNET"), Ok(ChainId::Mainnet));
        assert_eq!(parse("SN_MAIN"), Ok(ChainId::Mainnet));
        assert_eq!(parse("TESTNET"), Ok(ChainId::Sepolia));
        assert!(parse("").is_err());
        assert!(parse("café").is_err());
        assert!(parse(&"x".repeat(32)).is_err());
    }
}

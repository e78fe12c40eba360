//! Parsers of option values.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use starknet_api::block::{GasPrice, NonzeroGasPrice};
use starknet_api::core::{ChainId, ContractAddress};
use starknet_types_core::felt::Felt;
use tracing_subscriber::EnvFilter;

/// A chain's id, or the short name of one of Starknet's.
pub(crate) fn chain_id(text: &str) -> Result<ChainId, String> {
    match text {
        "MAINNET" => Ok(ChainId::Mainnet),
        "TESTNET" => Ok(ChainId::Sepolia),
        _ if text.is_empty() || text.len() > 31 || !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err("a chain id is 1 to 31 printable ASCII characters".to_owned())
        }
        _ => Ok(ChainId::from(text.to_owned())),
    }
}

/// An IP address, or `localhost`.
pub(crate) fn host(text: &str) -> Result<IpAddr, String> {
    if text == "localhost" {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    text.parse().map_err(|_| "an IP address or localhost is expected".to_owned())
}

/// A time span of at least a millisecond.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|interval| *interval >= Duration::from_millis(1))
        .ok_or_else(|| "a positive number of seconds is expected".to_owned())
}

/// A contract's address.
pub(crate) fn address(text: &str) -> Result<ContractAddress, String> {
    let felt = Felt::from_hex(text).map_err(|error| error.to_string())?;
    felt.try_into().map_err(|_| "not a contract address".to_owned())
}

/// A price of gas, of which none is free.
pub(crate) fn gas_price(text: &str) -> Result<NonzeroGasPrice, String> {
    let price = text.parse().ok().and_then(|price| NonzeroGasPrice::new(GasPrice(price)).ok());
    price.ok_or_else(|| "a positive whole number is expected".to_owned())
}

/// Directives that the log's filter understands.
pub(crate) fn log_level(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chain_ids_have_their_short_names() {
        assert_eq!(chain_id("MAINNET"), Ok(ChainId::Mainnet));
        assert_eq!(chain_id("SN_MAIN"), Ok(ChainId::Mainnet));
        assert_eq!(chain_id("TESTNET"), Ok(ChainId::Sepolia));
        assert!(chain_id("").is_err());
        assert!(chain_id("café").is_err());
        assert!(chain_id(&"x".repeat(32)).is_err());
    }

    #[test]
    fn nothing_is_free_and_no_time_stands_still() {
        assert!(gas_price("0").is_err());
        assert!(gas_price("-1").is_err());
        assert_eq!(gas_price("7").map(|price| price.get()), Ok(GasPrice(7)));
        assert!(seconds("0").is_err());
        assert!(seconds("-1").is_err());
        assert!(seconds("inf").is_err());
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
    }

    #[test]
    fn log_levels_are_words_or_directives() {
        assert!(log_level("debug").is_ok());
        assert!(log_level("warn,zkthreads=trace").is_ok());
        assert!(log_level("zkthreads=loud").is_err());
    }
}

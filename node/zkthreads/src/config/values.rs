//! Parsers of option values.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use starknet_api::block::{GasPrice, NonzeroGasPrice};
use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;
use tracing_subscriber::EnvFilter;
use zkthreads_genesis::account_class::AccountClass;

/// One of OpenZeppelin's account classes, by starknet-devnet's names.
pub(crate) fn account_class(text: &str) -> Result<AccountClass, String> {
    match text {
        "cairo0" => Ok(AccountClass::Cairo0),
        "cairo1" => Ok(AccountClass::Cairo1),
        _ => Err("`cairo0` or `cairo1` is expected".to_owned()),
    }
}

/// An account class in a file.
pub(crate) fn account_artifact(path: &str) -> Result<AccountClass, String> {
    AccountClass::read(Path::new(path)).map_err(|error| error.to_string())
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

/// What transactions may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContractChoice {
    /// Every contract.
    Any,
    /// This one.
    One(ContractAddress),
}

/// A contract that a thread may write, or `any`.
pub(crate) fn contract(text: &str) -> Result<ContractChoice, String> {
    match text.trim() {
        "any" => Ok(ContractChoice::Any),
        text => address(text).map(ContractChoice::One),
    }
}

/// A number, one at least.
pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| "a number, 1 at least, is expected".to_owned())
}

/// An amount of memory: bytes, or so many KiB, MiB or GiB.
pub(crate) fn memory(text: &str) -> Result<u64, String> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
    let unit = units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)));
    let (number, shift) = unit.unwrap_or((text, 0));
    let bytes = number.trim().parse().ok().and_then(|number: u64| number.checked_mul(1 << shift));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| "a size like 6GiB is expected".to_owned())
}

/// An amount of a token of 18 decimals, in its smallest unit.
pub(crate) fn tokens(text: &str) -> Result<u128, String> {
    const DECIMALS: usize = 18;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let amount = format!("{whole}{fraction:0<DECIMALS$}");
    Some(amount)
        .filter(|_| !whole.is_empty() && fraction.len() <= DECIMALS && digits(whole) && digits(fraction))
        .and_then(|amount| amount.parse().ok())
        .ok_or_else(|| "an amount of STRK like 0.5 is expected".to_owned())
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
    fn sizes_have_units() {
        assert_eq!(memory("6GiB"), Ok(6 << 30));
        assert_eq!(memory("512 MiB"), Ok(512 << 20));
        assert_eq!(memory("1000"), Ok(1000));
        for wrong in ["", "0", "GiB", "-1GiB", "6GB", "99999999999GiB"] {
            assert!(memory(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn amounts_of_strk_have_up_to_18_decimals() {
        assert_eq!(tokens("1"), Ok(1_000_000_000_000_000_000));
        assert_eq!(tokens("0.5"), Ok(500_000_000_000_000_000));
        assert_eq!(tokens("0.000000000000000001"), Ok(1));
        for wrong in ["", ".5", "-1", "1.0000000000000000001", "1e3", "1,5", "9999999999999999999999"] {
            assert!(tokens(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn contracts_are_addresses_or_any() {
        assert_eq!(contract("any"), Ok(ContractChoice::Any));
        assert_eq!(contract(" 0x7"), Ok(ContractChoice::One(ContractAddress::from(7_u128))));
        assert!(contract("all").is_err());
    }

    #[test]
    fn log_levels_are_words_or_directives() {
        assert!(log_level("debug").is_ok());
        assert!(log_level("warn,zkthreads=trace").is_ok());
        assert!(log_level("zkthreads=loud").is_err());
    }
}

//! How much of a token somebody has: what Cairo's `u256` holds.

use std::fmt;
use std::str::FromStr;

use num_bigint::BigUint;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A balance, in the token's smallest unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance(BigUint);

/// Why a text is no balance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BalanceError {
    /// It is no decimal number.
    #[error("a decimal number is expected")]
    NotDecimal,
    /// It is more than a token can tell.
    #[error("at most 2^256 - 1 is expected")]
    TooLarge,
}

impl Balance {
    /// In the token's smallest unit.
    #[must_use]
    pub fn amount(&self) -> &BigUint {
        &self.0
    }
}

impl From<u128> for Balance {
    fn from(amount: u128) -> Self {
        Self(amount.into())
    }
}

impl FromStr for Balance {
    type Err = BalanceError;

    fn from_str(text: &str) -> Result<Self, BalanceError> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BalanceError::NotDecimal);
        }
        let amount: BigUint = text.parse().map_err(|_| BalanceError::NotDecimal)?;
        if amount.bits() > 256 { Err(BalanceError::TooLarge) } else { Ok(Self(amount)) }
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Balance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// From JSON only. It was a number of 128 bits once, which JSON's own numbers are not.
impl<'de> Deserialize<'de> for Balance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        json.get().trim_matches('"').parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: &str = "115792089237316195423570985008687907853269984665640564039457584007913129639935";

    #[test]
    fn what_a_u256_holds() {
        for good in ["0", "5", "1000000000000000000000", MOST] {
            assert_eq!(good.parse::<Balance>().unwrap().to_string(), good);
        }
        let one_more = format!("{}6", MOST.strip_suffix('5').unwrap());
        assert_eq!(one_more.parse::<Balance>(), Err(BalanceError::TooLarge));
        for bad in ["", "-1", "+1", "0x5", "1e3", " 1", "1_000"] {
            assert_eq!(bad.parse::<Balance>(), Err(BalanceError::NotDecimal), "{bad}");
        }
    }

    #[test]
    fn manifests_hold_it_as_text_and_once_held_a_number() {
        let most: Balance = MOST.parse().unwrap();
        let json = serde_json::to_string(&most).unwrap();
        assert_eq!(json, format!("\"{MOST}\""));
        assert_eq!(serde_json::from_str::<Balance>(&json).unwrap(), most);
        let earlier = serde_json::from_str::<Balance>("1000000000000000000000").unwrap();
        assert_eq!(earlier, Balance::from(1_000_000_000_000_000_000_000));
        assert!(serde_json::from_str::<Balance>("-1").is_err());
    }
}

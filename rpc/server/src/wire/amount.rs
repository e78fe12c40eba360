//! An amount of tokens: a JSON number of any size. As JavaScript writes large ones, it may have a fraction, which is
//! dropped, and an exponent.

use num_bigint::BigUint;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Longest exponent and longest number that is read: far above any amount, far below what takes long to compute.
const MAX_DIGITS: usize = 200;

/// An amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Amount(pub(crate) BigUint);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        parse(&number.to_string())
            .map(Self)
            .ok_or_else(|| D::Error::custom("an amount is a number of at least 0"))
    }
}

/// The whole part of a decimal number in JSON's notation; `None` if it is negative or absurdly long.
fn parse(text: &str) -> Option<BigUint> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let digits = [whole, fraction].concat();
    let length = usize::try_from(point.max(0)).ok()?;
    if digits.len() > MAX_DIGITS || length > MAX_DIGITS || !digits.bytes().all(|digit| digit.is_ascii_digit())
    {
        return None;
    }
    let kept = &digits[..length.min(digits.len())];
    let zeros = "0".repeat(length - kept.len());
    BigUint::parse_bytes(format!("0{kept}{zeros}").as_bytes(), 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_sizes_and_notations() {
        let ten = |power: u32| BigUint::from(10_u8).pow(power);
        for (text, expected) in [
            ("0", BigUint::ZERO),
            ("500000", BigUint::from(500_000_u32)),
            ("1000000000000000000000000000001", ten(30) + 1_u8),
            ("1e30", ten(30)),
            ("1E+21", ten(21)),
            ("1000.0", ten(3)),
            ("3.9", BigUint::from(3_u8)),
            ("1.29e1", BigUint::from(12_u8)),
            ("125e-2", BigUint::from(1_u8)),
            ("1e-400", BigUint::ZERO),
        ] {
            assert_eq!(serde_json::from_str::<Amount>(text).unwrap().0, expected, "{text}");
        }
        for bad in ["-1", "\"5\"", "null", "1e1000", "1e99999999999", &"9".repeat(201)] {
            assert!(serde_json::from_str::<Amount>(bad).is_err(), "{bad}");
        }
    }
}

//! What a settlement may cost.

use starknet_api::block::GasPrice;
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::fields::{AllResourceBounds, ResourceBounds};
use starknet_rust::core::types::FeeEstimate;

/// What a submitter is ready to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeePolicy {
    /// The highest estimate at which a thread transaction is sent, fri; any if absent.
    pub max_fee: Option<u128>,
    /// How far the bounds that are signed lie above the estimate, of gas and of its prices, percent.
    pub margin: u32,
}

/// It would cost more than the submitter is ready to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("settling would cost {estimate} fri, the limit is {max_fee}")]
pub struct TooExpensive {
    /// What the node estimates, fri.
    pub estimate: u128,
    /// The limit, fri.
    pub max_fee: u128,
}

impl Default for FeePolicy {
    /// No limit, and bounds that lie half above the estimate.
    fn default() -> Self {
        Self { max_fee: None, margin: 50 }
    }
}

impl FeePolicy {
    /// The bounds to sign.
    ///
    /// # Errors
    /// If it is too expensive.
    pub fn bounds(&self, estimate: &FeeEstimate) -> Result<AllResourceBounds, TooExpensive> {
        match self.max_fee {
            Some(max_fee) if estimate.overall_fee > max_fee => {
                Err(TooExpensive { estimate: estimate.overall_fee, max_fee })
            }
            _ => Ok(self.above(estimate)),
        }
    }

    fn above(&self, estimate: &FeeEstimate) -> AllResourceBounds {
        let bounds = |amount: u64, price: u128| ResourceBounds {
            max_amount: GasAmount(u64::try_from(self.raised(amount.into())).unwrap_or(u64::MAX)),
            max_price_per_unit: GasPrice(self.raised(price)),
        };
        AllResourceBounds {
            l1_gas: bounds(estimate.l1_gas_consumed, estimate.l1_gas_price),
            l2_gas: bounds(estimate.l2_gas_consumed, estimate.l2_gas_price),
            l1_data_gas: bounds(estimate.l1_data_gas_consumed, estimate.l1_data_gas_price),
        }
    }

    fn raised(&self, value: u128) -> u128 {
        value.saturating_add(value.saturating_mul(self.margin.into()) / 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(amount: u64, price: u128) -> FeeEstimate {
        FeeEstimate {
            l1_gas_consumed: 0,
            l1_gas_price: 7,
            l2_gas_consumed: amount,
            l2_gas_price: price,
            l1_data_gas_consumed: 10,
            l1_data_gas_price: 3,
            overall_fee: u128::from(amount) * price + 30,
        }
    }

    #[test]
    fn bounds_lie_above_the_estimate_by_the_margin() {
        let bounds = FeePolicy { max_fee: None, margin: 20 }.bounds(&estimate(1_000, 50)).unwrap();
        assert_eq!(bounds.l2_gas.max_amount, GasAmount(1_200));
        assert_eq!(bounds.l2_gas.max_price_per_unit, GasPrice(60));
        assert_eq!(bounds.l1_data_gas.max_amount, GasAmount(12));
        assert_eq!(bounds.l1_gas.max_amount, GasAmount(0));
        let exact = FeePolicy { max_fee: None, margin: 0 }.bounds(&estimate(1_000, 50)).unwrap();
        assert_eq!(exact.l2_gas.max_amount, GasAmount(1_000));
    }

    #[test]
    fn what_costs_more_than_the_limit_is_not_signed() {
        let policy = FeePolicy { max_fee: Some(50_030), margin: 50 };
        assert!(policy.bounds(&estimate(1_000, 50)).is_ok());
        let refused = policy.bounds(&estimate(1_001, 50)).unwrap_err();
        assert_eq!(refused, TooExpensive { estimate: 50_080, max_fee: 50_030 });
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let huge = FeeEstimate { overall_fee: u128::MAX, ..estimate(u64::MAX, 1) };
        let huge = FeeEstimate { l2_gas_price: u128::MAX, ..huge };
        let bounds = FeePolicy { max_fee: None, margin: 1000 }.bounds(&huge).unwrap();
        assert_eq!(bounds.l2_gas.max_amount, GasAmount(u64::MAX));
        assert_eq!(bounds.l2_gas.max_price_per_unit, GasPrice(u128::MAX));
    }
}

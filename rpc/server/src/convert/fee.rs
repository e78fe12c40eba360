//! Fee estimates.

use starknet_rust_core::types::MessageFeeEstimate;
use zkthreads_execution::FeeEstimate;

/// The spec's form of an estimate.
pub(crate) fn fee_estimate(fee: &FeeEstimate) -> starknet_rust_core::types::FeeEstimate {
    starknet_rust_core::types::FeeEstimate {
        l1_gas_consumed: fee.gas.l1_gas.0,
        l1_gas_price: fee.prices.l1_gas_price.get().0,
        l2_gas_consumed: fee.gas.l2_gas.0,
        l2_gas_price: fee.prices.l2_gas_price.get().0,
        l1_data_gas_consumed: fee.gas.l1_data_gas.0,
        l1_data_gas_price: fee.prices.l1_data_gas_price.get().0,
        overall_fee: fee.overall_fee.0,
    }
}

/// The same of a message from L1, in wei.
pub(crate) fn message_fee_estimate(fee: &FeeEstimate) -> MessageFeeEstimate {
    MessageFeeEstimate {
        l1_gas_consumed: fee.gas.l1_gas.0,
        l1_gas_price: fee.prices.l1_gas_price.get().0,
        l2_gas_consumed: fee.gas.l2_gas.0,
        l2_gas_price: fee.prices.l2_gas_price.get().0,
        l1_data_gas_consumed: fee.gas.l1_data_gas.0,
        l1_data_gas_price: fee.prices.l1_data_gas_price.get().0,
        overall_fee: fee.overall_fee.0,
    }
}

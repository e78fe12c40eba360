//! Questions about a state, which change nothing.

pub mod call;
pub mod simulate;

use blockifier::execution::call_info::CallInfo;
use starknet_api::block::GasPriceVector;
use starknet_api::execution_resources::GasVector;
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::fields::Fee;

/// The calls a transaction made, and what it changed.
#[derive(Debug, Default)]
pub struct Trace {
    /// `__validate__` or its kin.
    pub validate: Option<CallInfo>,
    /// `__execute__`, or the constructor of a deployed account. Absent if it reverted or there is none.
    pub execute: Option<CallInfo>,
    /// The fee transfer.
    pub fee_transfer: Option<CallInfo>,
    /// What it changed, fee included.
    pub state_diff: ThinStateDiff,
}

/// What a transaction costs at given prices. Amounts in FRI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeeEstimate {
    /// Gas consumed.
    pub gas: GasVector,
    /// Prices per unit of gas, FRI.
    pub prices: GasPriceVector,
    /// The fee, FRI.
    pub overall_fee: Fee,
}

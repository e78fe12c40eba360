//! Questions about a state, which change nothing.

pub mod at;
pub mod call;
pub mod message;
pub mod replay;
pub mod simulate;

use starknet_api::block::GasPriceVector;
use starknet_api::execution_resources::GasVector;
use starknet_api::transaction::fields::Fee;

/// What a transaction costs at given prices. Amounts in fri; for a message from L1, which is paid there, in wei.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeeEstimate {
    /// Gas consumed.
    pub gas: GasVector,
    /// Prices per unit of gas.
    pub prices: GasPriceVector,
    /// The fee.
    pub overall_fee: Fee,
}

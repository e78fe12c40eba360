//! Calls of contracts, and an account's calldata for them.

use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;

#[derive(Clone)]
pub struct Call {
    pub to: ContractAddress,
    pub selector: Felt,
    pub calldata: Vec<Felt>,
}

impl Call {
    pub fn new(to: ContractAddress, entry_point: &str, calldata: Vec<Felt>) -> Self {
        Self { to, selector: selector_from_name(entry_point).0, calldata }
    }
}

/// ERC-20 `transfer`.
pub fn transfer(token: ContractAddress, to: ContractAddress, amount: u128) -> Call {
    Call::new(token, "transfer", vec![*to.0.key(), amount.into(), Felt::ZERO])
}

/// An entry point of `contracts/probe.cairo`; spans are preceded by their length.
pub fn probe(contract: ContractAddress, entry_point: &str, calldata: &[u128]) -> Call {
    Call::new(contract, entry_point, calldata.iter().map(|value| Felt::from(*value)).collect())
}

/// An account's calldata.
pub fn multicall(calls: &[Call]) -> Vec<Felt> {
    let mut calldata = vec![calls.len().into()];
    for call in calls {
        calldata.extend([*call.to.0.key(), call.selector, call.calldata.len().into()]);
        calldata.extend(&call.calldata);
    }
    calldata
}

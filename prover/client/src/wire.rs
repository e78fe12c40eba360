//! Transactions as JSON-RPC carries them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use starknet_api::data_availability::DataAvailabilityMode as ApiMode;
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::{ResourceBounds as ApiBounds, ValidResourceBounds};
use starknet_rust::core::types::{
    BroadcastedInvokeTransaction, BroadcastedInvokeTransactionV3, DataAvailabilityMode, ResourceBounds,
    ResourceBoundsMapping,
};

/// `invoke` as `starknet_addInvokeTransaction` takes it; with the package of a thread as `proof`.
pub(crate) fn broadcast(
    invoke: &InvokeTransactionV3,
    package: Option<&[u8]>,
) -> BroadcastedInvokeTransaction {
    let proof_facts = &invoke.proof_facts.0;
    BroadcastedInvokeTransaction {
        broadcasted_invoke_txn_v3: BroadcastedInvokeTransactionV3 {
            sender_address: *invoke.sender_address.0.key(),
            calldata: invoke.calldata.0.to_vec(),
            signature: invoke.signature.0.to_vec(),
            nonce: invoke.nonce.0,
            resource_bounds: resource_bounds(&invoke.resource_bounds),
            tip: invoke.tip.0,
            paymaster_data: invoke.paymaster_data.0.clone(),
            account_deployment_data: invoke.account_deployment_data.0.clone(),
            nonce_data_availability_mode: mode(invoke.nonce_data_availability_mode),
            fee_data_availability_mode: mode(invoke.fee_data_availability_mode),
            proof_facts: (!proof_facts.is_empty()).then(|| proof_facts.to_vec()),
            is_query: false,
        },
        proof: package.map(|bytes| STANDARD.encode(bytes)),
    }
}

fn resource_bounds(bounds: &ValidResourceBounds) -> ResourceBoundsMapping {
    let zero = ApiBounds::default();
    let (l1_gas, l1_data_gas, l2_gas) = match bounds {
        ValidResourceBounds::L1Gas(l1_gas) => (l1_gas, &zero, &zero),
        ValidResourceBounds::AllResources(all) => (&all.l1_gas, &all.l1_data_gas, &all.l2_gas),
    };
    let convert = |bounds: &ApiBounds| ResourceBounds {
        max_amount: bounds.max_amount.0,
        max_price_per_unit: bounds.max_price_per_unit.0,
    };
    ResourceBoundsMapping {
        l1_gas: convert(l1_gas),
        l1_data_gas: convert(l1_data_gas),
        l2_gas: convert(l2_gas),
    }
}

fn mode(mode: ApiMode) -> DataAvailabilityMode {
    match mode {
        ApiMode::L1 => DataAvailabilityMode::L1,
        ApiMode::L2 => DataAvailabilityMode::L2,
    }
}

//! A user with an account.

use starknet_api::block::GasPrice;
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::{
    AllResourceBounds, Calldata, ResourceBounds, Tip, TransactionSignature, ValidResourceBounds,
};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::InnerTransaction;

use super::calls::{Call, multicall};
use super::{address, chain_id};

pub struct User {
    pub address: ContractAddress,
    pub nonce: u64,
    private_key: Felt,
}

impl User {
    pub fn new(private_key: u128) -> Self {
        let private_key = Felt::from(private_key);
        Self { address: address(private_key + Felt::from(0xacc0_0000_0000_u64)), nonce: 0, private_key }
    }

    pub fn public_key(&self) -> Felt {
        starknet_crypto::get_public_key(&self.private_key)
    }

    /// Signs `calls` with the next nonce.
    pub fn sign(&mut self, calls: &[Call]) -> InnerTransaction {
        let signed = self.sign_with_nonce(calls, self.nonce);
        self.nonce += 1;
        signed
    }

    pub fn sign_with_nonce(&self, calls: &[Call], nonce: u64) -> InnerTransaction {
        self.sign_invoke(invoke(self.address, nonce, calls))
    }

    /// Signs an invoke of any shape.
    pub fn sign_invoke(&self, mut invoke: InvokeTransactionV3) -> InnerTransaction {
        let unsigned = InnerTransaction::try_from(invoke.clone()).expect("an inner transaction");
        let hash = unsigned.hash(&chain_id()).expect("hashes").0;
        let k = starknet_crypto::rfc6979_generate_k(&hash, &self.private_key, None);
        let signature = starknet_crypto::sign(&self.private_key, &hash, &k).expect("signs");
        invoke.signature = TransactionSignature(vec![signature.r, signature.s].into());
        InnerTransaction::try_from(invoke).expect("an inner transaction")
    }
}

/// An unsigned transaction that makes `calls`.
pub fn invoke(sender_address: ContractAddress, nonce: u64, calls: &[Call]) -> InvokeTransactionV3 {
    let bounds = |max_amount: u64, price: u128| ResourceBounds {
        max_amount: GasAmount(max_amount),
        max_price_per_unit: GasPrice(price),
    };
    InvokeTransactionV3 {
        resource_bounds: ValidResourceBounds::AllResources(AllResourceBounds {
            l1_gas: bounds(0, 1_000_000_000),
            l2_gas: bounds(100_000_000, 2_000_000_000),
            l1_data_gas: bounds(10_000, 1_000_000_000),
        }),
        tip: Tip(7),
        signature: TransactionSignature::default(),
        nonce: Nonce(nonce.into()),
        sender_address,
        calldata: Calldata(multicall(calls).into()),
        nonce_data_availability_mode: DataAvailabilityMode::L1,
        fee_data_availability_mode: DataAvailabilityMode::L1,
        paymaster_data: Default::default(),
        account_deployment_data: Default::default(),
        proof_facts: Default::default(),
    }
}

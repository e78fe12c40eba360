//! The transactions that bring code.

use serde_json::{Value, json};
use starknet_api::core::{
    ChainId, ClassHash, CompiledClassHash, ContractAddress, Nonce, calculate_contract_address,
};
use starknet_api::state::SierraContractClass;
use starknet_api::transaction::fields::{Calldata, ContractAddressSalt};
use starknet_api::transaction::{
    DeclareTransactionV3, DeployAccountTransactionV3, TransactionHash, TransactionHasher, TransactionVersion,
};
use starknet_types_core::felt::Felt;

use crate::chain::{ALICE, KEY};
use crate::transactions::{bounds, signature, unsigned};

/// A DECLARE v3.
pub(crate) struct Declare {
    tx: DeclareTransactionV3,
    class: SierraContractClass,
}

impl Declare {
    pub(crate) fn new(
        sender: Felt,
        nonce: u64,
        class: SierraContractClass,
        compiled_class_hash: CompiledClassHash,
    ) -> Self {
        let envelope = unsigned(sender, nonce, vec![]);
        let tx = DeclareTransactionV3 {
            resource_bounds: envelope.resource_bounds,
            tip: envelope.tip,
            signature: Default::default(),
            nonce: envelope.nonce,
            class_hash: class.calculate_class_hash(),
            compiled_class_hash,
            sender_address: envelope.sender_address,
            nonce_data_availability_mode: envelope.nonce_data_availability_mode,
            fee_data_availability_mode: envelope.fee_data_availability_mode,
            paymaster_data: Default::default(),
            account_deployment_data: Default::default(),
        };
        Self { tx, class }
    }

    pub(crate) fn hash(&self) -> TransactionHash {
        self.tx.calculate_transaction_hash(&ChainId::Sepolia, &TransactionVersion::THREE).unwrap()
    }

    /// As it stands in a request, signed.
    pub(crate) fn request(&self) -> Value {
        json!({
            "type": "DECLARE", "version": "0x3", "sender_address": self.tx.sender_address,
            "nonce": self.tx.nonce, "compiled_class_hash": self.tx.compiled_class_hash,
            "contract_class": self.class, "signature": signature(self.hash().0),
            "resource_bounds": bounds(&self.tx.resource_bounds), "tip": "0x0", "paymaster_data": [],
            "account_deployment_data": [], "nonce_data_availability_mode": "L1",
            "fee_data_availability_mode": "L1",
        })
    }
}

/// A DEPLOY_ACCOUNT v3 of an account with the others' key.
pub(crate) struct DeployAccount(DeployAccountTransactionV3);

impl DeployAccount {
    pub(crate) fn new(class_hash: ClassHash, salt: u64) -> Self {
        let envelope = unsigned(ALICE, 0, vec![]);
        Self(DeployAccountTransactionV3 {
            resource_bounds: envelope.resource_bounds,
            tip: envelope.tip,
            signature: Default::default(),
            nonce: Nonce(Felt::ZERO),
            class_hash,
            contract_address_salt: ContractAddressSalt(salt.into()),
            constructor_calldata: Calldata(vec![starknet_crypto::get_public_key(&KEY)].into()),
            nonce_data_availability_mode: envelope.nonce_data_availability_mode,
            fee_data_availability_mode: envelope.fee_data_availability_mode,
            paymaster_data: Default::default(),
        })
    }

    pub(crate) fn hash(&self) -> TransactionHash {
        self.0.calculate_transaction_hash(&ChainId::Sepolia, &TransactionVersion::THREE).unwrap()
    }

    pub(crate) fn address(&self) -> ContractAddress {
        let Self(tx) = self;
        let nobody = ContractAddress::default();
        calculate_contract_address(tx.contract_address_salt, tx.class_hash, &tx.constructor_calldata, nobody)
            .unwrap()
    }

    /// As it stands in a request, signed.
    pub(crate) fn request(&self) -> Value {
        let Self(tx) = self;
        json!({
            "type": "DEPLOY_ACCOUNT", "version": "0x3", "nonce": "0x0", "class_hash": tx.class_hash,
            "contract_address_salt": tx.contract_address_salt,
            "constructor_calldata": *tx.constructor_calldata.0, "signature": signature(self.hash().0),
            "resource_bounds": bounds(&tx.resource_bounds), "tip": "0x0", "paymaster_data": [],
            "nonce_data_availability_mode": "L1", "fee_data_availability_mode": "L1",
        })
    }
}

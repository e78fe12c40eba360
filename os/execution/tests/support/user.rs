//! A user with an OpenZeppelin account, and the transactions it signs.

use std::sync::Arc;

use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::block::GasPrice;
use starknet_api::core::{ChainId, ContractAddress, Nonce};
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::execution_resources::GasAmount;
use starknet_api::state::SierraContractClass;
use starknet_api::transaction::fields::{
    AllResourceBounds, Calldata, ContractAddressSalt, ResourceBounds, Tip, TransactionSignature,
    ValidResourceBounds,
};
use starknet_api::transaction::{
    DeclareTransactionV3, DeployAccountTransactionV3, InvokeTransactionV3, TransactionHash,
    TransactionHasher, TransactionVersion,
};
use starknet_types_core::felt::Felt;
use zkthreads_execution::Submission;
use zkthreads_protocol::{InnerTransaction, PackageDigest, ThreadFacts};

use super::{address, class};

/// A call that an account makes.
#[derive(Clone)]
pub struct Call {
    pub to: ContractAddress,
    pub entry_point: &'static str,
    pub calldata: Vec<Felt>,
}

/// ERC-20 `transfer`.
pub fn transfer(token: ContractAddress, to: ContractAddress, amount: u128) -> Call {
    Call { to: token, entry_point: "transfer", calldata: vec![*to.0.key(), amount.into(), Felt::ZERO] }
}

/// Resource bounds at three times the test chain's prices.
pub fn bounds(l2_gas: u64, l1_data_gas: u64) -> ValidResourceBounds {
    bounds_with_l1_gas(0, l2_gas, l1_data_gas)
}

/// The same for who sends messages to L1.
pub fn bounds_with_l1_gas(l1_gas: u64, l2_gas: u64, l1_data_gas: u64) -> ValidResourceBounds {
    let bound = |max_amount| ResourceBounds {
        max_amount: GasAmount(max_amount),
        max_price_per_unit: GasPrice(3_000_000_000),
    };
    ValidResourceBounds::AllResources(AllResourceBounds {
        l1_gas: bound(l1_gas),
        l2_gas: bound(l2_gas),
        l1_data_gas: bound(l1_data_gas),
    })
}

#[derive(Clone)]
pub struct User {
    pub address: ContractAddress,
    pub nonce: u64,
    pub bounds: ValidResourceBounds,
    private_key: Felt,
    chain_id: ChainId,
}

impl User {
    pub fn new(index: u64, chain_id: ChainId) -> Self {
        Self {
            address: address(0xacc0_0000_u64 + index),
            nonce: 0,
            bounds: bounds(200_000_000, 100_000),
            private_key: Felt::from(0x1234_5678 + index),
            chain_id,
        }
    }

    /// The same keys at the address where `deploy_account` puts them.
    pub fn undeployed(index: u64, chain_id: ChainId) -> Self {
        let mut user = Self::new(index, chain_id);
        user.address = starknet_api::core::calculate_contract_address(
            ContractAddressSalt::default(),
            class::ACCOUNT.0,
            &Calldata(Arc::new(vec![user.public_key()])),
            ContractAddress::default(),
        )
        .expect("an address");
        user
    }

    pub fn public_key(&self) -> Felt {
        starknet_crypto::get_public_key(&self.private_key)
    }

    pub fn signature(&self, hash: TransactionHash) -> TransactionSignature {
        let k = starknet_crypto::rfc6979_generate_k(&hash.0, &self.private_key, None);
        let signature = starknet_crypto::sign(&self.private_key, &hash.0, &k).expect("signs");
        TransactionSignature(vec![signature.r, signature.s].into())
    }

    /// An INVOKE with the next nonce.
    pub fn invoke(&mut self, calls: &[Call]) -> Submission {
        Submission::Invoke(self.signed_invoke(calls, None))
    }

    /// An inner transaction with the next nonce.
    pub fn inner(&mut self, calls: &[Call]) -> InnerTransaction {
        InnerTransaction::try_from(self.signed_invoke(calls, None)).expect("an inner transaction")
    }

    /// The envelope of a thread transaction with the next nonce.
    pub fn thread(&mut self, os_program_hash: Felt, package: Vec<u8>, calls: &[Call]) -> Submission {
        let facts = ThreadFacts {
            os_program_hash: zkthreads_protocol::OsProgramHash(os_program_hash),
            package_digest: PackageDigest::of(&package),
        };
        Submission::Thread { envelope: self.signed_invoke(calls, Some(facts)), package }
    }

    pub fn signed_invoke(&mut self, calls: &[Call], facts: Option<ThreadFacts>) -> InvokeTransactionV3 {
        let mut tx = InvokeTransactionV3 {
            resource_bounds: self.bounds,
            tip: Tip::ZERO,
            signature: TransactionSignature::default(),
            nonce: self.next_nonce(),
            sender_address: self.address,
            calldata: Calldata(multicall(calls).into()),
            nonce_data_availability_mode: DataAvailabilityMode::L1,
            fee_data_availability_mode: DataAvailabilityMode::L1,
            paymaster_data: Default::default(),
            account_deployment_data: Default::default(),
            proof_facts: facts.map(ThreadFacts::to_proof_facts).unwrap_or_default(),
        };
        tx.signature = self.sign(&tx);
        tx
    }

    pub fn declare(&mut self, class: SierraContractClass, compiled_class_hash: Felt) -> Submission {
        let mut tx = DeclareTransactionV3 {
            resource_bounds: self.bounds,
            tip: Tip::ZERO,
            signature: TransactionSignature::default(),
            nonce: self.next_nonce(),
            class_hash: class.calculate_class_hash(),
            compiled_class_hash: starknet_api::core::CompiledClassHash(compiled_class_hash),
            sender_address: self.address,
            nonce_data_availability_mode: DataAvailabilityMode::L1,
            fee_data_availability_mode: DataAvailabilityMode::L1,
            paymaster_data: Default::default(),
            account_deployment_data: Default::default(),
        };
        tx.signature = self.sign(&tx);
        Submission::Declare { tx, class }
    }

    pub fn deploy_account(&mut self) -> Submission {
        let mut tx = DeployAccountTransactionV3 {
            resource_bounds: self.bounds,
            tip: Tip::ZERO,
            signature: TransactionSignature::default(),
            nonce: self.next_nonce(),
            class_hash: class::ACCOUNT.0,
            contract_address_salt: ContractAddressSalt::default(),
            constructor_calldata: Calldata(Arc::new(vec![self.public_key()])),
            nonce_data_availability_mode: DataAvailabilityMode::L1,
            fee_data_availability_mode: DataAvailabilityMode::L1,
            paymaster_data: Default::default(),
        };
        tx.signature = self.sign(&tx);
        Submission::DeployAccount(tx)
    }

    fn sign(&self, tx: &impl TransactionHasher) -> TransactionSignature {
        let hash = tx.calculate_transaction_hash(&self.chain_id, &TransactionVersion::THREE).expect("hashes");
        self.signature(hash)
    }

    fn next_nonce(&mut self) -> Nonce {
        let nonce = Nonce(self.nonce.into());
        self.nonce += 1;
        nonce
    }
}

fn multicall(calls: &[Call]) -> Vec<Felt> {
    let mut calldata = vec![calls.len().into()];
    for call in calls {
        let selector = selector_from_name(call.entry_point).0;
        calldata.extend([*call.to.0.key(), selector, call.calldata.len().into()]);
        calldata.extend(&call.calldata);
    }
    calldata
}

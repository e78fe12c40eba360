//! `cairo/thread_os/meta_transaction.cairo`.

use cairo_vm::types::builtin_name::BuiltinName;
use proptest::prelude::*;
use starknet_api::core::{ChainId, ContractAddress, EntryPointSelector};
use starknet_api::transaction::fields::{Calldata, Fee, TransactionSignature};
use starknet_api::transaction::{InvokeTransactionV0, TransactionHasher, TransactionVersion};
use starknet_types_core::felt::Felt;

use super::Call;

fn felt() -> impl Strategy<Value = Felt> {
    any::<[u8; 32]>().prop_map(|bytes| Felt::from_bytes_be(&bytes))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn hashes_are_starknets(
        address in 1_u128..,
        selector in felt(),
        calldata in proptest::collection::vec(felt(), 0..12),
    ) {
        let chain_id = ChainId::Sepolia;
        let expected = InvokeTransactionV0 {
            max_fee: Fee(0),
            signature: TransactionSignature::default(),
            contract_address: ContractAddress::try_from(Felt::from(address)).unwrap(),
            entry_point_selector: EntryPointSelector(selector),
            calldata: Calldata(calldata.clone().into()),
        }
        .calculate_transaction_hash(&chain_id, &TransactionVersion::ZERO);
        let found = Call::new()
            .with_builtin(BuiltinName::pedersen)
            .with(Felt::from(address))
            .with(selector)
            .with_array(&calldata)
            .with(Felt::try_from(&chain_id).unwrap())
            .run("meta_transaction.meta_transaction_hash")
            .unwrap();
        prop_assert_eq!(found.felt(), expected.unwrap().0);
        println!("{} felts of calldata: {} steps", calldata.len(), found.steps);
    }
}

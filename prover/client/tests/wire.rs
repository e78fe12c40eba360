//! What crosses the wire: the shapes that a node sends and expects.

use starknet_api::block::GasPrice;
use starknet_api::core::{ChainId, ContractAddress, Nonce};
use starknet_rust::core::types::{ExecutionResult, TransactionReceiptWithBlockInfo};
use starknet_types_core::felt::Felt;
use zkthreads_client::{Account, Call};

fn account() -> Account {
    let address = ContractAddress::try_from(Felt::from(0xacc)).unwrap();
    Account::new(address, Felt::from(0x1234), ChainId::Sepolia)
}

#[test]
fn receipts_decode_with_their_block() {
    let receipt = serde_json::json!({
        "type": "INVOKE",
        "transaction_hash": "0x1",
        "actual_fee": { "amount": "0x10", "unit": "FRI" },
        "finality_status": "ACCEPTED_ON_L2",
        "execution_status": "REVERTED",
        "revert_reason": "conflict: nonce",
        "messages_sent": [],
        "events": [],
        "execution_resources": { "l1_gas": 1, "l1_data_gas": 2, "l2_gas": 3 },
        "block_hash": "0x2",
        "block_number": 7,
    });
    let decoded: TransactionReceiptWithBlockInfo = serde_json::from_str(&receipt.to_string()).unwrap();
    assert_eq!(decoded.block.block_number(), 7);
    let reverted = ExecutionResult::Reverted { reason: "conflict: nonce".to_owned() };
    assert_eq!(*decoded.receipt.execution_result(), reverted);
}

#[test]
fn a_signed_transaction_verifies_under_its_key() {
    let account = account();
    let call = Call::transfer(account.address, account.address, 5);
    let bounds = Account::inner_bounds();
    let inner = account.inner(&[call], Nonce(Felt::TWO), bounds).unwrap();
    let invoke = inner.as_invoke();
    let transfer = Call::new(account.address, "transfer", vec![]).selector.0;
    let expected =
        [1, 0xacc].map(Felt::from).into_iter().chain([transfer]).chain([3, 0xacc, 5, 0].map(Felt::from));
    assert_eq!(*invoke.calldata.0, expected.collect::<Vec<_>>());
    assert_eq!(bounds.l2_gas.max_price_per_unit, GasPrice(2_000_000_000));

    let hash = inner.hash(&account.chain_id).unwrap();
    let key = starknet_rust::signers::SigningKey::from_secret_scalar(Felt::from(0x1234)).verifying_key();
    let [r, s] = invoke.signature.0.as_slice() else { panic!("two felts") };
    let signature = starknet_rust::core::crypto::Signature { r: *r, s: *s };
    assert!(key.verify(&hash.0, &signature).unwrap());
}

//! Messages from L1: delivered, reverted, estimated.

use std::sync::Arc;

use crate::support::chain::assert_succeeded;
use crate::support::message;
use crate::support::{TestChain, address, class};
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::block::BlockNumber;
use starknet_api::contract_class::EntryPointType;
use starknet_api::transaction::fields::{Calldata, Fee};
use starknet_types_core::felt::Felt;
use zkthreads_execution::{AdmitError, CallError, Submission};
use zkthreads_protocol::{L1Message, L1TransactionHash, Transaction};
use zkthreads_storage::ExecutionStatus;

const BRIDGE: u64 = 0xb1d6e;

fn chain() -> TestChain {
    TestChain::extended(2, |genesis| {
        genesis.classes.push(class::BRIDGE.clone());
        genesis.contracts.insert(address(BRIDGE), class::BRIDGE.0);
    })
}

fn balance(chain: &TestChain, at: u64, owner: u64) -> Felt {
    let calldata = Calldata(Arc::new(vec![owner.into()]));
    let call = chain.executor.call(BlockNumber(at), address(BRIDGE), selector_from_name("balance"), calldata);
    call.unwrap()[0]
}

#[test]
fn a_message_is_delivered_and_its_l1_transaction_is_remembered() {
    let chain = chain();
    let sent = message(address(BRIDGE), 7, &[5, 40]);
    let block = chain.block(vec![Submission::L1Handler(sent.clone())]);
    let receipt = &block.receipts[0];
    assert_succeeded(receipt);
    assert_eq!(receipt.actual_fee, Fee(0));
    assert!(receipt.gas.l2_gas.0 > 0 && receipt.gas.l1_gas.0 > 0);
    assert_eq!((balance(&chain, 0, 5), balance(&chain, 1, 5)), (Felt::ZERO, 40.into()));

    let storage = chain.executor.storage();
    let stored = storage.transactions(BlockNumber(1)).unwrap().unwrap().remove(0);
    assert_eq!(stored.body, Transaction::L1Handler(sent.clone()));
    assert_eq!(stored.hash, sent.hash(&chain.executor.config().chain_id).unwrap());
    assert_eq!(storage.l1_messages(L1TransactionHash([0xff; 32])).unwrap(), [stored.hash]);

    let trace = storage.trace(BlockNumber(1), 0).unwrap().unwrap();
    let call = trace.execute.unwrap();
    assert_eq!((call.contract, call.entry_point_type), (address(BRIDGE), EntryPointType::L1Handler));
    assert_eq!(call.calldata, sent.tx.calldata.0.to_vec());
    assert!(trace.validate.is_none() && trace.fee_transfer.is_none() && call.gas.l2_gas > 0);
    assert_eq!(trace.state_diff.storage_diffs.len(), 1);
}

#[test]
fn a_handler_that_panics_reverts_and_changes_nothing() {
    let chain = chain();
    let sent = [message(address(BRIDGE), 0, &[0, 1]), message(address(0xdead_u64), 1, &[1])];
    let block = chain.block(sent.map(Submission::L1Handler).into());
    for receipt in &block.receipts {
        assert!(matches!(receipt.status, ExecutionStatus::Reverted { .. }), "{receipt:?}");
        assert_eq!(receipt.actual_fee, Fee(0));
    }
    let ExecutionStatus::Reverted { reason } = &block.receipts[0].status else { unreachable!() };
    assert!(reason.contains("nobody"), "{reason}");
    let traces = chain.executor.storage().traces(BlockNumber(1)).unwrap().unwrap();
    assert!(traces.iter().all(|trace| trace.execute.is_none() && trace.state_diff.is_empty()));
}

#[test]
fn the_estimate_is_what_delivery_takes() {
    let chain = chain();
    let sent = message(address(BRIDGE), 0, &[5, 40]);
    let estimate = chain.executor.estimate_message_fee(BlockNumber(0), sent.clone()).unwrap();
    let block = chain.block(vec![Submission::L1Handler(sent)]);
    assert_eq!(estimate.gas, block.receipts[0].gas);
    assert_eq!(estimate.prices, chain.executor.config().gas_prices.eth_gas_prices);
    assert!(estimate.overall_fee > Fee(0));

    let estimate = |message| chain.executor.estimate_message_fee(BlockNumber(0), message);
    let nowhere = estimate(message(address(0xdead_u64), 0, &[1]));
    assert!(matches!(nowhere, Err(CallError::ContractNotFound(_))), "{nowhere:?}");
    let refused = estimate(message(address(BRIDGE), 0, &[0, 1]));
    assert!(
        matches!(&refused, Err(CallError::Reverted(stack)) if stack.to_string().contains("nobody")),
        "{refused:?}"
    );
    let later = chain.executor.estimate_message_fee(BlockNumber(9), message(address(BRIDGE), 0, &[1, 1]));
    assert!(matches!(later, Err(CallError::UnknownBlock(BlockNumber(9)))), "{later:?}");
}

#[test]
fn what_l1_cannot_have_sent_is_refused() {
    let chain = chain();
    let admit = |change: &dyn Fn(&mut L1Message)| {
        let mut changed = message(address(BRIDGE), 0, &[5, 40]);
        change(&mut changed);
        chain.executor.admit(Submission::L1Handler(changed))
    };
    let version = admit(&|message| message.tx.version = starknet_api::transaction::TransactionVersion::ONE);
    assert!(matches!(version, Err(AdmitError::UnsupportedTransactionVersion(_))), "{version:?}");
    let anonymous = admit(&|message| message.tx.calldata = Calldata::default());
    assert!(matches!(anonymous, Err(AdmitError::Malformed(_))), "{anonymous:?}");
    let wide = admit(&|message| message.tx.calldata = Calldata(Arc::new(vec![Felt::MAX])));
    assert!(matches!(wide, Err(AdmitError::Malformed(_))), "{wide:?}");
    let long = admit(&|message| message.tx.calldata = Calldata(Arc::new(vec![Felt::ONE; 5_001])));
    assert!(matches!(long, Err(AdmitError::Malformed(_))), "{long:?}");

    // Blockifier asks that L1 was paid something.
    let unpaid = admit(&|message| message.paid_fee = Fee(0)).unwrap();
    let refused = chain.open().execute(unpaid).err().map(|refusal| refusal.to_string());
    assert!(refused.as_ref().is_some_and(|reason| reason.contains("insufficient")), "{refused:?}");
}

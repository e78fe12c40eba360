//! A block with every kind of transaction: its hash and commitments, computed anew; its traces.

use crate::support::chain::assert_succeeded;
use crate::support::commitments::assert_recomputed;
use crate::support::{
    Call, INITIAL_BALANCE, TestChain, User, address, bounds, bounds_with_l1_gas, class, eth, message, strk,
    transfer, unproven,
};
use starknet_api::block::BlockNumber;
use starknet_types_core::felt::Felt;
use zkthreads_execution::Submission;
use zkthreads_protocol::Transaction;
use zkthreads_storage::ExecutionStatus;

const BRIDGE: u64 = 0xb1d6e;

#[test]
fn its_hash_and_commitments_are_those_of_its_contents() {
    let mut chain = TestChain::extended(4, |genesis| {
        genesis.classes.extend([class::BRIDGE.clone(), class::LEDGER.clone()]);
        genesis.contracts.insert(address(BRIDGE), class::BRIDGE.0);
    });
    let mut newcomer = User::undeployed(77, chain.executor.config().chain_id.clone());
    let fund = chain.users[0].invoke(&[transfer(strk(), newcomer.address, INITIAL_BALANCE / 2)]);
    let deposit = Submission::L1Handler(message(address(BRIDGE), 0, &[5, 40]));
    chain.block(vec![fund, deposit]);

    let (submitter, to) = (chain.users[3].address, chain.users[1].address);
    let inner = chain.users[2].inner(&[transfer(eth(), to, 3)]);
    let package = unproven(&chain, submitter, vec![inner]).encode();
    let os = chain.os_program_hash();
    chain.users[1].bounds = bounds(1_500_000_000, 100_000);
    let withdraw = Call {
        to: address(BRIDGE),
        entry_point: "withdraw",
        calldata: [5_u64, 30, 0xe78].map(Felt::from).to_vec(),
    };
    chain.users[0].bounds = bounds_with_l1_gas(100_000, 200_000_000, 100_000);
    let submissions = vec![
        chain.users[0].invoke(&[transfer(eth(), to, 7), withdraw]),
        chain.users[0].invoke(&[transfer(eth(), to, INITIAL_BALANCE + 1)]),
        chain.users[1].declare(class::probe(), class::PROBE.1.compiled_class_hash.0),
        newcomer.deploy_account(),
        Submission::L1Handler(message(address(BRIDGE), 1, &[5, 2])),
        Submission::L1Handler(message(address(BRIDGE), 2, &[0, 2])),
        chain.users[3].thread(os, package, &[]),
    ];
    let block = chain.block(submissions);
    let reverted = |index: usize| matches!(block.receipts[index].status, ExecutionStatus::Reverted { .. });
    [0, 2, 3, 4].into_iter().for_each(|index| assert_succeeded(&block.receipts[index]));
    assert!([1, 5, 6].into_iter().all(reverted));
    assert_eq!((block.receipts[0].messages.len(), block.receipts[6].events.len()), (1, 1));

    let storage = chain.executor.storage();
    assert_eq!(assert_recomputed(storage, BlockNumber(0)), 0);
    assert_eq!(assert_recomputed(storage, BlockNumber(1)), 2);
    assert_eq!(assert_recomputed(storage, BlockNumber(2)), 7);

    let traces = storage.traces(BlockNumber(2)).unwrap().unwrap();
    let transactions = storage.transactions(BlockNumber(2)).unwrap().unwrap();
    for (trace, transaction) in traces.iter().zip(&transactions) {
        let succeeded = transaction.receipt.status == ExecutionStatus::Succeeded;
        let from_l1 = matches!(transaction.body, Transaction::L1Handler(_));
        let calls = !matches!(transaction.body, Transaction::Declare(_));
        assert_eq!(trace.execute.is_some(), succeeded && calls);
        assert_eq!((trace.validate.is_some(), trace.fee_transfer.is_some()), (!from_l1, !from_l1));
    }
    let events = |trace: &zkthreads_storage::CallTrace| {
        fn count(call: &zkthreads_storage::CallTrace) -> usize {
            call.events.len() + call.calls.iter().map(count).sum::<usize>()
        }
        count(trace)
    };
    let traced = traces[0].execute.iter().chain(&traces[0].fee_transfer).map(events).sum::<usize>();
    assert_eq!(traced, block.receipts[0].events.len());
}

//! An inner transaction's receipt is the same in the open block of its thread as in the block that settles it.

use std::sync::Arc;

use rpds::VectorSync;
use serde_json::{Value, json};
use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;
use zkthreads_execution::{BlockEnv, PreConfirmed};
use zkthreads_protocol::{BaseBlock, InnerTransaction};
use zkthreads_sub_block::{OpenSubBlock, SubBlockContext};

use crate::chain::{ALICE, BOB, Chain, STRK};
use crate::package::envelope;
use crate::transactions::{hash, invoke, transfer};

/// The receipt of a transaction, but for the block and its finality.
async fn receipt(chain: &Chain, hash: &Value) -> (Value, Value) {
    let mut receipt =
        chain.both("starknet_getTransactionReceipt", &[("transaction_hash", hash.clone())]).await;
    let fields = receipt.as_object_mut().unwrap();
    let finality = fields.remove("finality_status").unwrap();
    fields.remove("block_hash");
    fields.remove("block_number");
    (receipt, finality)
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_are_the_same_before_and_after_settling() {
    let chain = Chain::start().await;
    let head = chain.executor.latest_header().unwrap();
    let header = &head.block_header_without_hash;
    let base_block =
        BaseBlock { number: header.block_number, timestamp: header.timestamp, sequencer: header.sequencer.0 };
    let context = SubBlockContext::new(
        chain.executor.config().chain_id.clone(),
        base_block,
        ContractAddress::default(),
    );
    let state = chain.executor.state_after(header.block_number);
    let mut open = OpenSubBlock::open(state, context);
    let mut transactions = VectorSync::new_sync();
    // The second is more than Bob has.
    for (nonce, amount) in [(0, 7), (1, u128::MAX), (2, 1)] {
        let inner = InnerTransaction::try_from(invoke(BOB, nonce, transfer(ALICE, amount))).unwrap();
        let executed = open.execute(inner).unwrap();
        transactions.push_back_mut(Arc::clone(&executed.in_block));
    }
    let env = BlockEnv::of(&head).unwrap();
    let shown = PreConfirmed::of_thread(&head, env, base_block, transactions, open.state().clone()).unwrap();
    chain.pool.feed.set_pre_confirmed(Some(shown));
    let hashes: Vec<Value> = open.executed().iter().map(|inner| json!(inner.hash)).collect();
    let mut before = Vec::new();
    for hash in &hashes {
        let (receipt, finality) = receipt(&chain, hash).await;
        assert_eq!(finality, "PRE_CONFIRMED");
        before.push(receipt);
    }
    assert_eq!(before[0]["events"][0]["from_address"], json!(STRK));
    assert_eq!(before[1]["execution_status"], "REVERTED");
    assert!(before[1]["revert_reason"].as_str().unwrap().contains("insufficient balance"));

    let bytes = open.close().unwrap().into_package(b"no proof".to_vec()).encode();
    let thread = envelope(ALICE, 0, &bytes);
    let thread_hash = hash(&thread);
    chain.pool.feed.set_pre_confirmed(None);
    chain.pool.settle(invoke(ALICE, 0, vec![Felt::ZERO]), thread, thread_hash, &bytes);
    for (hash, before) in hashes.iter().zip(before) {
        let (after, finality) = receipt(&chain, hash).await;
        assert_eq!(finality, "ACCEPTED_ON_L2");
        assert_eq!(after, before);
    }
    chain.server.stop().await;
}

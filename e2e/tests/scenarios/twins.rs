//! (a) The same signed transactions, settled by a thread on one chain and sent one by one to its twin, lead to the
//! same state.

use anyhow::Result;
use serde_json::{Value, json};
use zkthreads_e2e::token::{ETH, balance_key};
use zkthreads_e2e::wallet::wire;
use zkthreads_e2e::{Receipt, TestNode, felt, hex, sub_block};

use crate::support::{Purse, Users, check_thread, get_thread};

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_equals_its_transactions_sent_one_by_one() -> Result<()> {
    let (threaded, plain) = (TestNode::start()?, TestNode::start()?);
    let before = Users::of(&threaded).await?;
    assert_eq!(before, Users::of(&plain).await?, "twins begin alike");

    let package = sub_block::standard(&threaded).await?;
    let submitter = threaded.account(0);
    let purse = Purse::of(&threaded.rpc, submitter.address).await?;
    let transaction = submitter.thread(0, sub_block::os_program_hash(), &package.encode())?;
    let check = check_thread(&threaded.rpc, &transaction).await?;
    assert_eq!((&check["would_settle"], &check["errors"]), (&json!(true), &json!([])), "{check}");
    let receipt = threaded.rpc.settle(&transaction).await?;
    receipt.succeeded();

    let params = json!({ "transaction_hash": hex(receipt.hash) });
    let inner_receipts = threaded.rpc.call("zkthread_getInnerReceipts", params).await?;
    assert_eq!(inner_receipts.as_array().map(Vec::len), Some(package.segments[0].inner_transactions.len()));

    for (index, inner) in package.segments[0].inner_transactions.iter().enumerate() {
        let inner_receipt = Receipt::parse(inner_receipts[index].clone())?;
        let receipt = plain.rpc.settle(&wire(inner.transaction.as_invoke(), None)).await?;
        assert_eq!(receipt.revert_reason, None, "transfer {index}");
        // Alike, but for block and fee.
        assert_eq!((inner_receipt.hash, inner_receipt.revert_reason), (receipt.hash, None));
        assert_eq!(inner_receipt.fee, 0);
        let events = |json: &Value| json["events"].as_array().cloned().unwrap_or_default();
        let (inner, mut outer) = (events(&inner_receipt.json), events(&receipt.json));
        outer.pop().expect("the fee's transfer");
        assert_eq!(inner, outer, "events of transfer {index}");

        // The user's wallet finds it as on the twin.
        let hash = json!({ "transaction_hash": hex(receipt.hash) });
        let [left, right] =
            [&threaded, &plain].map(|node| node.rpc.call("starknet_getTransactionByHash", hash.clone()));
        assert_eq!(left.await?, right.await?, "transfer {index}");
        let found = threaded.rpc.call("starknet_getTransactionReceipt", hash.clone()).await?;
        assert_eq!(found, inner_receipts[index], "receipt of transfer {index}");
        let status = threaded.rpc.call("starknet_getTransactionStatus", hash).await?;
        assert_eq!(status, json!({ "finality_status": "ACCEPTED_ON_L2", "execution_status": "SUCCEEDED" }));
    }

    let after = Users::of(&threaded).await?;
    assert_ne!(before, after);
    assert_eq!(after, Users::of(&plain).await?, "same balances, nonces and storage of the token");
    for user in &threaded.accounts[1..] {
        for key in [balance_key(user.address), balance_key(user.address) + 1] {
            let (left, right) = (threaded.rpc.storage(ETH, key).await?, plain.rpc.storage(ETH, key).await?);
            assert_eq!(left, right, "storage {key:#x}");
        }
    }

    let paid = Purse::of(&threaded.rpc, submitter.address).await?;
    assert_eq!((paid.nonce, paid.strk), (purse.nonce + 1, purse.strk - receipt.fee));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settled_thread_is_seen_everywhere() -> Result<()> {
    let node = TestNode::start()?;
    let package = sub_block::standard(&node).await?;
    let bytes = package.encode();
    let transaction = node.account(0).thread(0, sub_block::os_program_hash(), &bytes)?;
    let receipt = node.rpc.settle(&transaction).await?;
    receipt.succeeded();

    // The inner transfers' events, and the fee's.
    let transfers =
        receipt.events().iter().filter(|event| felt(&event["from_address"]).is_ok_and(|it| it == ETH));
    assert_eq!(transfers.count(), 12);

    // As an INVOKE v3 with its proof facts, in the transaction and in its block.
    let hash = hex(receipt.hash);
    let flags = json!(["INCLUDE_PROOF_FACTS"]);
    let params = json!({ "transaction_hash": hash, "response_flags": flags });
    let by_hash = node.rpc.call("starknet_getTransactionByHash", params).await?;
    let params = json!({ "block_id": { "block_number": receipt.block }, "response_flags": flags });
    let block = node.rpc.call("starknet_getBlockWithTxs", params).await?;
    assert_eq!(block["transactions"].as_array().map(Vec::len), Some(1));
    for seen in [&by_hash, &block["transactions"][0]] {
        assert_eq!((&seen["type"], &seen["version"]), (&json!("INVOKE"), &json!("0x3")));
        assert_eq!(seen["transaction_hash"], json!(hash));
        assert_eq!(seen["proof_facts"], transaction["proof_facts"]);
    }

    let thread = get_thread(&node.rpc, receipt.hash).await?;
    assert_eq!(thread["status"], "SETTLED");
    assert_eq!(thread["package_bytes"], bytes.len());
    assert_eq!(thread["inner_transactions"].as_array().map(Vec::len), Some(12));
    assert_eq!(thread["conflicts"], json!([]));

    // The trace holds every event of the receipt, in order: the inner transactions', then the fee's.
    let params = json!({ "transaction_hash": hash });
    let trace = node.rpc.call("starknet_traceTransaction", params).await?;
    let mut traced = ordered_events(&trace["execute_invocation"]);
    traced.sort_unstable_by_key(|(order, _)| *order);
    let keys: Vec<_> = traced.into_iter().map(|(_, keys)| keys).collect();
    let emitted: Vec<_> = receipt.events().iter().map(|event| event["keys"].clone()).collect();
    assert_eq!(keys, emitted[..emitted.len() - 1]);

    // The state diff names every user's new nonce.
    let params = json!({ "block_id": { "block_number": receipt.block } });
    let update = node.rpc.call("starknet_getStateUpdate", params).await?;
    let nonces = update["state_diff"]["nonces"].as_array().map_or(0, Vec::len);
    assert_eq!(nonces, 6, "five users and the submitter: {update}");
    Ok(())
}

/// The keys of all events of a call and of those inside it, each with its place.
fn ordered_events(call: &Value) -> Vec<(Option<u64>, Value)> {
    let list = |name: &str| call[name].as_array().into_iter().flatten();
    let own = list("events").map(|event| (event["order"].as_u64(), event["keys"].clone()));
    own.chain(list("calls").flat_map(ordered_events)).collect()
}

//! starknet-rust beyond sending: multicalls, estimates, simulations, traces, events in pages, bursts, WebSocket.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use starknet_rust::accounts::{Account, ConnectedAccount};
use starknet_rust::contract::{ContractFactory, UdcSelector};
use starknet_rust::core::types::{
    AddressFilter, BlockId, BlockTag, Call, ConfirmedBlockId, EventFilter, ExecuteInvocation,
    ExecutionResult, Felt, L2TransactionFinalityStatus, TraceBlockTransactionsResult, TransactionReceipt,
    TransactionStatus, TransactionTrace,
};
use starknet_rust::core::utils::get_selector_from_name;
use starknet_rust::providers::Provider;
use starknet_rust_tokio_tungstenite::{
    EventSubscriptionOptions, EventsUpdate, NewHeadsUpdate, NewTransactionReceiptsUpdate,
    NewTransactionsUpdate, TransactionStatusUpdate, TungsteniteStream,
};
use zkthreads_e2e::TestNode;
use zkthreads_e2e::token::{STRK, balance};
use zkthreads_e2e::wait::PATIENCE;

use crate::rust_client::{Client, Owner, client, declare, owner, succeeded, transfer};

const RECIPIENT: Felt = Felt::from_hex_unchecked("0x1234567");
const LATEST: BlockId = BlockId::Tag(BlockTag::Latest);

/// Sends one STRK unit as the account's transaction number `nonce`, without asking the node for anything first.
async fn send_blindly(owner: &Owner, nonce: u64) -> Result<Felt> {
    let execution = owner.execute_v3(vec![transfer(STRK, RECIPIENT, 1)?]).nonce(nonce.into()).tip(0);
    let execution = execution.l1_gas(100_000).l1_gas_price(2_000_000_000);
    let execution = execution.l2_gas(1_000_000_000).l2_gas_price(2_000_000_000);
    Ok(execution.l1_data_gas(1_000_000).l1_data_gas_price(2_000_000_000).send().await?.transaction_hash)
}

#[tokio::test(flavor = "multi_thread")]
async fn estimates_simulates_and_traces() -> Result<()> {
    let node = TestNode::start()?;
    let client = client(&node)?;
    let rich = owner(&client, node.account(0)).await?;
    let calls = vec![transfer(STRK, RECIPIENT, 3)?, transfer(STRK, RECIPIENT, 4)?];

    let execution = rich.execute_v3(calls);
    let estimate = execution.estimate_fee().await?;
    let simulated = execution.simulate(false, true).await?;
    assert_eq!(balance(&node.rpc, STRK, RECIPIENT).await?, 0);
    let sent = execution.send().await?.transaction_hash;
    succeeded(&node, &client, sent).await?;
    assert_eq!(balance(&node.rpc, STRK, RECIPIENT).await?, 7);
    let receipt = client.get_transaction_receipt(sent).await?;
    let TransactionReceipt::Invoke(invoked) = &receipt.receipt else {
        bail!("not the receipt of an invoke: {receipt:?}");
    };
    let paid = u128::try_from(invoked.actual_fee.amount)?;
    assert!(paid <= estimate.overall_fee && estimate.overall_fee <= 3 * paid);

    let trace = client.trace_transaction(sent).await?;
    let (TransactionTrace::Invoke(foreseen), TransactionTrace::Invoke(traced)) =
        (simulated.transaction_trace, &trace)
    else {
        bail!("not the trace of an invoke: {trace:?}");
    };
    let (ExecuteInvocation::Success(foreseen), ExecuteInvocation::Success(traced)) =
        (foreseen.execute_invocation, &traced.execute_invocation)
    else {
        bail!("the transaction did not succeed: {trace:?}");
    };
    assert_eq!(foreseen.calls, traced.calls);
    assert_eq!(traced.calls.len(), 2);

    let block = ConfirmedBlockId::Number(receipt.block.block_number());
    let TraceBlockTransactionsResult::Traces(traces) = client.trace_block_transactions(block, None).await?
    else {
        bail!("initial reads were not asked for");
    };
    assert_eq!(traces.len(), 1);
    assert_eq!(traces[0].transaction_hash, sent);
    assert_eq!(traces[0].trace_root, trace);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_is_deployed_by_the_universal_deployer() -> Result<()> {
    let node = TestNode::start()?;
    let client = client(&node)?;
    let rich = owner(&client, node.account(0)).await?;
    let (class_hash, declared) = declare(&rich, "probe").await?;
    succeeded(&node, &client, declared).await?;

    let factory = ContractFactory::new_with_udc(class_hash, &rich, UdcSelector::New);
    let deployment = factory.deploy_v3(vec![], Felt::from(7), true);
    let address = deployment.deployed_address();
    succeeded(&node, &client, deployment.send().await?.transaction_hash).await?;
    assert_eq!(client.get_class_hash_at(LATEST, address).await?, class_hash);

    let put =
        Call { to: address, selector: get_selector_from_name("put")?, calldata: vec![5.into(), 42.into()] };
    succeeded(&node, &client, rich.execute_v3(vec![put]).send().await?.transaction_hash).await?;
    assert_eq!(node.rpc.view(address, "get", &[Felt::from(5)]).await?, [Felt::from(42)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_executed_in_order_and_its_events_come_in_pages() -> Result<()> {
    const BURST: u64 = 200;
    let node = TestNode::start()?;
    let client = client(&node)?;
    let rich = owner(&client, node.account(0)).await?;
    let first = u64::try_from(rich.get_nonce().await?)?;
    let mut sent = Vec::new();
    for nonce in first..first + BURST {
        sent.push(send_blindly(&rich, nonce).await?);
    }
    for hash in &sent {
        succeeded(&node, &client, *hash).await?;
    }
    assert_eq!(balance(&node.rpc, STRK, RECIPIENT).await?, u128::from(BURST));

    let filter = EventFilter {
        from_block: Some(BlockId::Number(0)),
        to_block: Some(LATEST),
        address: Some(AddressFilter::Single(STRK)),
        keys: Some(vec![vec![get_selector_from_name("Transfer")?], vec![], vec![RECIPIENT]]),
    };
    let (mut found, mut token) = (Vec::new(), None);
    loop {
        let page = client.get_events(filter.clone(), token, 33).await?;
        assert!(page.events.len() <= 33);
        found.extend(page.events.into_iter().map(|event| event.transaction_hash));
        token = page.continuation_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(found, sent);
    Ok(())
}

/// The first update that `wanted` finds something in.
macro_rules! until {
    ($subscription:expr, $wanted:expr) => {
        loop {
            let update = tokio::time::timeout(PATIENCE, $subscription.recv()).await??;
            if let Some(found) = $wanted(update) {
                break found;
            }
        }
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn every_subscription_tells_of_a_transaction() -> Result<()> {
    let node = TestNode::start()?;
    let client: Arc<Client> = client(&node)?;
    let rich = owner(&client, node.account(0)).await?;
    let url = node.rpc.url().replace("http://", "ws://").replace("/rpc", "/ws");
    let stream = TungsteniteStream::connect(url, PATIENCE).await?;

    let mut heads = stream.subscribe_new_heads(ConfirmedBlockId::Latest).await?;
    let mut events = stream
        .subscribe_events(EventSubscriptionOptions {
            from_address: Some(AddressFilter::Single(STRK)),
            keys: None,
            block_id: ConfirmedBlockId::Latest,
            finality_status: L2TransactionFinalityStatus::AcceptedOnL2,
        })
        .await?;
    let senders = || Some(vec![node.account(0).address]);
    let mut transactions = stream.subscribe_new_transactions(None, senders(), None).await?;
    let mut receipts = stream.subscribe_new_transaction_receipts(None, senders()).await?;

    let sent = send_blindly(&rich, u64::try_from(rich.get_nonce().await?)?).await?;
    let mut status = stream.subscribe_transaction_status(sent).await?;
    succeeded(&node, &client, sent).await?;
    let number = client.get_transaction_receipt(sent).await?.block.block_number();

    let head = until!(heads, |update| match update {
        NewHeadsUpdate::NewHeader(head) if head.block_number == number => Some(head),
        _ => None,
    });
    assert_eq!(Some(head.block_hash), node.rpc.block(number).await?["block_hash"].as_str().and_then(parse));
    until!(events, |update| match update {
        EventsUpdate::Event(event) if event.emitted_event.transaction_hash == sent => Some(()),
        _ => None,
    });
    until!(transactions, |update| match update {
        NewTransactionsUpdate::Transaction(found) if *found.txn.transaction_hash() == sent => Some(()),
        _ => None,
    });
    until!(receipts, |update| match update {
        NewTransactionReceiptsUpdate::Receipt(found) if *found.receipt.transaction_hash() == sent => Some(()),
        _ => None,
    });
    let result = until!(status, |update| match update {
        TransactionStatusUpdate::Status(found) => match found.status {
            TransactionStatus::AcceptedOnL2(result) => Some(result),
            _ => None,
        },
        TransactionStatusUpdate::Reorg(_) => None,
    });
    assert_eq!(result, ExecutionResult::Succeeded);
    heads.unsubscribe().await.context("unsubscribing")?;
    stream.close().await.context("closing")
}

fn parse(text: &str) -> Option<Felt> {
    Felt::from_hex(text).ok()
}

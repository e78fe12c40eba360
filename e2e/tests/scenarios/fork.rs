//! A devnet on top of another network, which here is a devnet, too.

mod proxy;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use starknet_rust::core::types::{AddressFilter, ConfirmedBlockId, L2TransactionFinalityStatus};
use starknet_rust_tokio_tungstenite::{
    EventSubscriptionOptions, EventsUpdate, NewHeadsUpdate, TungsteniteStream,
};
use starknet_types_core::felt::Felt;
use tokio::time::timeout;
use zkthreads_e2e::token::{ETH, INITIAL_BALANCE, balance, balance_key, transfer};
use zkthreads_e2e::wait::{PATIENCE, until};
use zkthreads_e2e::wallet::wire;
use zkthreads_e2e::{Rpc, TestNode, felt, hex};

use proxy::Proxy;

/// Nobody's account, so that no genesis block writes its balance.
const FRIEND: Felt = Felt::from_hex_unchecked("0xf21e4d");
const UNAVAILABLE: i64 = 10021;

/// Account 0 gives the friend 1 wei, in a block of its own.
async fn give(node: &TestNode) -> Result<Felt> {
    let account = node.account(0);
    let nonce = node.rpc.nonce(account.address).await?;
    let call = transfer(ETH, FRIEND, 1)?;
    let hash = node.rpc.send(&wire(&account.invoke(nonce, &[call])?, None)).await?;
    node.rpc.wait(hash).await?.succeeded();
    Ok(hash)
}

async fn friend_has(rpc: &Rpc, block_id: Value) -> Result<Felt> {
    let key = hex(balance_key(FRIEND));
    let params = json!({ "block_id": block_id, "contract_address": hex(ETH), "key": key });
    felt(&rpc.call("starknet_getStorageAt", params).await?)
}

fn fork(url: &str, block: u64) -> zkthreads_e2e::NodeOptions {
    TestNode::options().with(&["--fork-network", url, "--fork-block", &block.to_string(), "--accounts", "2"])
}

/// An origin with three gifts in its blocks 1 to 3, a fork at block 3, and a later gift that is not the fork's.
struct Forked {
    origin: TestNode,
    node: TestNode,
    gifts: Vec<Felt>,
    later: Felt,
}

const FORK_BLOCK: u64 = 3;

impl Forked {
    async fn start() -> Result<Self> {
        let origin = TestNode::start()?;
        let mut gifts = Vec::new();
        for _ in 0..FORK_BLOCK {
            gifts.push(give(&origin).await?);
        }
        let later = give(&origin).await?;
        let node = fork(origin.rpc.url(), FORK_BLOCK).start()?;
        Ok(Self { origin, node, gifts, later })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_goes_on_where_its_origin_was() -> Result<()> {
    let Forked { origin, node, .. } = Forked::start().await?;
    let rpc = &node.rpc;
    assert_eq!(rpc.block_number().await?, FORK_BLOCK + 1, "the accounts' block is the first");
    assert_eq!(
        rpc.block(FORK_BLOCK + 1).await?["parent_hash"],
        origin.rpc.block(FORK_BLOCK).await?["block_hash"]
    );
    let config = rpc.call("devnet_getConfig", json!([])).await?;
    assert_eq!(config["fork_config"], json!({ "url": origin.rpc.url(), "block_number": FORK_BLOCK }));
    assert_eq!(
        rpc.call("starknet_chainId", json!([])).await?,
        origin.rpc.call("starknet_chainId", json!([])).await?
    );

    // Reads, calls and classes of the origin at the forked block, and nothing later.
    assert_eq!(friend_has(rpc, json!("latest")).await?, Felt::THREE);
    assert_eq!(friend_has(&origin.rpc, json!("latest")).await?, Felt::from(4));
    assert_eq!(balance(rpc, ETH, FRIEND).await?, 3);
    let token = json!({ "block_id": "latest", "contract_address": hex(ETH) });
    let class = rpc.call("starknet_getClassAt", token.clone()).await?;
    assert_eq!(class, origin.rpc.call("starknet_getClassAt", token).await?);

    // The accounts have their funds again, and go on with the origin's nonces. Fees are paid as everywhere.
    let account = node.account(0);
    assert_eq!(balance(rpc, ETH, account.address).await?, INITIAL_BALANCE);
    assert_eq!(rpc.nonce(account.address).await?, FORK_BLOCK);
    give(&node).await?;
    assert_eq!(balance(rpc, ETH, FRIEND).await?, 4);
    assert_eq!(rpc.nonce(account.address).await?, FORK_BLOCK + 1);
    let minted = json!({ "address": hex(FRIEND), "amount": 10, "unit": "WEI" });
    rpc.call("devnet_mint", minted).await?;
    assert_eq!(balance(rpc, ETH, FRIEND).await?, 14);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_the_fork_is_the_origins() -> Result<()> {
    let Forked { origin, node, gifts, later } = Forked::start().await?;
    let rpc = &node.rpc;
    for number in 0..=FORK_BLOCK {
        let block = origin.rpc.block(number).await?;
        assert_eq!(rpc.block(number).await?, block);
        let by_hash = json!([{ "block_hash": block["block_hash"] }]);
        assert_eq!(rpc.call("starknet_getBlockWithReceipts", by_hash).await?, block);
        assert_eq!(friend_has(rpc, json!({ "block_number": number })).await?, Felt::from(number));
    }
    for method in
        ["starknet_getTransactionByHash", "starknet_getTransactionReceipt", "starknet_traceTransaction"]
    {
        for gift in &gifts {
            let params = json!({ "transaction_hash": hex(*gift) });
            assert_eq!(rpc.call(method, params.clone()).await?, origin.rpc.call(method, params).await?);
        }
    }
    // What the origin did after the fork did not happen here.
    let params = json!({ "transaction_hash": hex(later) });
    assert_eq!(rpc.refusal("starknet_getTransactionReceipt", params).await?.code, 29);
    let hash = origin.rpc.block(FORK_BLOCK + 1).await?["block_hash"].clone();
    let params = json!({ "block_id": { "block_hash": hash } });
    assert_eq!(rpc.refusal("starknet_getBlockWithTxs", params).await?.code, 24);
    let params = json!({ "block_id": { "block_number": FORK_BLOCK + 5 } });
    assert_eq!(rpc.refusal("starknet_getBlockWithTxs", params).await?.code, 24);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn events_before_and_after_the_fork_come_in_one_list() -> Result<()> {
    let Forked { origin, node, gifts, .. } = Forked::start().await?;
    let ours = [give(&node).await?, give(&node).await?];
    let expected: Vec<Felt> = gifts.into_iter().chain(ours).collect();
    let genesis = origin.rpc.block(0).await?["block_hash"].clone();
    for from in [Value::Null, json!({ "block_number": 0 }), json!({ "block_hash": genesis })] {
        for chunk_size in [1, 2, 100] {
            let mut found = Vec::new();
            let mut token = Value::Null;
            loop {
                let filter = json!({
                    "from_block": from, "to_block": "latest", "address": hex(ETH), "chunk_size": chunk_size,
                    "continuation_token": token,
                });
                let page = node.rpc.call("starknet_getEvents", json!([filter])).await?;
                for event in page["events"].as_array().context("no events")? {
                    found.push(felt(&event["transaction_hash"])?);
                }
                token = page["continuation_token"].clone();
                if token.is_null() {
                    break;
                }
            }
            assert_eq!(found, expected, "{from} {chunk_size}");
        }
    }
    // Not from the origin's future, which begins after the fork.
    let later = origin.rpc.block(FORK_BLOCK + 1).await?["block_hash"].clone();
    let filter = json!({ "from_block": { "block_hash": later }, "address": hex(ETH), "chunk_size": 10 });
    assert_eq!(node.rpc.refusal("starknet_getEvents", json!({ "filter": filter })).await?.code, 24);
    let filter = json!({ "to_block": { "block_number": 2 }, "address": hex(ETH), "chunk_size": 10 });
    let page = node.rpc.call("starknet_getEvents", json!({ "filter": filter })).await?;
    assert_eq!(page["events"].as_array().map(Vec::len), Some(2));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_written_here_is_proven() -> Result<()> {
    let Forked { origin: _origin, node, .. } = Forked::start().await?;
    let proof = |owner: Felt| {
        let keys = json!([{ "contract_address": hex(ETH), "storage_keys": [hex(balance_key(owner))] }]);
        json!({ "block_id": "latest", "contract_addresses": [hex(ETH)], "contracts_storage_keys": keys })
    };
    node.rpc.call("starknet_getStorageProof", proof(node.account(0).address)).await?;
    let refused = node.rpc.refusal("starknet_getStorageProof", proof(FRIEND)).await?;
    assert_eq!(refused.code, 42);
    give(&node).await?;
    node.rpc.call("starknet_getStorageProof", proof(FRIEND)).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_outlives_its_origin() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let data = directory.path().join("data");
    let Forked { origin, node, gifts, .. } = Forked::start().await?;
    drop(node);
    let node = fork(origin.rpc.url(), FORK_BLOCK).data_dir(&data).start()?;
    give(&node).await?;
    let url = origin.rpc.url().to_owned();
    origin.kill()?;

    // What was read stays, also when the fork starts anew, which needs no options.
    let mut node = node;
    for is_new_start in [false, true] {
        if is_new_start {
            node.kill()?;
            node = TestNode::options().data_dir(&data).start()?;
        }
        let rpc = &node.rpc;
        assert_eq!(balance(rpc, ETH, FRIEND).await?, 4);
        give(&node).await?;
        give(&node).await?;
        assert_eq!(balance(rpc, ETH, FRIEND).await?, 6);
        rpc.call("devnet_abortBlocks", json!({ "starting_block_id": { "block_number": FORK_BLOCK + 3 } }))
            .await?;
        assert_eq!(balance(rpc, ETH, FRIEND).await?, 4);
    }
    // What was not is an error that says why, and no zero.
    let rpc = &node.rpc;
    let params = json!({ "block_id": "latest", "contract_address": hex(ETH), "key": "0x123" });
    assert_eq!(rpc.refusal("starknet_getStorageAt", params).await?.code, UNAVAILABLE);
    let call = json!({
        "contract_address": hex(ETH),
        "entry_point_selector": starknet_selector("balance_of")?,
        "calldata": ["0x5747a46e6765"],
    });
    let called = rpc.refusal("starknet_call", json!({ "request": call, "block_id": "latest" })).await?;
    assert_eq!(called.code, UNAVAILABLE);
    let params = json!({ "transaction_hash": hex(gifts[0]) });
    assert_eq!(rpc.refusal("starknet_getTransactionReceipt", params).await?.code, UNAVAILABLE);
    // Nor is it a transaction's fault, which would pay for it.
    let account = node.account(0);
    let nonce = rpc.nonce(account.address).await?;
    let invoke = account.invoke(nonce, &[transfer(ETH, Felt::from(0x57_47a4_u64), 1)?])?;
    let hash = rpc.send(&wire(&invoke, None)).await?;
    let params = json!({ "transaction_hash": hex(hash) });
    let rejected = async || match rpc.try_call("starknet_getTransactionStatus", params.clone()).await? {
        Ok(status) if status["finality_status"] == "RECEIVED" || status["finality_status"] == "CANDIDATE" => {
            Ok(None)
        }
        Ok(status) => anyhow::bail!("it is in a block: {status}"),
        Err(failure) => Ok(Some(failure)),
    };
    let failure = until("it is rejected", rejected).await?;
    assert!(failure.data.to_string().contains("forked network"), "{failure}");
    assert_eq!(rpc.nonce(account.address).await?, nonce);
    give(&node).await?;
    // The pinned block stays what it is.
    drop(node);
    assert!(fork(&url, FORK_BLOCK - 1).data_dir(&data).start().is_err());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_turns_every_other_request_away_can_be_forked() -> Result<()> {
    let Forked { origin, node, .. } = Forked::start().await?;
    drop(node);
    let proxy = Proxy::start(origin.rpc.url()).await?;
    let node = fork(&proxy.url(), FORK_BLOCK).start()?;
    assert_eq!(balance(&node.rpc, ETH, FRIEND).await?, 3);
    give(&node).await?;
    assert_eq!(balance(&node.rpc, ETH, FRIEND).await?, 4);
    assert_eq!(node.rpc.block(2).await?, origin.rpc.block(2).await?);
    assert!(proxy.turned_away() > 10);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_forked_is_refused_at_the_start() -> Result<()> {
    let origin = TestNode::start()?;
    let proxy = Proxy::start(origin.rpc.url()).await?;
    assert!(fork(origin.rpc.url(), 77).start().is_err(), "no such block");
    assert!(fork("ftp://localhost", 0).start().is_err(), "no HTTP");
    assert!(fork(&proxy.old_url(), 0).start().is_err(), "an old version of the specification");
    let wrong_chain = fork(origin.rpc.url(), 0).with(&["--chain-id", "MAINNET"]);
    assert!(wrong_chain.start().is_err(), "another chain");
    Ok(())
}

fn starknet_selector(name: &str) -> Result<String> {
    Ok(hex(starknet_rust::core::utils::get_selector_from_name(name)?))
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_begin_before_the_fork() -> Result<()> {
    let Forked { origin, node, gifts, .. } = Forked::start().await?;
    let ours = give(&node).await?;
    let url = node.rpc.url().replace("http://", "ws://").replace("/rpc", "/ws");
    let stream = TungsteniteStream::connect(url, PATIENCE).await?;
    let second = felt(&origin.rpc.block(2).await?["block_hash"])?;
    for (begin, first) in [(ConfirmedBlockId::Number(1), 1), (ConfirmedBlockId::Hash(second), 2)] {
        let mut heads = stream.subscribe_new_heads(begin).await?;
        for number in first..=FORK_BLOCK + 2 {
            let NewHeadsUpdate::NewHeader(head) = timeout(PATIENCE, heads.recv()).await?? else {
                bail!("no header");
            };
            assert_eq!(head.block_number, number);
            assert_eq!(head.block_hash, felt(&node.rpc.block(number).await?["block_hash"])?);
        }
        let mut events = stream
            .subscribe_events(EventSubscriptionOptions {
                from_address: Some(AddressFilter::Single(ETH)),
                keys: None,
                block_id: begin,
                finality_status: L2TransactionFinalityStatus::AcceptedOnL2,
            })
            .await?;
        let first = usize::try_from(first)?.saturating_sub(1);
        for expected in gifts.iter().skip(first).chain([&ours]) {
            let EventsUpdate::Event(event) = timeout(PATIENCE, events.recv()).await?? else {
                bail!("no event");
            };
            assert_eq!(event.emitted_event.transaction_hash, *expected);
        }
    }
    // The origin's blocks after the fork are in another future.
    let later = felt(&origin.rpc.block(FORK_BLOCK + 1).await?["block_hash"])?;
    assert!(stream.subscribe_new_heads(ConfirmedBlockId::Hash(later)).await.is_err());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_origin_accepted_on_l1_is_accepted_here() -> Result<()> {
    let Forked { origin, node, .. } = Forked::start().await?;
    let named = json!({ "block_id": "l1_accepted" });
    assert_eq!(node.rpc.refusal("starknet_getBlockWithTxHashes", named.clone()).await?.code, 24);
    for (accepted, seen) in [(2, 2), (FORK_BLOCK + 1, FORK_BLOCK)] {
        let params = json!({ "starting_block_id": { "block_number": accepted } });
        origin.rpc.call("devnet_acceptOnL1", params).await?;
        let block = node.rpc.call("starknet_getBlockWithTxHashes", named.clone()).await?;
        assert_eq!(block["block_number"], seen);
        assert_eq!(friend_has(&node.rpc, json!("l1_accepted")).await?, Felt::from(seen));
        let filter = json!({ "to_block": "l1_accepted", "address": hex(ETH), "chunk_size": 10 });
        let page = node.rpc.call("starknet_getEvents", json!({ "filter": filter })).await?;
        assert_eq!(page["events"].as_array().map(Vec::len), Some(usize::try_from(seen)?));
    }
    let params = json!({ "starting_block_id": "latest" });
    node.rpc.call("devnet_acceptOnL1", params).await?;
    let block = node.rpc.call("starknet_getBlockWithTxHashes", named).await?;
    assert_eq!(block["block_number"], FORK_BLOCK + 1);
    Ok(())
}

//! A server in front of a thread: what it takes, what it leaves to its node, and what both show.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::value::RawValue;
use serde_json::{Value, json};
use starknet_api::block::{BlockHash, BlockTimestamp};
use starknet_api::core::ContractAddress;
use starknet_api::transaction::{InvokeTransactionV3, TransactionHash};
use starknet_types_core::felt::Felt;
use tokio::runtime::Handle;
use zkthreads_execution::Submission;
use zkthreads_protocol::InnerTransaction;
use zkthreads_rpc::{ServerLimits, ThreadSink};
use zkthreads_rpc_api::thread::{NodeStatus, QueueStatus, StatusBase, Throughput, TimeStatus, Totals};
use zkthreads_rpc_api::{
    InnerRefusal, Origin, OriginError, PoolStatus, ThreadControl, ThreadLimit, ThreadStatus,
};

use crate::chain::{ALICE, BALANCE, BOB, Chain, STRK, commit_genesis};
use crate::code::DeployAccount;
use crate::package::{envelope, package, to_request};
use crate::sink::Pool;
use crate::transactions::{hash, invoke, to_json, transfer};

/// A thread that executes what it takes in the open block of `pool`.
struct Sequencer {
    pool: Arc<Pool>,
    /// What the next transaction is refused for.
    refusal: Mutex<Option<InnerRefusal>>,
    statuses: Mutex<BTreeMap<TransactionHash, PoolStatus>>,
    waiting: Mutex<Option<(TransactionHash, InnerTransaction)>>,
}

const NODE_URL: &str = "http://the.node";

impl ThreadControl for Sequencer {
    fn submit(&self, transaction: InnerTransaction) -> Result<TransactionHash, InnerRefusal> {
        if let Some(refusal) = self.refusal.lock().unwrap().take() {
            return Err(refusal);
        }
        let submission = Submission::Invoke(transaction.as_invoke().clone());
        let pending = self.pool.executor.prepare(submission, false).unwrap();
        let hash = pending.hash;
        self.pool.put(pending);
        self.pool.execute();
        Ok(hash)
    }

    fn status(&self) -> ThreadStatus {
        ThreadStatus {
            submitter: ContractAddress::from(7_u64),
            contracts: None,
            node: NodeStatus { url: NODE_URL.to_owned(), reachable: true, error: None },
            base_block: StatusBase {
                block_number: Default::default(),
                block_hash: BlockHash::default(),
                timestamp: BlockTimestamp(5),
            },
            queue: QueueStatus::default(),
            users: 1,
            time: TimeStatus::default(),
            totals: Totals::default(),
            throughput: Throughput::default(),
            sub_blocks: Vec::new(),
            provers: Vec::new(),
            trouble: vec!["the disk is full".to_owned()],
        }
    }

    fn pool_status(&self, hash: TransactionHash) -> Option<PoolStatus> {
        self.statuses.lock().unwrap().get(&hash).cloned()
    }

    fn waiting(&self, hash: TransactionHash) -> Option<InnerTransaction> {
        let waiting = self.waiting.lock().unwrap();
        waiting.as_ref().filter(|(of, _)| *of == hash).map(|(_, transaction)| transaction.clone())
    }
}

/// Another server, as the thread's node.
struct Node {
    url: String,
    http: reqwest::Client,
    runtime: Handle,
}

impl Origin for Node {
    fn ask(&self, method: &str, params: &RawValue) -> Result<Box<RawValue>, OriginError> {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let request = self.http.post(&self.url).json(&call);
        let mut answer: Value =
            self.runtime.block_on(async { request.send().await.unwrap().json().await.unwrap() });
        match answer.get("error") {
            Some(error) => Err(OriginError::Refused(serde_json::from_value(error.clone()).unwrap())),
            None => Ok(serde_json::value::to_raw_value(&answer["result"].take()).unwrap()),
        }
    }

    fn tell(&self, method: &str, params: &RawValue) -> Result<Box<RawValue>, OriginError> {
        self.ask(method, params)
    }
}

/// A node, and a thread on it, which has the node's first block and no other.
struct Pair {
    node: Chain,
    thread: Chain,
    sequencer: Arc<Sequencer>,
}

impl Pair {
    async fn start() -> Self {
        let node = Chain::start().await;
        let origin = Node {
            url: format!("http://{}", node.server.address()),
            http: node.http.clone(),
            runtime: Handle::current(),
        };
        let mut sequencer = None;
        let thread = Chain::serve_as(commit_genesis, ServerLimits::default(), |mut context, pool| {
            let control = Arc::new(Sequencer {
                pool: Arc::clone(pool),
                refusal: Mutex::default(),
                statuses: Mutex::default(),
                waiting: Mutex::default(),
            });
            context.sink = Arc::new(ThreadSink::new(control.clone(), context.executor.clone()));
            context.thread = Some(control.clone());
            context.origin = Some(Arc::new(origin));
            sequencer = Some(control);
            context
        });
        let thread = thread.await;
        Self { node, thread, sequencer: sequencer.unwrap() }
    }

    async fn stop(self) {
        self.thread.server.stop().await;
        self.node.server.stop().await;
    }
}

async fn status(chain: &Chain, hash: &Value) -> Value {
    chain.ok("starknet_getTransactionStatus", json!([hash])).await["finality_status"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn inner_transactions_are_pre_confirmed_and_then_settled() {
    let pair = Pair::start().await;
    let (node, thread) = (&pair.node, &pair.thread);
    let bytes = package(node, Felt::ZERO).encode();
    let first = invoke(BOB, 0, transfer(STRK, 1));
    let added = thread.ok("starknet_addInvokeTransaction", json!([to_json(&first)])).await;
    let inner = json!(hash(&first));
    assert_eq!(added["transaction_hash"], inner);

    assert_eq!(status(thread, &inner).await, "PRE_CONFIRMED");
    assert_eq!(node.error("starknet_getTransactionStatus", json!([inner])).await.code, 29);
    assert_eq!(thread.ok("starknet_getNonce", json!(["pre_confirmed", BOB])).await, "0x1");
    // Wallets sign with the latest nonce: the thread's. The block itself has another.
    assert_eq!(thread.ok("starknet_getNonce", json!(["latest", BOB])).await, "0x1");
    assert_eq!(thread.ok("starknet_getNonce", json!([{ "block_number": 0 }, BOB])).await, "0x0");
    let filter = json!({ "from_block": "pre_confirmed", "to_block": "pre_confirmed", "chunk_size": 10 });
    let events = thread.ok("starknet_getEvents", json!([filter])).await;
    assert_eq!(events["events"][0]["transaction_hash"], inner);

    // The node settles it, and the thread takes the node's block. Until it has built on that, nothing is lost.
    let settle = |chain: &Chain| {
        let thread = envelope(ALICE, 0, &bytes);
        let (nothing, hash) = (invoke(ALICE, 0, vec![Felt::ZERO]), hash(&thread));
        chain.pool.settle(nothing, thread, hash, &bytes);
    };
    let unsettled = invoke(ALICE, 0, transfer(BOB, 9));
    thread.ok("starknet_addInvokeTransaction", json!([to_json(&unsettled)])).await;
    settle(node);
    settle(thread);
    // To the thread's users the node's block has not come yet: their state is that before it.
    let envelope = json!(hash(&envelope(ALICE, 0, &bytes)));
    assert_eq!(status(thread, &envelope).await, "RECEIVED");
    assert_eq!(thread.error("starknet_getTransactionReceipt", json!([envelope])).await.code, 29);
    assert_eq!(status(thread, &inner).await, "ACCEPTED_ON_L2");
    assert_eq!(status(thread, &json!(hash(&unsettled))).await, "PRE_CONFIRMED");
    let [here, there] =
        [thread, node].map(|chain| chain.ok("starknet_getTransactionReceipt", json!([inner])));
    assert_eq!(here.await["events"], there.await["events"]);
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_that_takes_no_more_says_by_http_when_to_come_back() {
    let pair = Pair::start().await;
    let thread = &pair.thread;
    let params = json!([to_json(&invoke(BOB, 0, transfer(ALICE, 1)))]);
    let call =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "starknet_addInvokeTransaction", "params": params });
    let send = || thread.http.post(format!("http://{}/", thread.server.address())).json(&call).send();
    for (refusal, seconds) in [
        (InnerRefusal::Full { limit: ThreadLimit::UnsettledCells, capacity: 5 }, Some("10")),
        (InnerRefusal::Busy { seconds: 607, max: 600 }, Some("7")),
        (InnerRefusal::NotProvable { reason: "keccak".into() }, None),
    ] {
        *pair.sequencer.refusal.lock().unwrap() = Some(refusal);
        let answer = send().await.unwrap();
        let told = answer.headers().get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!((answer.status().as_u16(), told), (200, seconds));
    }
    let taken = send().await.unwrap();
    assert!(!taken.headers().contains_key("retry-after"));
    assert!(taken.text().await.unwrap().contains("transaction_hash"));
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_thread_cannot_take_is_refused_by_type() {
    let pair = Pair::start().await;
    let refuse = |refusal| *pair.sequencer.refusal.lock().unwrap() = Some(refusal);
    let good = to_json(&invoke(BOB, 0, transfer(ALICE, 1)));
    let account: ContractAddress = BOB.try_into().unwrap();
    let refusals = [
        (InnerRefusal::Duplicate, 59, Value::Null),
        (InnerRefusal::Validate { reason: "wrong signature".into() }, 55, json!("wrong signature")),
        (
            InnerRefusal::NotProvable { reason: "keccak".into() },
            63,
            json!(format!(
                "NOT_PROVABLE: a thread cannot prove it: keccak (the chain is at {NODE_URL}); send it to the chain"
            )),
        ),
        (InnerRefusal::NotDeployed { account }, 58, Value::Null),
        (
            InnerRefusal::Busy { seconds: 607, max: 600 },
            -32005,
            json!({
                "work": "thread",
                "reason": "the thread is busy: what it takes now would settle in 607 s, at most 600 s are possible",
                "retry_after_seconds": 7,
            }),
        ),
    ];
    for (refusal, code, data) in refusals {
        refuse(refusal);
        let error = pair.thread.error("starknet_addInvokeTransaction", json!([good])).await;
        assert_eq!((error.code, &error.data), (code, &data), "{error:?}");
    }

    let with = |field: &str, value: Value| {
        let mut request = good.clone();
        request[field] = value;
        request
    };
    let bytes = package(&pair.node, Felt::ZERO).encode();
    let thread = to_request(&envelope(ALICE, 0, &bytes), &bytes);
    for (code, request) in [
        (61, with("version", json!("0x100000000000000000000000000000003"))),
        (63, with("paymaster_data", json!(["0x1"]))),
        (63, with("account_deployment_data", json!(["0x1"]))),
        (69, with("proof", json!("AAAA"))),
        (69, thread),
    ] {
        let error = pair.thread.error("starknet_addInvokeTransaction", json!([request])).await;
        assert_eq!(error.code, code, "{error:?}");
        if code == 69 {
            assert_eq!(error.data["kind"], "NOT_AN_INNER_TRANSACTION");
        }
    }
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_is_left_to_the_node() {
    let pair = Pair::start().await;
    let (node, thread) = (&pair.node, &pair.thread);

    // A deploy makes a block of the node, of which the thread knows nothing yet.
    let account = DeployAccount::new(node.account_class, 5);
    let fund = invoke(ALICE, 0, transfer(*account.address().0.key(), BALANCE / 2));
    node.ok("starknet_addInvokeTransaction", json!([to_json(&fund)])).await;
    let added = thread.ok("starknet_addDeployAccountTransaction", json!([account.request()])).await;
    let deployed = &added["transaction_hash"];
    assert_eq!(node.ok("starknet_blockNumber", json!([])).await, 2);
    assert_eq!(thread.ok("starknet_blockNumber", json!([])).await, 0);
    for (method, params) in [
        ("starknet_getTransactionByHash", json!([deployed])),
        ("starknet_getBlockWithTxHashes", json!([{ "block_number": 2 }])),
        ("starknet_getStorageProof", json!({ "block_id": "latest", "contract_addresses": [STRK] })),
        ("zkthread_osVersions", json!([])),
        ("zkthread_getRules", json!([])),
        ("zkthread_listThreads", json!({ "limit": 5 })),
    ] {
        assert_eq!(thread.ok(method, params.clone()).await, node.ok(method, params).await, "{method}");
    }
    // Whoever hears that an account is deployed uses it next.
    assert_eq!(
        thread.ok("starknet_getTransactionStatus", json!([deployed])).await,
        json!({ "finality_status": "RECEIVED" })
    );
    assert_eq!(thread.error("starknet_getTransactionReceipt", json!([deployed])).await.code, 29);
    let unknown = Felt::from(0x99);
    for (method, params, code) in [
        ("starknet_getTransactionReceipt", json!([unknown]), 29),
        ("zkthread_getThread", json!([unknown]), 29),
        ("starknet_getBlockWithTxs", json!([{ "block_number": 9 }]), 24),
        ("starknet_getBlockWithTxs", json!([{ "block_hash": unknown }]), 24),
        ("devnet_getConfig", json!([]), -32601),
    ] {
        assert_eq!(thread.error(method, params).await.code, code, "{method}");
    }

    // Threads settle on the node, and are found through the thread.
    let bytes = package(node, Felt::ZERO).encode();
    let envelope = envelope(ALICE, 1, &bytes);
    let request = to_request(&envelope, &bytes);
    let check = json!({ "invoke_transaction": request });
    assert_eq!(thread.ok("zkthread_checkThread", check.clone()).await["would_settle"], false);
    thread.ok("zkthread_addThreadTransaction", check).await;
    let shown = thread.ok("zkthread_getThread", json!([hash(&envelope)])).await;
    assert_eq!((&shown["status"], &shown["block_number"]), (&json!("REVERTED"), &json!(3)));
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_and_what_was_rejected() {
    let pair = Pair::start().await;
    let sequencer = &pair.sequencer;
    let remember = |transaction: &InvokeTransactionV3, status: PoolStatus| {
        let hash = hash(transaction);
        sequencer.statuses.lock().unwrap().insert(hash, status);
        json!(hash)
    };
    let late = invoke(BOB, 3, transfer(ALICE, 1));
    let waiting = remember(&late, PoolStatus::Received);
    let inner = InnerTransaction::try_from(late.clone()).unwrap();
    *sequencer.waiting.lock().unwrap() = Some((hash(&late), inner));
    assert_eq!(status(&pair.thread, &waiting).await, "RECEIVED");
    let shown = pair.thread.ok("starknet_getTransactionByHash", json!([waiting])).await;
    assert_eq!(shown["nonce"], "0x3");

    let reason = "conflict: nonce".to_owned();
    let rejected = remember(&invoke(BOB, 4, transfer(ALICE, 1)), PoolStatus::Rejected { reason });
    let error = pair.thread.error("starknet_getTransactionStatus", json!([rejected])).await;
    assert_eq!((error.code, &error.data), (29, &json!("conflict: nonce")));
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_says_how_it_is_and_a_node_says_that_it_is_none() {
    let pair = Pair::start().await;
    let status = pair.thread.ok("zkthread_status", json!([])).await;
    assert_eq!((&status["node"]["url"], &status["contracts"]), (&json!(NODE_URL), &Value::Null));
    assert_eq!(status["trouble"], json!(["the disk is full"]));
    assert_eq!(status["base_block"], json!({ "block_number": 0, "block_hash": "0x0", "timestamp": 5 }));
    let error = pair.node.error("zkthread_status", json!([])).await;
    assert_eq!((error.code, &error.data["kind"]), (10009, &json!("NO_THREAD")));
    pair.stop().await;
}

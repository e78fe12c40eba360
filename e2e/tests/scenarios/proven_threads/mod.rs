//! `zkthreads thread` beside `zkthreads devnet`: users, wallets and blocks on both sides, with real proofs.

mod clients;
mod conflicts;
mod crashes;
mod exits;
mod journeys;
mod liveness;
mod racing;
mod refusals;
mod segments;
mod settling;
mod time;
mod troubles;

use std::time::Duration;

use anyhow::Result;
use starknet_types_core::felt::Felt;
use zkthreads_e2e::token::{check_supply, send_ether};
use zkthreads_e2e::{TestNode, TestThread, ThreadOptions, Wallet};

/// How often the chain that a thread settles on makes a block.
const BLOCK_TIME: Duration = Duration::from_millis(500);

/// A chain whose blocks come by themselves.
fn node() -> Result<TestNode> {
    TestNode::options().block_time(BLOCK_TIME).start()
}

/// A thread that account 0 pays for; a sub-block closes soon.
fn thread(node: &TestNode) -> ThreadOptions {
    ThreadOptions::new(node.rpc.url(), node.account(0)).with(&["--max-age", "1"])
}

/// The same, but a sub-block closes when it holds so many transactions, however long that takes: before the last of them is
/// sent, none can be on the chain.
fn patient_thread(node: &TestNode, transactions: u32) -> ThreadOptions {
    let options = ThreadOptions::new(node.rpc.url(), node.account(0));
    options.with(&["--max-age", "86400", "--max-transactions", &transactions.to_string()])
}

/// Moves ether by way of the thread; the transaction's hash.
async fn pay(thread: &TestThread, from: &Wallet, nonce: u64, to: Felt, amount: u128) -> Result<Felt> {
    send_ether(&thread.rpc, from, nonce, to, amount).await
}

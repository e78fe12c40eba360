//! What happens to a chain and a thread.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use zkthreads_e2e::dice::Dice;
use zkthreads_e2e::node::binary;
use zkthreads_e2e::pair::Pair;
use zkthreads_e2e::process::signal;
use zkthreads_e2e::token::{ETH, balance, send_ether};
use zkthreads_e2e::{TestNode, hex};

use crate::ledger::Ledger;

/// An event.
#[derive(Clone, Copy)]
pub(crate) enum Event {
    KillThread,
    KillProvers,
    KillNode,
    StopNode,
    UndoBlocks,
    Fork,
}

impl Event {
    /// Whether node or thread begins anew.
    pub(crate) fn starts_anew(self) -> bool {
        match self {
            Self::KillThread | Self::KillNode | Self::StopNode => true,
            Self::KillProvers | Self::UndoBlocks | Self::Fork => false,
        }
    }
}

pub(crate) const EVENTS: [(&str, Event); 6] = [
    ("the thread is killed", Event::KillThread),
    ("its provers are killed", Event::KillProvers),
    ("the node is killed", Event::KillNode),
    ("the node is stopped, its database checked", Event::StopNode),
    ("the latest blocks are undone", Event::UndoBlocks),
    ("a chain is forked off", Event::Fork),
];

/// Most blocks that are undone at once.
const MAX_UNDONE: u64 = 3;

pub(crate) async fn happen(event: Event, pair: &mut Pair, dice: &mut Dice, ledger: &Ledger) -> Result<()> {
    match event {
        Event::KillThread => {
            pair.kill_thread()?;
            pair.start_thread()
        }
        Event::KillProvers => {
            for prover in pair.thread()?.provers().await? {
                // It may have ended just now.
                let _ = signal("-KILL", prover);
            }
            Ok(())
        }
        Event::KillNode => {
            pair.kill_node()?;
            tokio::time::sleep(Duration::from_millis(dice.roll(700))).await;
            pair.start_node()
        }
        Event::StopNode => {
            pair.stop_node()?;
            check_database(pair.chain())?;
            pair.start_node()
        }
        Event::UndoBlocks => undo_blocks(pair, 1 + dice.roll(MAX_UNDONE), ledger).await,
        Event::Fork => fork(pair.node()?).await,
    }
}

async fn undo_blocks(pair: &Pair, blocks: u64, ledger: &Ledger) -> Result<()> {
    let rpc = &pair.node()?.rpc;
    let latest = rpc.call("starknet_blockNumber", json!([])).await?.as_u64().unwrap_or_default();
    // Genesis stays.
    let first = latest.saturating_sub(blocks - 1).max(1);
    if latest > 0 {
        rpc.call("devnet_abortBlocks", json!({ "starting_block_id": { "block_number": first } })).await?;
    }
    ledger.send_again(pair).await
}

/// A chain of its own, on which somebody pays something.
async fn fork(origin: &TestNode) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let number = origin.rpc.call("starknet_blockNumber", json!([])).await?;
    let point = number.as_u64().unwrap_or_default().to_string();
    let options = TestNode::options().with(&["--fork-network", origin.rpc.url(), "--fork-block", &point]);
    let node = options.data_dir(directory.path()).start()?;
    let (payer, payee) = (node.account(7), node.account(6).address);
    let params = json!({ "block_id": "latest", "contract_address": hex(ETH), "key": "0x1" });
    node.rpc.call("starknet_getStorageAt", params).await?;
    let before = balance(&node.rpc, ETH, payee).await?;
    let nonce = node.rpc.nonce(payer.address).await?;
    let hash = send_ether(&node.rpc, payer, nonce, payee, 5).await?;
    node.rpc.wait(hash).await?.succeeded();
    ensure!(balance(&node.rpc, ETH, payee).await? == before + 5, "the fork's payment");
    node.stop()?;
    check_database(directory.path())
}

/// Whether `zkthreads db check` finds nothing wrong.
pub(crate) fn check_database(directory: &Path) -> Result<()> {
    let mut check = Command::new(binary()?);
    let output = check.args(["db", "check", "--data-dir"]).arg(directory).output()?;
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "db check: {said}");
    Ok(())
}

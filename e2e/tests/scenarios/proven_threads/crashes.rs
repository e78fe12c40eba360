//! `kill -9` of thread, prover or node, fifty times under load: nothing that was acknowledged is lost or done twice.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::Url;
use starknet_types_core::felt::Felt;
use zkthreads_e2e::process::{own_address, signal};
use zkthreads_e2e::token::{ETH, INITIAL_BALANCE, balance};
use zkthreads_e2e::{Rpc, TestNode, TestThread, ThreadOptions};

use super::{BLOCK_TIME, check_supply, send};

const KILLS: u32 = 50;
const SENDERS: usize = 7;

fn port(rpc: &Rpc) -> Result<u16> {
    Url::parse(rpc.url())?.port().context("no port")
}

/// Numbers that differ, the same in every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// A chain and a thread on it, each at a port that it comes back to: the first one it got.
struct Pair {
    ports: (u16, u16),
    directories: (tempfile::TempDir, tempfile::TempDir),
    node: Option<TestNode>,
    thread: Option<TestThread>,
}

impl Pair {
    fn start() -> Result<Self> {
        let mut pair = Self {
            ports: (0, 0),
            directories: (tempfile::tempdir()?, tempfile::tempdir()?),
            node: None,
            thread: None,
        };
        pair.start_node()?;
        pair.start_thread()?;
        Ok(pair)
    }

    fn start_node(&mut self) -> Result<()> {
        let options = TestNode::options().data_dir(self.directories.0.path()).block_time(BLOCK_TIME);
        let node = options.at(own_address(), self.ports.0).start()?;
        self.ports.0 = port(&node.rpc)?;
        self.node = Some(node);
        Ok(())
    }

    fn start_thread(&mut self) -> Result<()> {
        let path: &Path = self.directories.1.path();
        let options = ThreadOptions::new(self.node()?.rpc.url(), self.node()?.account(0));
        let options = options.with(&["--max-age", "1", "--max-transactions", "60"]);
        let thread = options.data_dir(path).at(own_address(), self.ports.1).start()?;
        self.ports.1 = port(&thread.rpc)?;
        self.thread = Some(thread);
        Ok(())
    }

    fn node(&self) -> Result<&TestNode> {
        self.node.as_ref().context("the node is down")
    }

    fn thread(&self) -> Result<&TestThread> {
        self.thread.as_ref().context("the thread is down")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_fifty_times() -> Result<()> {
    let mut pair = Pair::start()?;
    let mut dice = Dice(7);
    let recipient = pair.node()?.account(9).address;
    // What each sender was told: hash by nonce.
    let mut acknowledged: Vec<BTreeMap<u64, Felt>> = vec![BTreeMap::new(); SENDERS];
    for kill in 0..KILLS {
        for _ in 0..6 {
            let index = dice.roll(SENDERS as u64) as usize;
            let sender = pair.node()?.account(index + 1).clone();
            let nonce = acknowledged[index].len() as u64;
            // Unacknowledged ones may or may not have been taken: the same transaction is sent again.
            let hash = match send(&pair.thread()?.rpc, &sender, nonce, recipient, 1).await {
                Ok(hash) => hash,
                Err(error) if format!("{error:#}").contains("59 ") => {
                    let again =
                        sender.invoke(nonce, &[zkthreads_e2e::token::transfer(ETH, recipient, 1)?])?;
                    zkthreads_e2e::wallet::hash_of(&again)?.0
                }
                Err(error) => return Err(error.context(format!("kill {kill}"))),
            };
            acknowledged[index].insert(nonce, hash);
        }
        tokio::time::sleep(Duration::from_millis(dice.roll(1_500))).await;
        match dice.roll(3) {
            0 => {
                pair.thread.take().context("thread")?.kill()?;
                pair.start_thread()?;
            }
            1 => {
                for prover in pair.thread()?.provers().await? {
                    // It may have ended just now.
                    let _ = signal("-KILL", prover);
                }
            }
            _ => {
                pair.node.take().context("node")?.kill()?;
                tokio::time::sleep(Duration::from_millis(dice.roll(700))).await;
                pair.start_node()?;
            }
        }
    }
    let status = pair.thread()?.until_settled().await?;
    assert_eq!(status["totals"]["rejected"], 0, "{status:#}");

    let (node, thread) = (pair.node()?, pair.thread()?);
    let mut count = 0;
    for (index, transactions) in acknowledged.iter().enumerate() {
        let sender = node.account(index + 1).address;
        let nonce = node.rpc.nonce(sender).await?;
        if nonce != transactions.len() as u64 {
            bail!("sender {index} is at {nonce}, {} were acknowledged", transactions.len());
        }
        let held = balance(&node.rpc, ETH, sender).await?;
        assert_eq!(held, INITIAL_BALANCE - u128::from(nonce), "each was executed once");
        for hash in transactions.values() {
            thread.settled(&node.rpc, *hash).await?.succeeded();
            count += 1;
        }
    }
    assert_eq!(balance(&node.rpc, ETH, recipient).await?, INITIAL_BALANCE + count);
    check_supply(node).await
}

//! `kill -9` of thread, prover or node, again and again under load: nothing that was acknowledged is lost or done twice.
//! `make soak` does it for an hour.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, bail};
use starknet_types_core::felt::Felt;
use zkthreads_e2e::dice::Dice;
use zkthreads_e2e::pair::Pair;
use zkthreads_e2e::process::signal;
use zkthreads_e2e::token::{ETH, INITIAL_BALANCE, balance};

use super::{BLOCK_TIME, check_supply, send_ether};

const KILLS: u32 = 20;
const SENDERS: usize = 7;

#[tokio::test(flavor = "multi_thread")]
async fn killed_twenty_times() -> Result<()> {
    let mut pair = Pair::start(BLOCK_TIME)?;
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
            let hash = match send_ether(&pair.thread()?.rpc, &sender, nonce, recipient, 1).await {
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
                pair.kill_thread()?;
                pair.start_thread()?;
            }
            1 => {
                for prover in pair.thread()?.provers().await? {
                    // It may have ended just now.
                    let _ = signal("-KILL", prover);
                }
            }
            _ => {
                pair.kill_node()?;
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

//! Who was told that which payment takes place.

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use starknet_types_core::felt::Felt;
use zkthreads_e2e::dice::Dice;
use zkthreads_e2e::pair::Pair;
use zkthreads_e2e::token::{ETH, INITIAL_BALANCE, balance, check_supply, transfer};
use zkthreads_e2e::wait::until;
use zkthreads_e2e::wallet::{hash_of, wire};
use zkthreads_e2e::{Rpc, Wallet, hex};

/// Accounts that pay by way of the thread, and whom.
const THREAD_PAYERS: [usize; 4] = [1, 2, 3, 4];
const THREAD_PAYEE: usize = 9;
/// Accounts that pay by way of the node, and whom.
const NODE_PAYERS: [usize; 2] = [5, 6];
const NODE_PAYEE: usize = 8;

/// Error codes: the transaction is known already; it is not.
const DUPLICATE: i64 = 59;
const UNKNOWN: i64 = 29;

/// So many of a sender's latest payments may be in blocks that are undone.
const LATEST: usize = 200;

/// Payments of 1 wei that were acknowledged: of each sender, by nonce.
#[derive(Default)]
pub(crate) struct Ledger {
    thread: [Vec<Felt>; THREAD_PAYERS.len()],
    node: [Vec<Felt>; NODE_PAYERS.len()],
}

impl Ledger {
    /// How many were acknowledged.
    pub(crate) fn count(&self) -> usize {
        self.thread.iter().chain(&self.node).map(Vec::len).sum()
    }

    /// Somebody pays; only by way of the node, if the thread `is_behind`.
    pub(crate) async fn pay(&mut self, pair: &Pair, dice: &mut Dice, is_behind: bool) -> Result<()> {
        let payers = if is_behind { NODE_PAYERS.len() } else { THREAD_PAYERS.len() + NODE_PAYERS.len() };
        // Those of the node come last.
        let index = THREAD_PAYERS.len() + NODE_PAYERS.len() - 1 - usize::try_from(dice.roll(payers as u64))?;
        let node = pair.node()?;
        let (rpc, payer, payee, paid) = match index.checked_sub(THREAD_PAYERS.len()) {
            None => (&pair.thread()?.rpc, THREAD_PAYERS[index], THREAD_PAYEE, &mut self.thread[index]),
            Some(index) => (&node.rpc, NODE_PAYERS[index], NODE_PAYEE, &mut self.node[index]),
        };
        let nonce = paid.len() as u64;
        paid.push(send(rpc, node.account(payer), nonce, node.account(payee).address).await?);
        Ok(())
    }

    /// After blocks were undone: what was in them and is not known any more is sent again, as its sender would.
    pub(crate) async fn send_again(&self, pair: &Pair) -> Result<()> {
        let node = pair.node()?;
        for (payer, paid) in NODE_PAYERS.iter().zip(&self.node) {
            let from = paid.len().saturating_sub(LATEST);
            for (nonce, hash) in (0..).zip(paid).skip(from) {
                let params = json!({ "transaction_hash": hex(*hash) });
                match node.rpc.try_call("starknet_getTransactionStatus", params).await? {
                    Err(failure) if failure.code == UNKNOWN => {
                        let payee = node.account(NODE_PAYEE).address;
                        send(&node.rpc, node.account(*payer), nonce, payee).await?;
                    }
                    Err(failure) => bail!("{hash:#x}: {failure}"),
                    Ok(_) => {}
                }
            }
        }
        Ok(())
    }

    /// Waits until all has settled, and looks whether each payment has taken place, once.
    pub(crate) async fn check(&self, pair: &Pair) -> Result<()> {
        let (node, thread) = (pair.node()?, pair.thread()?);
        let status = thread.until_settled().await?;
        ensure!(status["totals"]["rejected"] == 0, "the thread rejected something: {status:#}");
        let all = THREAD_PAYERS.iter().zip(&self.thread).chain(NODE_PAYERS.iter().zip(&self.node));
        for (payer, paid) in all {
            let payer = node.account(*payer).address;
            let nonce = async || {
                let nonce = node.rpc.nonce(payer).await?;
                Ok(Some(nonce).filter(|nonce| *nonce >= paid.len() as u64))
            };
            let nonce = until("all are executed", nonce).await.context("a payment is lost")?;
            ensure!(nonce == paid.len() as u64, "{payer:#x} is at {nonce}, {} were acknowledged", paid.len());
            let left = balance(&node.rpc, ETH, payer).await?;
            ensure!(left == INITIAL_BALANCE - u128::from(nonce), "{payer:#x} has {left}");
            for hash in paid {
                thread.settled(&node.rpc, *hash).await?.succeeded();
            }
        }
        check_supply(node).await
    }
}

/// Pays 1 wei. An answer may have been lost: the same transaction is sent again.
async fn send(rpc: &Rpc, payer: &Wallet, nonce: u64, payee: Felt) -> Result<Felt> {
    let invoke = payer.invoke(nonce, &[transfer(ETH, payee, 1)?])?;
    let params = json!({ "invoke_transaction": wire(&invoke, None) });
    let taken = async || match rpc.try_call("starknet_addInvokeTransaction", params.clone()).await {
        Ok(Ok(_)) => Ok(Some(())),
        Ok(Err(failure)) if failure.code == DUPLICATE => Ok(Some(())),
        // The thread cannot read its node, or somebody is just coming up.
        Ok(Err(failure)) => {
            eprintln!("not taken: {failure}");
            Ok(None)
        }
        Err(error) => {
            eprintln!("no answer: {error:#}");
            Ok(None)
        }
    };
    until("a payment is taken", taken).await?;
    Ok(hash_of(&invoke)?.0)
}

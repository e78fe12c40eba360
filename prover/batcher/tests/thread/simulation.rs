//! Random users, random chains, random misfortunes: every acknowledged transaction ends exactly once.

use std::collections::BTreeMap;
use std::time::Duration;

use starknet_api::transaction::TransactionHash;
use zkthreads_batcher::thread::HotPolicy;
use zkthreads_protocol::InnerTransaction;
use zkthreads_workers::WorkerError;

use super::harness::{Fate, Harness};
use super::node::Item;
use crate::support::INITIAL_BALANCE;

const USERS: usize = 6;
const STEPS: usize = 60;

/// Numbers without a pattern, the same ones every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn user(&mut self) -> usize {
        usize::try_from(self.roll(USERS as u64)).expect("small")
    }
}

/// What was acknowledged.
#[derive(Default)]
struct Acknowledged {
    transactions: BTreeMap<TransactionHash, (usize, u64, InnerTransaction)>,
}

impl Acknowledged {
    /// Sends a transfer; one that is refused is forgotten, and its nonce used again.
    fn send(&mut self, harness: &mut Harness, from: usize, to: usize) {
        let nonce = harness.users[from].nonce;
        let transaction = harness.transfer(from, to, 1);
        match harness.submit(&transaction) {
            Ok(hash) => drop(self.transactions.insert(hash, (from, nonce, transaction))),
            Err(_) => harness.users[from].nonce = nonce,
        }
    }

    fn pending(&self, harness: &Harness) -> Vec<TransactionHash> {
        let is_pending = |hash: &&TransactionHash| {
            !matches!(harness.fate(**hash), Fate::Settled | Fate::OnChain | Fate::Rejected(_))
        };
        self.transactions.keys().filter(is_pending).copied().collect()
    }

    /// Nothing is lost, nothing is twice, and each account's transactions are in their order.
    fn check(&self, harness: &Harness) {
        let shown = harness.shown();
        let mut nonces: BTreeMap<usize, u64> = BTreeMap::new();
        for hash in &shown {
            let (from, nonce, _) = &self.transactions[hash];
            let before = nonces.insert(*from, *nonce);
            assert!(before.is_none_or(|before| before + 1 == *nonce), "account {from} out of order");
        }
        for (hash, (from, nonce, _)) in &self.transactions {
            let times = shown.iter().filter(|shown| *shown == hash).count();
            let fate = harness.fate(*hash);
            match fate {
                Fate::PreConfirmed | Fate::Reverted => assert_eq!(times, 1),
                Fate::Unknown => assert_eq!(times, 0, "forwarded"),
                _ => assert_eq!(times, 0, "{from}/{nonce} is {fate:?} and shown"),
            }
        }
    }
}

fn run(seed: u64, on_hot: HotPolicy, max_lag: u64) {
    let mut dice = Dice(seed);
    let mut harness = Harness::with_lag(USERS as u64, max_lag, |config| {
        config.max_transactions = 3;
        config.on_hot = on_hot;
    });
    let mut acknowledged = Acknowledged::default();
    let (mut flying, mut forwarded): (Vec<Item>, Vec<Item>) = (vec![], vec![]);
    for step in 0..STEPS {
        harness.block_time = 1 + dice.roll(90);
        match dice.roll(20) {
            0..=7 => {
                let (from, to) = (dice.user(), dice.user());
                acknowledged.send(&mut harness, from, to);
            }
            8..=9 => drop(harness.prove_all()),
            10 => {
                if let Some(job) = harness.job() {
                    harness.handle.proved(
                        job.id,
                        job.attempt,
                        Err(WorkerError::Failed { reason: "no".to_owned() }),
                    );
                }
            }
            11..=12 => flying.extend(harness.send_bundle()),
            13..=15 => {
                let mut items = vec![];
                if dice.roll(2) == 0 {
                    let user = dice.user();
                    items.push(harness.set_balance(user, INITIAL_BALANCE + u128::from(dice.roll(1_000))));
                }
                items.append(&mut flying);
                items.append(&mut forwarded);
                harness.block(&items);
            }
            16 => {
                // Somebody does not want to wait.
                let pending = acknowledged.pending(&harness);
                let forced: Vec<Item> = pending
                    .iter()
                    .take(1)
                    .map(|hash| Item::Send(acknowledged.transactions[hash].2.clone()))
                    .collect();
                harness.block(&forced);
            }
            17 => {
                while let Some(forward) = harness.forward() {
                    forwarded.push(Item::Send(forward.transaction.clone()));
                    harness.handle.forwarded(&forward, Ok(()));
                }
            }
            18 => {
                let head = harness.handle.head().0.0;
                harness.revert_to(head - dice.roll(3).min(head));
            }
            _ => harness = harness.restart(),
        }
        harness.status();
        acknowledged.check(&harness);
        assert!(
            harness.status().trouble.iter().all(|it| !it.contains("state")),
            "step {step}: {:?}",
            harness.status().trouble
        );
    }
    // The chain calms down, and no sub-block waits for company: everything comes to an end.
    harness.block_time = 65;
    harness = harness.restart_with(|config| config.max_age = Duration::ZERO);
    for _ in 0..30 {
        if acknowledged.pending(&harness).is_empty() {
            break;
        }
        while let Some(forward) = harness.forward() {
            forwarded.push(Item::Send(forward.transaction.clone()));
            harness.handle.forwarded(&forward, Ok(()));
        }
        // The open one is closed once somebody asks for it, and one that could not be proven waits a while.
        if harness.has_unproven() {
            let job = harness.awaited_job();
            harness.prove(&job);
        }
        harness.prove_all();
        flying.extend(std::iter::from_fn(|| harness.send_bundle()).collect::<Vec<_>>());
        let mut items = std::mem::take(&mut flying);
        items.append(&mut forwarded);
        harness.block(&items);
    }
    acknowledged.check(&harness);
    let unfinished = acknowledged.pending(&harness).len();
    let status = harness.status();
    let all = acknowledged.transactions.len();
    assert_eq!(unfinished, 0, "of {all}: {status:#?}");
    assert_eq!(status.totals.rejected, 0, "no nonce was used by another transaction");
}

#[test]
fn every_acknowledged_transaction_ends_once_forwarding() {
    for seed in [1, 2, 3, 5, 8] {
        println!("seed {seed}");
        run(0x9e37_79b9_7f4a_7c15 ^ (seed << 17), HotPolicy::Forward, 600);
    }
}

/// No transaction of the chain sees an earlier time than one before it.
#[test]
fn every_acknowledged_transaction_ends_once_in_the_strict_form() {
    for seed in [4, 6, 7] {
        println!("seed {seed}");
        run(0x9e37_79b9_7f4a_7c15 ^ (seed << 17), HotPolicy::Forward, 0);
    }
}

#[test]
fn every_acknowledged_transaction_ends_once_with_a_minute_s_lag() {
    for seed in [9, 10, 11] {
        println!("seed {seed}");
        run(0x9e37_79b9_7f4a_7c15 ^ (seed << 17), HotPolicy::Retry, 60);
    }
}

#[test]
fn every_acknowledged_transaction_ends_once_retrying() {
    for seed in [13, 21, 34] {
        println!("seed {seed}");
        run(0x9e37_79b9_7f4a_7c15 ^ (seed << 17), HotPolicy::Retry, 600);
    }
}

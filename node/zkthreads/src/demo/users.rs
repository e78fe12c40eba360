//! The users of the demo: twenty who trade on the thread, as fast as one of them makes up its mind.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rand_core::SeedableRng;
use rand_mt::Mt64;
use starknet_api::core::{ChainId, Nonce};
use starknet_rust::core::types::ExecutionResult;
use starknet_rust::providers::ProviderError;
use starknet_types_core::felt::Felt;
use zkthreads_client::{Account, Call, NodeError};
use zkthreads_genesis::accounts::PredeployedAccount;

use super::chain::Chain;
use super::ledger::{Ledger, Sent};
use super::market::{Market, Order};

/// How many trade on the thread.
pub(crate) const TRADERS: usize = 20;
/// Everybody: the submitter, Zoe, who uses the chain directly, and the traders.
pub(crate) const ACCOUNTS: u8 = TRADERS as u8 + 2;
/// Mean time between a trader's answer and its next transaction. It is as long as proving on two cores asks for.
const THINK: Duration = Duration::from_secs(4);
/// Of so many transactions, one takes an order back.
const CANCEL_ONE_IN: u64 = 6;

/// Who is in the demo.
pub(crate) struct Cast {
    /// Runs the thread, and pays for it.
    pub(crate) submitter: PredeployedAccount,
    /// Trades on the thread and then uses the chain directly.
    pub(crate) zoe: Account,
    /// Trade on the thread.
    pub(crate) traders: Vec<Account>,
}

impl Cast {
    pub(crate) fn new(accounts: &[PredeployedAccount], chain_id: &ChainId) -> Result<Self> {
        let account = |predeployed: &PredeployedAccount| {
            Account::new(predeployed.address, predeployed.private_key, chain_id.clone())
        };
        let (submitter, others) = accounts.split_first().context("there is no submitter")?;
        let (zoe, traders) = others.split_first().context("there is no Zoe")?;
        let traders = traders.iter().map(account).collect();
        Ok(Self { submitter: *submitter, zoe: account(zoe), traders })
    }

    /// Everybody who trades.
    pub(crate) fn owners(&self) -> impl Iterator<Item = &Account> {
        self.traders.iter().chain([&self.zoe])
    }
}

/// What traders have in common.
pub(crate) struct Floor {
    /// Where they send their transactions.
    pub(crate) thread: Chain,
    pub(crate) market: Market,
    pub(crate) ledger: Arc<Ledger>,
    /// When they stop.
    pub(crate) until: Instant,
}

/// Someone who trades.
pub(crate) struct Trader {
    account: Account,
    random: Mt64,
    /// Orders of its own that may still wait in the book.
    orders: Vec<u64>,
}

impl Trader {
    pub(crate) fn new(account: Account, seed: u64) -> Self {
        Self { account, random: Mt64::seed_from_u64(seed), orders: Vec::new() }
    }

    /// Trades until it is time to stop: thinks, signs, sends, reads the answer.
    pub(crate) async fn trade(mut self, floor: Arc<Floor>) -> Result<()> {
        let mut nonce = floor.thread.nonce(self.account.address).await?;
        let mut pause = self.pause().mul_f64(0.5);
        loop {
            let now = Instant::now();
            if now + pause >= floor.until {
                return Ok(());
            }
            tokio::time::sleep(pause).await;
            let call = self.next(&floor.market);
            nonce = match self.send(&floor, &call, nonce).await? {
                true => Nonce(nonce.0 + Felt::ONE),
                false => floor.thread.nonce(self.account.address).await?,
            };
            pause = self.pause();
        }
    }

    /// Between half and one and a half of the mean.
    fn pause(&mut self) -> Duration {
        let per_mille = 500 + self.random.next_u64() % 1_000;
        THINK.mul_f64(per_mille as f64 / 1_000.0)
    }

    fn next(&mut self, market: &Market) -> Call {
        if self.random.next_u64().is_multiple_of(CANCEL_ONE_IN)
            && let Some(order) = self.orders.pop()
        {
            return market.cancel(order);
        }
        market.place(Order::random(&mut self.random))
    }

    /// Whether the thread took it.
    async fn send(&mut self, floor: &Floor, call: &Call, nonce: Nonce) -> Result<bool> {
        let bounds = Account::inner_bounds();
        let transaction = self.account.inner(std::slice::from_ref(call), nonce, bounds)?;
        let asked = Instant::now();
        let hash = match floor.thread.node.add_invoke(transaction.as_invoke(), None).await {
            Ok(hash) => hash,
            Err(NodeError::Starknet(ProviderError::StarknetError(error))) => {
                floor.ledger.refused(format!("{error:?}"));
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        };
        let took = asked.elapsed();
        let receipt = floor.thread.answer(hash).await?;
        let succeeded = *receipt.receipt.execution_result() == ExecutionResult::Succeeded;
        self.orders.extend(floor.market.placed(&receipt));
        floor.ledger.took(Sent { hash, transaction, took, succeeded });
        Ok(true)
    }
}

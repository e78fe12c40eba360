//! What happens in the demo while the thread runs, in order.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use parking_lot::Mutex;
use starknet_api::transaction::{InvokeTransactionV3, TransactionHash};
use starknet_types_core::felt::Felt;
use tokio::sync::watch;
use tokio::task::JoinSet;
use zkthreads_rpc_api::thread::ThreadStatus;

use crate::terminal::{Paint, short};

use super::chain::Chain;
use super::conflict::{Clash, Scene};
use super::inclusion;
use super::ledger::Ledger;
use super::market::{Asset, DEPOSIT, Market};
use super::observer::{Observer, Seen};
use super::screen::Screen;
use super::settled::Settled;
use super::users::{Cast, Floor, Trader};

/// Longest that nothing may settle once trading is over.
const STANDSTILL: Duration = Duration::from_secs(300);

/// The demo's places and people.
pub(crate) struct Story {
    pub(crate) screen: Arc<Screen>,
    pub(crate) node: Chain,
    pub(crate) thread: Chain,
    pub(crate) cast: Cast,
    pub(crate) market: Market,
    /// How long there is trading.
    pub(crate) trading: Duration,
    /// Steps that a sub-block may take.
    pub(crate) max_steps: u64,
}

/// What happened.
pub(crate) struct Told {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) seen: Seen,
    pub(crate) status: ThreadStatus,
    pub(crate) settled: Settled,
    /// What was sent to the chain directly.
    pub(crate) direct: HashMap<TransactionHash, InvokeTransactionV3>,
    /// The order book in the end.
    pub(crate) picture: Vec<Felt>,
    /// From the first transaction to the last settlement.
    pub(crate) took: Duration,
}

impl Story {
    pub(crate) async fn tell(&self) -> Result<Told> {
        let first_block = self.node.height().await? + 1;
        let ledger = Arc::new(Ledger::default());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (sender, news) = watch::channel(self.thread.status().await?);
        let began = Instant::now();
        let observer = Observer {
            node: self.node.clone(),
            thread: self.thread.clone(),
            ledger: Arc::clone(&ledger),
            screen: Arc::clone(&self.screen),
            max_steps: self.max_steps,
            began,
            trading: self.trading,
            seen: Arc::clone(&seen),
        };
        let scene = Scene {
            node: &self.node,
            thread: &self.thread,
            market: self.market,
            zoe: &self.cast.zoe,
            ledger: &ledger,
            screen: &self.screen,
            began,
            seen: &seen,
        };
        let playing = self.play(&scene, &ledger, news, began + self.trading);
        let played = tokio::try_join!(observer.run(sender), playing);
        self.screen.close();
        let ((), clash) = played?;
        let took = began.elapsed();

        let status = self.thread.status().await?;
        let Clash { order, direct, direct_hash } = clash;
        let settled = Settled::read(&self.node, first_block, &[direct_hash]).await?;
        self.check_settled(&ledger, &settled, order)?;
        let picture = self.check_states().await?;
        self.check_inclusion().await?;
        let seen = seen.lock().clone();
        let direct = HashMap::from([(direct_hash, direct)]);
        Ok(Told { ledger, seen, status, settled, direct, picture, took })
    }

    /// Everybody trades; at half time Zoe provokes a conflict; then the thread settles what is left.
    async fn play(
        &self,
        scene: &Scene<'_>,
        ledger: &Arc<Ledger>,
        mut news: watch::Receiver<ThreadStatus>,
        until: Instant,
    ) -> Result<Clash> {
        let floor =
            Floor { thread: self.thread.clone(), market: self.market, ledger: Arc::clone(ledger), until };
        let floor = Arc::new(floor);
        let mut traders = JoinSet::new();
        for (seed, account) in self.cast.traders.iter().enumerate() {
            traders.spawn(Trader::new(account.clone(), seed as u64).trade(Arc::clone(&floor)));
        }
        tokio::time::sleep(self.trading / 2).await;
        let clash = scene.provoke(news.clone(), self.trading / 3).await?;
        while let Some(traded) = traders.join_next().await {
            traded??;
        }
        scene.screen.event(scene.began.elapsed(), "trading is over; what is left is proven and settled");
        self.settle_the_rest(&mut news).await?;
        Ok(clash)
    }

    /// Waits until nothing is left, for as long as there is progress.
    async fn settle_the_rest(&self, news: &mut watch::Receiver<ThreadStatus>) -> Result<()> {
        loop {
            let settled = news.borrow().totals.settled;
            let is_done = |status: &ThreadStatus| status.queue.unsettled == 0 && status.queue.waiting == 0;
            let is_news = |status: &ThreadStatus| is_done(status) || status.totals.settled > settled;
            let next = async { anyhow::Ok(is_done(&*news.wait_for(is_news).await?)) };
            let Ok(is_over) = tokio::time::timeout(STANDSTILL, next).await else {
                bail!("nothing has settled for {STANDSTILL:?}: {}", news.borrow().trouble.join("; "))
            };
            if is_over? {
                return Ok(());
            }
        }
    }

    /// Each transaction that the thread took is settled once, except for the one that the conflict made invalid.
    fn check_settled(&self, ledger: &Ledger, settled: &Settled, rejected: TransactionHash) -> Result<()> {
        let inner: Vec<TransactionHash> = settled
            .transactions
            .iter()
            .map(|done| done.hash)
            .filter(|hash| ledger.get(*hash).is_some())
            .collect();
        let mut once = inner.clone();
        once.sort_unstable();
        once.dedup();
        ensure!(once.len() == inner.len(), "a transaction is settled twice");
        ensure!(!inner.contains(&rejected), "the rejected order is settled");
        let (taken, settled) = (ledger.count(), inner.len());
        ensure!(taken == settled + 1, "of {taken} transactions that the thread took, {settled} are settled");
        self.screen.section("Everything is settled");
        self.screen
            .line("node", format_args!("each of {settled} inner transactions once, {}", "in order".green()));
        Ok(())
    }

    /// The order book on the node must be the thread's.
    async fn check_states(&self) -> Result<Vec<Felt>> {
        let owners: Vec<_> = self.cast.owners().map(|owner| owner.address).collect();
        let on_node = self.market.picture(&self.node, &owners).await?;
        let on_thread = self.market.picture(&self.thread, &owners).await?;
        ensure!(on_node == on_thread, "the order book on the node is not the thread's");
        let cells = on_node.len();
        self.screen
            .line("order book", format_args!("{cells} values, on the node {} on the thread", "as".green()));
        Ok(on_node)
    }

    /// A light client checks a balance that trading has changed.
    async fn check_inclusion(&self) -> Result<()> {
        for trader in &self.cast.traders {
            if self.market.balance(&self.node, trader.address, Asset::Quote).await? == u128::from(DEPOSIT) {
                continue;
            }
            let contract = *self.market.address.0.key();
            let key = Felt::from(Market::balance_cell(trader.address, Asset::Quote));
            let root = self.node.state_root().await?;
            let proof = self.node.storage_proof(contract, key).await?;
            let (value, nodes) = inclusion::check(root, contract, key, &proof)?;
            ensure!(value == self.node.storage(contract, key).await?, "the proof is of another value");
            self.screen.line(
                "light client",
                format_args!(
                    "a trader's balance {value}, {nodes} trie nodes up to {}: {}",
                    short(root),
                    "holds".green()
                ),
            );
            return Ok(());
        }
        bail!("nobody's balance has changed")
    }
}

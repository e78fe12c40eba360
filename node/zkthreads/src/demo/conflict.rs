//! The conflict that the demo provokes: Zoe orders on the thread, and then uses the same nonce on the chain itself.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use parking_lot::Mutex;
use starknet_api::core::ContractAddress;
use starknet_api::transaction::{InvokeTransactionV3, TransactionHash};
use starknet_rust::core::types::ExecutionResult;
use tokio::sync::watch;
use zkthreads_client::Account;
use zkthreads_rpc_api::thread::{CellKind, CellWriter, MetConflict, SubBlockStage, ThreadStatus};

use crate::terminal::{Paint, short};

use super::chain::Chain;
use super::ledger::{Ledger, Sent};
use super::market::{Asset, DEPOSIT, Market, Order, Side};
use super::observer::Seen;
use super::rows::{count, milliseconds};
use super::screen::Screen;

/// What Zoe offers on the thread: cheap, so that somebody will take it.
const OFFER: Order = Order { side: Side::Ask, price: 95, amount: 50 };
/// Longest that the thread may take to see what happened on the chain.
const NOTICED_WITHIN: Duration = Duration::from_secs(60);

/// Where it happens.
pub(crate) struct Scene<'a> {
    pub(crate) node: &'a Chain,
    pub(crate) thread: &'a Chain,
    pub(crate) market: Market,
    pub(crate) zoe: &'a Account,
    pub(crate) ledger: &'a Ledger,
    pub(crate) screen: &'a Screen,
    /// When trading began.
    pub(crate) began: Instant,
    pub(crate) seen: &'a Mutex<Seen>,
}

/// What became of it.
pub(crate) struct Clash {
    /// The order that the thread had taken.
    pub(crate) order: TransactionHash,
    /// The transaction on the chain.
    pub(crate) direct: InvokeTransactionV3,
    pub(crate) direct_hash: TransactionHash,
}

impl Scene<'_> {
    /// Orders on the thread, waits until the order is being proven, but no longer than `patience`, and withdraws on the
    /// chain with the order's nonce. The thread must name the keys and reject the order.
    pub(crate) async fn provoke(
        &self,
        mut news: watch::Receiver<ThreadStatus>,
        patience: Duration,
    ) -> Result<Clash> {
        let order = self.order().await?;
        self.wait_until_proving(&mut news, patience).await?;
        let (direct, direct_hash) = self.withdraw().await?;
        let conflicts = self.conflicts(&mut news).await?;
        self.tell(&conflicts);
        let reason = self.rejection(order).await?;
        let reason = reason.split(';').next().unwrap_or(&reason);
        self.say(format_args!("her order on the thread is {}: {reason}", "rejected".red()));
        self.say("what others did since is executed again without it, and proven again");
        Ok(Clash { order, direct, direct_hash })
    }

    /// The keys of the first sub-block that conflicts; how many there are of those on top of it.
    fn tell(&self, conflicts: &[(u64, MetConflict)]) {
        let mut by_sub_block = BTreeMap::<u64, Vec<&MetConflict>>::new();
        for (sub_block, conflict) in conflicts {
            by_sub_block.entry(*sub_block).or_default().push(conflict);
        }
        let mut all = by_sub_block.iter();
        if let Some((sub_block, conflicts)) = all.next() {
            for conflict in conflicts {
                self.say(format_args!("sub-block #{sub_block} read {}", self.told(conflict)));
            }
        }
        for (sub_block, conflicts) in all {
            let values = count(conflicts.len() as u64, "value");
            self.say(format_args!(
                "sub-block #{sub_block}, on top of it, read {values} that changed with that"
            ));
        }
    }

    fn say(&self, line: impl std::fmt::Display) {
        self.screen.event(self.began.elapsed(), format_args!("{}: {line}", "conflict".bold()));
    }

    async fn order(&self) -> Result<TransactionHash> {
        let nonce = self.thread.nonce(self.zoe.address).await?;
        let transaction = self.zoe.inner(&[self.market.place(OFFER)], nonce, Account::inner_bounds())?;
        let asked = Instant::now();
        let hash = self.thread.node.add_invoke(transaction.as_invoke(), None).await?;
        let took = asked.elapsed();
        let receipt = self.thread.answer(hash).await?;
        let succeeded = *receipt.receipt.execution_result() == ExecutionResult::Succeeded;
        ensure!(succeeded, "Zoe's order was reverted");
        self.ledger.took(Sent { hash, transaction, took, succeeded });
        let Order { price, amount, .. } = OFFER;
        self.say(format_args!(
            "Zoe offers {amount} at {price} on the thread with her nonce {}, answered in {}",
            nonce.0,
            milliseconds(took)
        ));
        Ok(hash)
    }

    async fn wait_until_proving(
        &self,
        news: &mut watch::Receiver<ThreadStatus>,
        patience: Duration,
    ) -> Result<()> {
        let status = self.thread.status().await?;
        let newest = status.sub_blocks.last().map(|sub_block| sub_block.id);
        let waits = [SubBlockStage::Open, SubBlockStage::Closed];
        let proving = |status: &ThreadStatus| {
            !status
                .sub_blocks
                .iter()
                .any(|sub_block| Some(sub_block.id) == newest && waits.contains(&sub_block.stage))
        };
        match tokio::time::timeout(patience, news.wait_for(proving)).await {
            Ok(status) => status.map(drop).context("nobody looks at the thread"),
            // Then it happens before that.
            Err(_) => Ok(()),
        }
    }

    async fn withdraw(&self) -> Result<(InvokeTransactionV3, TransactionHash)> {
        let nonce = self.node.nonce(self.zoe.address).await?;
        let call = self.market.withdraw(Asset::Base, DEPOSIT);
        let direct = self.zoe.invoke(&[call], nonce, Account::inner_bounds(), None)?;
        let receipt = self.node.settle(&direct).await?;
        self.say(format_args!(
            "she withdraws everything on the chain with the same nonce {}: block {}",
            nonce.0,
            receipt.block.block_number()
        ));
        Ok((direct, TransactionHash(*receipt.receipt.transaction_hash())))
    }

    /// The conflicts that the thread met, once it has met any.
    async fn conflicts(&self, news: &mut watch::Receiver<ThreadStatus>) -> Result<Vec<(u64, MetConflict)>> {
        let met = async {
            loop {
                let conflicts = self.seen.lock().conflicts.clone();
                if !conflicts.is_empty() {
                    return Ok(conflicts);
                }
                news.changed().await.context("nobody looks at the thread")?;
            }
        };
        tokio::time::timeout(NOTICED_WITHIN, met).await.context("the thread met no conflict")?
    }

    /// Why the thread rejected a transaction that it had taken.
    async fn rejection(&self, hash: TransactionHash) -> Result<String> {
        let rejected = async {
            loop {
                if let Some(reason) = self.thread.rejection(hash).await? {
                    return Ok(reason);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(NOTICED_WITHIN, rejected).await.context("Zoe's order was not rejected")?
    }

    /// A conflict in words.
    fn told(&self, conflict: &MetConflict) -> String {
        let (found, expected) = (conflict.found, conflict.expected);
        let what = match (conflict.kind, conflict.key) {
            (CellKind::Nonce, _) => format!("{} nonce", self.whose(conflict.contract)),
            (CellKind::ClassHash, _) => format!("the class of {}", short(conflict.contract.0.key())),
            (CellKind::Storage, Some(key)) => {
                let of_zoe = Asset::ALL
                    .into_iter()
                    .find(|asset| Market::balance_cell(self.zoe.address, *asset) == key);
                match of_zoe.filter(|_| conflict.contract == self.market.address) {
                    Some(asset) => format!("Zoe's {} balance in the order book", asset.name()),
                    None => format!("storage {} of {}", short(key.0.key()), short(conflict.contract.0.key())),
                }
            }
            (CellKind::Storage, None) => format!("storage of {}", short(conflict.contract.0.key())),
        };
        let by = conflict.writer.map_or_else(String::new, |writer| format!(", by {}", self.writer(&writer)));
        format!("{what} as {expected}, which is {found} since block {}{by}", conflict.block_number)
    }

    /// Whose transaction wrote a cell.
    fn writer(&self, writer: &CellWriter) -> String {
        let transaction = format!("transaction {}", short(writer.transaction_hash.0));
        match writer.sender_address {
            Some(sender) => format!("{} {transaction}", self.whose(sender)),
            None => transaction,
        }
    }

    fn whose(&self, account: ContractAddress) -> String {
        if account == self.zoe.address { "Zoe's".to_owned() } else { format!("{}'s", short(account.0.key())) }
    }
}

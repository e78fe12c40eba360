//! What the node's blocks hold in the end, and what it cost.

use anyhow::{Context, Result, bail};
use serde_json::json;
use starknet_api::transaction::TransactionHash;
use starknet_rust::core::types::{ExecutionResult, TransactionReceipt, TransactionReceiptWithBlockInfo};

use super::chain::Chain;

/// What a transaction costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) l2_gas: u64,
    pub(crate) l1_data_gas: u64,
    /// fri.
    pub(crate) fee: u128,
}

impl Cost {
    pub(crate) fn of(receipt: &TransactionReceipt) -> Result<Self> {
        let TransactionReceipt::Invoke(invoke) = receipt else { bail!("not the receipt of an INVOKE") };
        let resources = &invoke.execution_resources;
        Ok(Self {
            l2_gas: resources.l2_gas,
            l1_data_gas: resources.l1_data_gas,
            fee: u128::try_from(invoke.actual_fee.amount).context("a fee beyond 128 bits")?,
        })
    }
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), |sum, cost| Self {
            l2_gas: sum.l2_gas + cost.l2_gas,
            l1_data_gas: sum.l1_data_gas + cost.l1_data_gas,
            fee: sum.fee + cost.fee,
        })
    }
}

/// A user's transaction on the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) hash: TransactionHash,
    pub(crate) succeeded: bool,
}

/// What some blocks hold.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// Every user's transaction, in the order in which the chain has them: those of threads and direct ones.
    pub(crate) transactions: Vec<Done>,
    /// What each thread transaction that settled cost.
    pub(crate) threads: Vec<Cost>,
    /// What each that was reverted cost.
    pub(crate) reverted_threads: Vec<Cost>,
}

impl Settled {
    /// Reads the blocks from number `from` on. What is not among the `direct` transactions is a thread's.
    pub(crate) async fn read(node: &Chain, from: u64, direct: &[TransactionHash]) -> Result<Self> {
        let mut settled = Self::default();
        for number in from..=node.height().await? {
            let block = node.node.block_with_receipts(number).await?;
            for transaction in &block.transactions {
                let receipt = &transaction.receipt;
                if direct.contains(&TransactionHash(*receipt.transaction_hash())) {
                    settled.transactions.push(done(receipt));
                } else {
                    settled.thread(node, receipt).await?;
                }
            }
        }
        Ok(settled)
    }

    async fn thread(&mut self, node: &Chain, receipt: &TransactionReceipt) -> Result<()> {
        let cost = Cost::of(receipt)?;
        if *receipt.execution_result() != ExecutionResult::Succeeded {
            self.reverted_threads.push(cost);
            return Ok(());
        }
        self.threads.push(cost);
        let hash = json!(format!("{:#x}", receipt.transaction_hash()));
        let inner: Vec<TransactionReceiptWithBlockInfo> =
            node.call("zkthread_getInnerReceipts", &[("transaction_hash", hash)]).await?;
        self.transactions.extend(inner.iter().map(|inner| done(&inner.receipt)));
        Ok(())
    }
}

fn done(receipt: &TransactionReceipt) -> Done {
    Done {
        hash: TransactionHash(*receipt.transaction_hash()),
        succeeded: *receipt.execution_result() == ExecutionResult::Succeeded,
    }
}

//! What a block of the node has.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use starknet_types_core::felt::Felt;
use zkthreads_e2e::{Rpc, felt, hex};

/// Error codes of the node: the transaction is no thread's.
const NOT_A_THREAD: i64 = 10_006;

/// A block.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) threads: Vec<ThreadTransaction>,
    /// Transactions that are no thread's.
    pub(crate) others: Vec<Felt>,
}

/// A thread transaction in a block.
#[derive(Debug)]
pub(crate) struct ThreadTransaction {
    pub(crate) hash: Felt,
    /// What its submitter paid, fri.
    pub(crate) fee: u128,
    /// Why it was reverted, or its later segments did not settle: the kind.
    pub(crate) error: Option<String>,
    pub(crate) segments: Vec<Segment>,
}

/// One of its segments.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) is_settled: bool,
    pub(crate) transactions: Vec<Felt>,
}

impl Block {
    /// Reads a block.
    pub(crate) async fn read(node: &Rpc, number: u64) -> Result<Self> {
        let block = node.block(number).await?;
        let mut read = Self { threads: Vec::new(), others: Vec::new() };
        for entry in block["transactions"].as_array().context("no transactions")? {
            let receipt = &entry["receipt"];
            let hash = felt(&receipt["transaction_hash"])?;
            match node.try_call("zkthread_getThread", json!({ "transaction_hash": hex(hash) })).await? {
                Ok(thread) => read.threads.push(ThreadTransaction::parse(hash, receipt, &thread)?),
                Err(failure) if failure.code == NOT_A_THREAD => read.others.push(hash),
                Err(failure) => bail!("{hash:#x}: {failure}"),
            }
        }
        Ok(read)
    }
}

impl ThreadTransaction {
    fn parse(hash: Felt, receipt: &Value, thread: &Value) -> Result<Self> {
        let fee = felt(&receipt["actual_fee"]["amount"])?;
        let inner = thread["inner_transactions"].as_array().context("no inner transactions")?;
        let mut inner = inner.iter().map(|inner| felt(&inner["transaction_hash"]));
        let mut segments = Vec::new();
        for segment in thread["segments"].as_array().context("no segments")? {
            let count = segment["inner_transactions"].as_u64().context("no count")?;
            let transactions = inner.by_ref().take(usize::try_from(count)?).collect::<Result<_>>()?;
            segments.push(Segment { is_settled: segment["settled"] == true, transactions });
        }
        Ok(Self {
            hash,
            fee: u128::try_from(fee).ok().context("a fee")?,
            error: thread["error"]["kind"].as_str().map(str::to_owned),
            segments,
        })
    }

    /// Whether nothing of it settled, so that its fee is lost.
    pub(crate) fn is_reverted(&self) -> bool {
        self.segments.iter().all(|segment| !segment.is_settled)
    }
}

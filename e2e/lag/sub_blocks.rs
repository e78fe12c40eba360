//! The sub-blocks that a thread's status tells of. It remembers the newest 32 settled ones only, so it is looked at often.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;
use starknet_types_core::felt::Felt;
use zkthreads_e2e::felt;

/// A settled sub-block.
#[derive(Debug, Clone)]
pub(crate) struct SubBlock {
    pub(crate) id: u64,
    /// How often it was executed.
    pub(crate) attempt: u64,
    /// How often proving it was begun.
    pub(crate) proofs: u64,
    /// How often it was sent to the node.
    pub(crate) sent: u64,
    /// How many transactions it holds.
    pub(crate) transactions: usize,
    /// When it was opened, milliseconds since 1970; it was so within the second that begins then.
    pub(crate) opened_at: u128,
    /// How long the last proof took, seconds.
    pub(crate) proven_in: Option<f64>,
}

/// The settled sub-blocks that were seen: by the thread transaction that settled them, in the order of its segments.
#[derive(Debug, Default)]
pub(crate) struct SubBlocks(BTreeMap<Felt, Vec<SubBlock>>);

impl SubBlocks {
    /// Looks at a status.
    pub(crate) fn look(&mut self, status: &Value) -> Result<()> {
        for json in status["sub_blocks"].as_array().context("no sub-blocks")? {
            if json["stage"] != "SETTLED" {
                continue;
            }
            let number = |name: &str| json[name].as_u64().with_context(|| format!("no {name} in {json}"));
            let id = number("id")?;
            let settled = self.0.entry(felt(&json["transaction_hash"])?).or_default();
            if settled.iter().all(|known| known.id != id) {
                settled.push(SubBlock {
                    id,
                    attempt: number("attempt")?,
                    proofs: number("proofs")?,
                    sent: number("sent")?,
                    transactions: usize::try_from(number("transactions")?)?,
                    opened_at: u128::from(number("opened_at")?) * 1_000,
                    proven_in: json["proven_in_ms"].as_f64().map(|millis| millis / 1e3),
                });
            }
        }
        Ok(())
    }

    /// How many were settled.
    pub(crate) fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// The one that is this segment of this thread transaction.
    pub(crate) fn segment(&self, thread: Felt, segment: usize, transactions: usize) -> Option<&SubBlock> {
        let found = self.0.get(&thread)?.get(segment)?;
        (found.transactions == transactions).then_some(found)
    }
}

//! In the end node and thread are asked about every payment that was acknowledged, whatever was seen of it before.

use anyhow::Result;
use starknet_types_core::felt::Felt;
use zkthreads_e2e::Rpc;

use crate::ledger::{End, Ledger, Payment};
use crate::watch::{Known, known};

/// What does not add up.
#[derive(Debug, Default)]
pub(crate) struct Confirmed {
    /// Payments of which neither the node nor the thread knows anything, though the thread had acknowledged them.
    pub(crate) lost: Vec<Felt>,
    /// Payments that have not ended.
    pub(crate) unfinished: Vec<Felt>,
    /// Payments of which the node, the thread and whoever watched them say different things.
    pub(crate) disputed: Vec<(Felt, String)>,
}

/// Asks about all of them.
pub(crate) async fn confirm(node: &Rpc, thread: &Rpc, ledger: &Ledger) -> Result<Confirmed> {
    let mut confirmed = Confirmed::default();
    for (hash, Payment { end, .. }) in ledger.payments() {
        let end = end.map(|(end, _)| end);
        match (known(node, hash).await?, known(thread, hash).await?, &end) {
            (Known::InBlock, Known::InBlock, Some(End::Settled { .. } | End::Forwarded)) => {}
            // A node that was sent it may have a reason of its own.
            (Known::Unknown | Known::Rejected { .. }, Known::Rejected { .. }, Some(End::Rejected { .. })) => {
            }
            (Known::Unknown, Known::Unknown, _) => confirmed.lost.push(hash),
            (Known::UnderWay, _, None) | (_, Known::UnderWay, None) => confirmed.unfinished.push(hash),
            (node, thread, seen) => {
                let said = format!("node: {node:?}, thread: {thread:?}, seen: {seen:?}");
                confirmed.disputed.push((hash, said));
            }
        }
    }
    Ok(confirmed)
}

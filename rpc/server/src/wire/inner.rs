//! Inner transactions as methods answer them: what their users signed, and what became of them.

use serde::Serialize;
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::{IncludedTransaction, InnerEvent, InnerMessage, PackageContents, SegmentContents};

use super::receipt::{Effects, EventOut, MessageOut, StatusOut};
use super::transaction::TransactionOut;

/// An inner transaction with what became of it.
#[derive(Debug, Serialize)]
pub(crate) struct InnerTransactionOut {
    #[serde(flatten)]
    transaction: TransactionOut,
    #[serde(flatten)]
    effects: Effects,
}

/// The inner transactions of a package by hash, in order, each with what became of it.
pub(crate) fn inner_transactions(package: &PackageContents) -> Vec<InnerTransactionOut> {
    let transactions = package.inner_transactions().zip(effects(package));
    let show = |(included, (hash, effects)): (&IncludedTransaction, _)| InnerTransactionOut {
        transaction: TransactionOut::invoke(included.transaction.as_invoke(), Some(hash), false),
        effects,
    };
    transactions.map(show).collect()
}

/// What became of each inner transaction of a package, in order.
pub(crate) fn effects(package: &PackageContents) -> Vec<(TransactionHash, Effects)> {
    package.segments.iter().flat_map(effects_in).collect()
}

/// What became of each inner transaction of a segment, in order.
pub(crate) fn effects_in(segment: &SegmentContents) -> Vec<(TransactionHash, Effects)> {
    let hashes = segment.statement.transaction_hashes();
    let mut effects: Vec<_> = hashes
        .zip(&segment.inner_transactions)
        .map(|(hash, included)| {
            let status = StatusOut::new(included.revert_reason.as_ref());
            (hash, Effects { status, messages_sent: Vec::new(), events: Vec::new() })
        })
        .collect();
    // Every index is below the number of transactions: the decoder has seen to it.
    let at = |index: u32| usize::try_from(index).unwrap_or(usize::MAX);
    for event in &segment.events {
        if let Some((_, effects)) = effects.get_mut(at(event.transaction_index)) {
            effects.events.push(event.into());
        }
    }
    for message in &segment.statement.messages {
        if let Some((_, effects)) = effects.get_mut(at(message.transaction_index)) {
            effects.messages_sent.push(message.into());
        }
    }
    effects
}

impl From<&InnerEvent> for EventOut {
    fn from(event: &InnerEvent) -> Self {
        Self {
            from_address: *event.from_address.0.key(),
            keys: event.content.keys.iter().map(|key| key.0).collect(),
            data: event.content.data.0.clone(),
        }
    }
}

impl From<&InnerMessage> for MessageOut {
    fn from(message: &InnerMessage) -> Self {
        Self {
            from_address: *message.from_address.0.key(),
            to_address: message.to_address.0,
            payload: message.payload.clone(),
        }
    }
}

//! Blocks as methods answer them.

use serde::Serialize;
use starknet_api::block::{BlockHeader, GasPricePerToken};
use starknet_api::data_availability::L1DataAvailabilityMode;
use starknet_types_core::felt::Felt;
use zkthreads_storage::BlockTransaction;

use super::receipt::ReceiptOut;
use super::transaction::TransactionOut;

/// A block with transactions in the form `T`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum BlockOut<T> {
    /// One that exists.
    Committed {
        status: &'static str,
        #[serde(flatten)]
        header: Box<HeaderOut>,
        transactions: Vec<T>,
    },
    /// The next one. Empty: blocks become visible whole.
    PreConfirmed {
        #[serde(flatten)]
        context: Box<ContextOut>,
        transactions: [(); 0],
    },
}

/// A transaction beside its receipt.
#[derive(Debug, Serialize)]
pub(crate) struct TransactionWithReceipt {
    transaction: TransactionOut,
    receipt: ReceiptOut,
}

/// What transactions see of their block.
#[derive(Debug, Serialize)]
pub(crate) struct ContextOut {
    block_number: u64,
    timestamp: u64,
    sequencer_address: Felt,
    l1_gas_price: PriceOut,
    l2_gas_price: PriceOut,
    l1_data_gas_price: PriceOut,
    l1_da_mode: &'static str,
    starknet_version: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct HeaderOut {
    #[serde(flatten)]
    context: ContextOut,
    block_hash: Felt,
    parent_hash: Felt,
    new_root: Felt,
    event_commitment: Felt,
    transaction_commitment: Felt,
    receipt_commitment: Felt,
    state_diff_commitment: Felt,
    event_count: usize,
    transaction_count: usize,
    state_diff_length: usize,
}

#[derive(Debug, Serialize)]
struct PriceOut {
    price_in_fri: Felt,
    price_in_wei: Felt,
}

impl<T> BlockOut<T> {
    /// A block, each of its transactions put into form by `form`.
    pub(crate) fn new(
        header: &BlockHeader,
        transactions: &[BlockTransaction],
        form: impl Fn(&BlockTransaction) -> T,
    ) -> Self {
        Self::Committed {
            status: "ACCEPTED_ON_L2",
            header: Box::new(header.into()),
            transactions: transactions.iter().map(form).collect(),
        }
    }

    /// The block after `latest`.
    pub(crate) fn after(latest: &BlockHeader) -> Self {
        let mut context = ContextOut::from(latest);
        context.block_number = context.block_number.saturating_add(1);
        Self::PreConfirmed { context: Box::new(context), transactions: [] }
    }
}

impl TransactionWithReceipt {
    /// A transaction without its hash, and its receipt without its block.
    pub(crate) fn new(transaction: &BlockTransaction, proof_facts: bool) -> Self {
        Self {
            transaction: TransactionOut::new(&transaction.body, None, proof_facts),
            receipt: ReceiptOut::new(transaction, None),
        }
    }
}

impl From<&BlockHeader> for HeaderOut {
    /// Commitments that a header lacks are shown as zero, as the spec says.
    fn from(block: &BlockHeader) -> Self {
        let header = &block.block_header_without_hash;
        Self {
            context: block.into(),
            block_hash: block.block_hash.0,
            parent_hash: header.parent_hash.0,
            new_root: header.state_root.0,
            event_commitment: block.event_commitment.map_or(Felt::ZERO, |hash| hash.0),
            transaction_commitment: block.transaction_commitment.map_or(Felt::ZERO, |hash| hash.0),
            receipt_commitment: block.receipt_commitment.map_or(Felt::ZERO, |hash| hash.0),
            state_diff_commitment: block.state_diff_commitment.map_or(Felt::ZERO, |hash| hash.0.0),
            event_count: block.n_events,
            transaction_count: block.n_transactions,
            state_diff_length: block.state_diff_length.unwrap_or_default(),
        }
    }
}

impl From<&BlockHeader> for ContextOut {
    fn from(block: &BlockHeader) -> Self {
        let header = &block.block_header_without_hash;
        Self {
            block_number: header.block_number.0,
            timestamp: header.timestamp.0,
            sequencer_address: *header.sequencer.0.0.key(),
            l1_gas_price: header.l1_gas_price.into(),
            l2_gas_price: header.l2_gas_price.into(),
            l1_data_gas_price: header.l1_data_gas_price.into(),
            l1_da_mode: match header.l1_da_mode {
                L1DataAvailabilityMode::Blob => "BLOB",
                L1DataAvailabilityMode::Calldata => "CALLDATA",
            },
            starknet_version: header.starknet_version.to_string(),
        }
    }
}

impl From<GasPricePerToken> for PriceOut {
    fn from(price: GasPricePerToken) -> Self {
        Self { price_in_fri: price.price_in_fri.0.into(), price_in_wei: price.price_in_wei.0.into() }
    }
}

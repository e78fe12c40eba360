//! Blocks as methods answer them.

use serde::Serialize;
use starknet_api::block::{BlockHeader, BlockInfo, GasPricePerToken, GasPrices, NonzeroGasPrice};
use starknet_api::data_availability::L1DataAvailabilityMode;
use starknet_types_core::felt::Felt;
use zkthreads_execution::PreConfirmed;
use zkthreads_storage::BlockTransaction;

use super::place::Finality;
use super::receipt::ReceiptOut;
use super::transaction::TransactionOut;

/// A block with transactions in the form `T`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum BlockOut<T> {
    /// One that is stored.
    Stored {
        status: Finality,
        #[serde(flatten)]
        header: Box<HeaderOut>,
        transactions: Vec<T>,
    },
    /// The open one.
    PreConfirmed {
        #[serde(flatten)]
        context: Box<ContextOut>,
        transactions: Vec<T>,
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

/// A block without its transactions.
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
    /// A stored block, each of its transactions put into form by `form`.
    pub(crate) fn stored(
        header: &BlockHeader,
        finality: Finality,
        transactions: &[BlockTransaction],
        form: impl Fn(&BlockTransaction, Finality) -> T,
    ) -> Self {
        Self::Stored {
            status: finality,
            header: Box::new(header.into()),
            transactions: transactions.iter().map(|transaction| form(transaction, finality)).collect(),
        }
    }

    /// The open block, likewise.
    pub(crate) fn open(block: &PreConfirmed, form: impl Fn(&BlockTransaction, Finality) -> T) -> Self {
        let transactions = block.transactions();
        Self::PreConfirmed {
            context: Box::new(block.info().into()),
            transactions: transactions
                .map(|executed| form(&executed.transaction, Finality::PreConfirmed))
                .collect(),
        }
    }
}

impl TransactionWithReceipt {
    /// A transaction without its hash, and its receipt without its block.
    pub(crate) fn new(transaction: &BlockTransaction, finality: Finality, proof_facts: bool) -> Self {
        Self {
            transaction: TransactionOut::new(&transaction.body, None, proof_facts),
            receipt: ReceiptOut::new(transaction, finality),
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
            l1_da_mode: da_mode(header.l1_da_mode),
            starknet_version: header.starknet_version.to_string(),
        }
    }
}

impl From<&BlockInfo> for ContextOut {
    fn from(block: &BlockInfo) -> Self {
        let GasPrices { eth_gas_prices: wei, strk_gas_prices: fri } = &block.gas_prices;
        let price = |fri: NonzeroGasPrice, wei: NonzeroGasPrice| {
            PriceOut::from(GasPricePerToken { price_in_fri: fri.get(), price_in_wei: wei.get() })
        };
        Self {
            block_number: block.block_number.0,
            timestamp: block.block_timestamp.0,
            sequencer_address: *block.sequencer_address.0.key(),
            l1_gas_price: price(fri.l1_gas_price, wei.l1_gas_price),
            l2_gas_price: price(fri.l2_gas_price, wei.l2_gas_price),
            l1_data_gas_price: price(fri.l1_data_gas_price, wei.l1_data_gas_price),
            l1_da_mode: da_mode(if block.use_kzg_da {
                L1DataAvailabilityMode::Blob
            } else {
                L1DataAvailabilityMode::Calldata
            }),
            starknet_version: block.starknet_version.to_string(),
        }
    }
}

fn da_mode(mode: L1DataAvailabilityMode) -> &'static str {
    match mode {
        L1DataAvailabilityMode::Blob => "BLOB",
        L1DataAvailabilityMode::Calldata => "CALLDATA",
    }
}

impl From<GasPricePerToken> for PriceOut {
    fn from(price: GasPricePerToken) -> Self {
        Self { price_in_fri: price.price_in_fri.0.into(), price_in_wei: price.price_in_wei.0.into() }
    }
}

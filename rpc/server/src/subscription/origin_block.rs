//! Blocks of the chain that this one was forked off, or of the node that a thread follows, as subscriptions tell of them.

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::transaction::{Event, TransactionHash};
use zkthreads_rpc_api::OriginError;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::place::{BlockPlace, Finality};

/// A block, in its own node's words.
pub(crate) struct OriginBlock {
    /// Which one it is.
    pub(super) place: BlockPlace,
    /// What is told of it as a whole.
    pub(super) header: Map<String, Value>,
    /// What the transactions in it did, in order.
    pub(super) receipts: Vec<OriginReceipt>,
}

#[derive(Deserialize)]
pub(super) struct OriginReceipt {
    pub(super) transaction_hash: TransactionHash,
    pub(super) events: Vec<Event>,
}

/// What `starknet_getBlockWithReceipts` answers.
#[derive(Deserialize)]
struct Answer {
    status: Status,
    block_hash: BlockHash,
    transactions: Vec<WithReceipt>,
    #[serde(flatten)]
    header: Map<String, Value>,
}

#[derive(Deserialize)]
struct WithReceipt {
    receipt: OriginReceipt,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    AcceptedOnL1,
    AcceptedOnL2,
}

impl OriginBlock {
    /// Asks for a block that is not here. Blocks.
    pub(super) fn read(context: &RpcContext, number: BlockNumber) -> Result<Self, RpcError> {
        let Some(origin) = context.origin.as_deref() else { return Err(RpcError::BlockNotFound) };
        let params = json!({ "block_id": { "block_number": number } });
        let params =
            to_raw_value(&params).map_err(|error| RpcError::Internal { reason: error.to_string() })?;
        let answer = origin.ask("starknet_getBlockWithReceipts", &params)?;
        Ok(Self::parse(&answer, number)
            .map_err(|error| OriginError::Unavailable { reason: error.to_string() })?)
    }

    fn parse(answer: &RawValue, number: BlockNumber) -> Result<Self, serde_json::Error> {
        let Answer { status, block_hash, transactions, mut header } = serde_json::from_str(answer.get())?;
        header.insert("block_hash".to_owned(), json!(block_hash));
        let finality = match status {
            Status::AcceptedOnL1 => Finality::AcceptedOnL1,
            Status::AcceptedOnL2 => Finality::AcceptedOnL2,
        };
        let place = BlockPlace { number, hash: Some(block_hash), finality };
        Ok(Self { place, header, receipts: transactions.into_iter().map(|it| it.receipt).collect() })
    }
}

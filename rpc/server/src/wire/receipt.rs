//! Receipts, events and messages as methods answer them.

use serde::Serialize;
use starknet_api::hash::L1L2MsgHash;
use starknet_api::transaction::fields::Fee;
use starknet_api::transaction::{Event, MessageToL1, TransactionHash};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::Transaction;
use zkthreads_storage::{BlockTransaction, ExecutionStatus};

use super::place::{BlockPlace, Finality};

/// A receipt, with or without the block it is in.
#[derive(Debug, Serialize)]
pub(crate) struct ReceiptOut {
    #[serde(rename = "type")]
    kind: &'static str,
    transaction_hash: Felt,
    actual_fee: FeePayment,
    finality_status: Finality,
    #[serde(flatten)]
    status: StatusOut,
    messages_sent: Vec<MessageOut>,
    events: Vec<EventOut>,
    execution_resources: ResourcesOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    contract_address: Option<Felt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_hash: Option<L1L2MsgHash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block_hash: Option<Felt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block_number: Option<u64>,
}

/// Whether a transaction took effect.
#[derive(Debug, Serialize)]
#[serde(tag = "execution_status")]
pub(crate) enum StatusOut {
    #[serde(rename = "SUCCEEDED")]
    Succeeded,
    #[serde(rename = "REVERTED")]
    Reverted { revert_reason: String },
}

/// A fee.
#[derive(Debug, Serialize)]
pub(crate) struct FeePayment {
    amount: Felt,
    unit: &'static str,
}

#[derive(Debug, Serialize)]
struct ResourcesOut {
    l1_gas: u64,
    l1_data_gas: u64,
    l2_gas: u64,
}

/// A message to L1.
#[derive(Debug, Serialize)]
pub(crate) struct MessageOut {
    pub(crate) from_address: Felt,
    pub(crate) to_address: Felt,
    pub(crate) payload: Vec<Felt>,
}

/// An event.
#[derive(Debug, Serialize)]
pub(crate) struct EventOut {
    pub(crate) from_address: Felt,
    pub(crate) keys: Vec<Felt>,
    pub(crate) data: Vec<Felt>,
}

/// What became of an inner transaction. In a receipt's form, but for the revert reason all of it is proven.
#[derive(Debug, Serialize)]
pub(crate) struct Effects {
    #[serde(flatten)]
    pub(crate) status: StatusOut,
    pub(crate) messages_sent: Vec<MessageOut>,
    pub(crate) events: Vec<EventOut>,
}

impl ReceiptOut {
    /// The receipt of a transaction in a block, without the block.
    pub(crate) fn new(transaction: &BlockTransaction, finality: Finality) -> Self {
        let receipt = &transaction.receipt;
        let (kind, unit, message_hash) = match &transaction.body {
            Transaction::Invoke(_) | Transaction::Thread { .. } => ("INVOKE", "FRI", None),
            Transaction::Declare(_) => ("DECLARE", "FRI", None),
            Transaction::DeployAccount(_) => ("DEPLOY_ACCOUNT", "FRI", None),
            Transaction::L1Handler(message) => ("L1_HANDLER", "WEI", Some(message.tx.calc_msg_hash())),
        };
        Self {
            kind,
            transaction_hash: transaction.hash.0,
            actual_fee: FeePayment { amount: receipt.actual_fee.0.into(), unit },
            finality_status: finality,
            status: match &receipt.status {
                ExecutionStatus::Succeeded => StatusOut::new(None),
                ExecutionStatus::Reverted { reason } => StatusOut::new(Some(reason)),
            },
            messages_sent: receipt.messages.iter().map(MessageOut::from).collect(),
            events: receipt.events.iter().map(EventOut::from).collect(),
            execution_resources: ResourcesOut {
                l1_gas: receipt.gas.l1_gas.0,
                l1_data_gas: receipt.gas.l1_data_gas.0,
                l2_gas: receipt.gas.l2_gas.0,
            },
            contract_address: receipt.deployed.map(|address| *address.0.key()),
            message_hash,
            block_hash: None,
            block_number: None,
        }
    }

    /// Names the block.
    pub(crate) fn in_block(self, place: &BlockPlace) -> Self {
        let (block_hash, block_number) = (place.hash.map(|hash| hash.0), Some(place.number.0));
        Self { block_hash, block_number, ..self }
    }

    /// The receipt of an inner transaction of a thread that settled in a block. It costs its sender nothing: the
    /// thread transaction's receipt says what the submitter paid.
    pub(crate) fn inner(hash: TransactionHash, effects: Effects, place: &BlockPlace) -> Self {
        Self {
            kind: "INVOKE",
            transaction_hash: hash.0,
            actual_fee: FeePayment::fri(Fee(0)),
            finality_status: place.finality,
            status: effects.status,
            messages_sent: effects.messages_sent,
            events: effects.events,
            execution_resources: ResourcesOut { l1_gas: 0, l1_data_gas: 0, l2_gas: 0 },
            contract_address: None,
            message_hash: None,
            block_hash: None,
            block_number: None,
        }
        .in_block(place)
    }
}

impl FeePayment {
    /// A fee in STRK's smallest part.
    pub(crate) fn fri(fee: Fee) -> Self {
        Self { amount: fee.0.into(), unit: "FRI" }
    }
}

impl StatusOut {
    /// Reverted if there is a reason why.
    pub(crate) fn new(revert_reason: Option<&String>) -> Self {
        match revert_reason {
            None => Self::Succeeded,
            Some(reason) => Self::Reverted { revert_reason: reason.clone() },
        }
    }
}

impl From<&MessageToL1> for MessageOut {
    fn from(message: &MessageToL1) -> Self {
        Self {
            from_address: *message.from_address.0.key(),
            to_address: Felt::from_bytes_be_slice(message.to_address.0.as_bytes()),
            payload: message.payload.0.clone(),
        }
    }
}

impl From<&Event> for EventOut {
    fn from(event: &Event) -> Self {
        Self {
            from_address: *event.from_address.0.key(),
            keys: event.content.keys.iter().map(|key| key.0).collect(),
            data: event.content.data.0.clone(),
        }
    }
}

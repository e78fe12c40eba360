//! Receipts, events and messages as methods answer them.

use serde::Serialize;
use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::transaction::{Event, MessageToL1, TransactionHash};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::Transaction;
use zkthreads_storage::{BlockTransaction, ExecutionStatus};

use super::inner::Effects;

/// A receipt, with or without the block it is in.
#[derive(Debug, Serialize)]
pub(crate) struct ReceiptOut {
    #[serde(rename = "type")]
    kind: &'static str,
    transaction_hash: Felt,
    actual_fee: FeePayment,
    finality_status: &'static str,
    #[serde(flatten)]
    status: StatusOut,
    messages_sent: Vec<MessageOut>,
    events: Vec<EventOut>,
    execution_resources: ResourcesOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    contract_address: Option<Felt>,
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

#[derive(Debug, Serialize)]
struct FeePayment {
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

impl ReceiptOut {
    /// The receipt of a transaction in a block; names the block if one is given.
    pub(crate) fn new(transaction: &BlockTransaction, block: Option<(BlockHash, BlockNumber)>) -> Self {
        let receipt = &transaction.receipt;
        Self {
            kind: match transaction.body {
                Transaction::Invoke(_) | Transaction::Thread { .. } => "INVOKE",
                Transaction::Declare(_) => "DECLARE",
                Transaction::DeployAccount(_) => "DEPLOY_ACCOUNT",
                Transaction::L1Handler(_) => "L1_HANDLER",
            },
            transaction_hash: transaction.hash.0,
            actual_fee: FeePayment { amount: receipt.actual_fee.0.into(), unit: "FRI" },
            finality_status: "ACCEPTED_ON_L2",
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
            block_hash: block.map(|(hash, _)| hash.0),
            block_number: block.map(|(_, number)| number.0),
        }
    }
}

impl ReceiptOut {
    /// The receipt of an inner transaction of a thread that settled in `block`. It costs its sender nothing: the
    /// thread transaction's receipt says what the submitter paid.
    pub(crate) fn inner(hash: TransactionHash, effects: Effects, block: (BlockHash, BlockNumber)) -> Self {
        Self {
            kind: "INVOKE",
            transaction_hash: hash.0,
            actual_fee: FeePayment { amount: Felt::ZERO, unit: "FRI" },
            finality_status: "ACCEPTED_ON_L2",
            status: effects.status,
            messages_sent: effects.messages_sent,
            events: effects.events,
            execution_resources: ResourcesOut { l1_gas: 0, l1_data_gas: 0, l2_gas: 0 },
            contract_address: None,
            block_hash: Some(block.0.0),
            block_number: Some(block.1.0),
        }
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

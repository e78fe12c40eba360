//! The inner transactions of a thread that settled, as transactions of their block. To lists of events and to
//! subscriptions they are what they are to their users: transactions with hashes, receipts and events of their own.

use starknet_api::block::BlockNumber;
use starknet_api::core::EthAddress;
use starknet_api::execution_resources::GasVector;
use starknet_api::transaction::fields::Fee;
use starknet_api::transaction::{Event, L2ToL1Payload, MessageToL1, TransactionHash};
use zkthreads_execution::ExecutedInBlock;
use zkthreads_protocol::{PackageContents, Transaction};
use zkthreads_storage::{BlockTransaction, ExecutionStatus, Receipt, SettledInner};

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::lookup::package_in;

/// A transaction of a block, with the inner transactions that it settled, if it is a thread.
#[derive(Debug)]
pub(crate) struct Settled {
    /// The transaction.
    pub(crate) transaction: BlockTransaction,
    /// What it settled, in order.
    pub(crate) inner: Vec<BlockTransaction>,
    /// Whose the events of its receipt are.
    emitters: SettledInner,
}

impl Settled {
    fn new(
        transaction: BlockTransaction,
        package: Option<&PackageContents>,
        emitters: SettledInner,
    ) -> Result<Self, RpcError> {
        let inner = package.map(inner).transpose()?.unwrap_or_default();
        Ok(Self { transaction, inner, emitters })
    }

    /// The transaction at an index of a stored block.
    pub(crate) fn stored(
        context: &RpcContext,
        number: BlockNumber,
        index: usize,
        transaction: BlockTransaction,
    ) -> Result<Self, RpcError> {
        let package = context.package_of_settled(&transaction)?;
        let emitters = context.storage.settled_inner(number, index)?;
        Self::new(transaction, package.as_ref(), emitters)
    }

    /// A transaction of the open block.
    pub(crate) fn open(executed: &ExecutedInBlock) -> Result<Self, RpcError> {
        let (package, emitters) = (package_in(executed), executed.settled.clone());
        Self::new(executed.transaction.clone(), package.as_ref(), emitters)
    }

    /// The events of the receipt, in order, each with the transaction that emitted it and its index among that one's.
    pub(crate) fn events(&self) -> impl Iterator<Item = (&Event, (TransactionHash, usize))> {
        let events = self.transaction.receipt.events.iter().enumerate();
        events.map(|(index, event)| (event, emitter(&self.emitters, self.transaction.hash, index)))
    }
}

/// The transaction that emitted the event at an index of the receipt of `transaction`, and the event's index among its own. An
/// event of a thread's envelope keeps its index in the receipt.
pub(crate) fn emitter(
    settled: &SettledInner,
    transaction: TransactionHash,
    event: usize,
) -> (TransactionHash, usize) {
    settled.emitter(event).unwrap_or((transaction, event))
}

/// The inner transactions of a package. They cost their senders nothing.
fn inner(package: &PackageContents) -> Result<Vec<BlockTransaction>, RpcError> {
    let transactions = package.transaction_hashes().zip(package.inner_transactions());
    let mut inner: Vec<_> = transactions
        .map(|(hash, included)| BlockTransaction {
            hash,
            body: Transaction::Invoke(included.transaction.as_invoke().clone()),
            receipt: Receipt {
                actual_fee: Fee(0),
                status: match &included.revert_reason {
                    None => ExecutionStatus::Succeeded,
                    Some(reason) => ExecutionStatus::Reverted { reason: reason.clone() },
                },
                events: Vec::new(),
                messages: Vec::new(),
                gas: GasVector::default(),
                deployed: None,
                thread: None,
            },
        })
        .collect();
    for (of, event) in package.events() {
        if let Some(transaction) = inner.get_mut(of) {
            let event = Event { from_address: event.from_address, content: event.content.clone() };
            transaction.receipt.events.push(event);
        }
    }
    for (of, message) in package.messages() {
        if let Some(transaction) = inner.get_mut(of) {
            let to_address = EthAddress::try_from(message.to_address).map_err(|error| {
                RpcError::Internal { reason: format!("a settled message to L1: {error}") }
            })?;
            transaction.receipt.messages.push(MessageToL1 {
                from_address: message.from_address,
                to_address,
                payload: L2ToL1Payload(message.payload.clone()),
            });
        }
    }
    Ok(inner)
}

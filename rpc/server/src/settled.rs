//! The inner transactions of a thread that settled, as transactions of their block. To lists of events and to
//! subscriptions they are what they are to their users: transactions with hashes, receipts and events of their own.

use starknet_api::core::EthAddress;
use starknet_api::execution_resources::GasVector;
use starknet_api::transaction::fields::Fee;
use starknet_api::transaction::{Event, L2ToL1Payload, MessageToL1, TransactionHash};
use zkthreads_execution::ExecutedInBlock;
use zkthreads_protocol::{Package, Transaction};
use zkthreads_storage::{BlockTransaction, ExecutionStatus, Receipt};

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
    owners: Owners,
}

/// Whose the events of a thread transaction are: its receipt holds those of the inner transactions, too.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Owners {
    /// The first event of the thread's receipt that is an inner transaction's.
    first: usize,
    /// The inner transactions' events in order: whose each is, and which of its events.
    inner: Vec<(TransactionHash, usize)>,
}

impl Settled {
    fn new(transaction: BlockTransaction, package: Option<&Package>) -> Result<Self, RpcError> {
        let Some(package) = package else {
            return Ok(Self { transaction, inner: Vec::new(), owners: Owners::default() });
        };
        let (inner, owners) = (inner(package)?, Owners::of(&transaction, package));
        Ok(Self { transaction, inner, owners })
    }

    /// A transaction of a stored block.
    pub(crate) fn stored(context: &RpcContext, transaction: BlockTransaction) -> Result<Self, RpcError> {
        let package = context.package_of_settled(&transaction)?;
        Self::new(transaction, package.as_ref())
    }

    /// A transaction of the open block.
    pub(crate) fn open(executed: &ExecutedInBlock) -> Result<Self, RpcError> {
        Self::new(executed.transaction.clone(), package_in(executed)?.as_ref())
    }

    /// The events of the receipt, in order, each with the transaction that emitted it and its index among that one's.
    pub(crate) fn events(&self) -> impl Iterator<Item = (&Event, (TransactionHash, usize))> {
        let events = self.transaction.receipt.events.iter().enumerate();
        events.map(|(index, event)| (event, self.owners.of_event(self.transaction.hash, index)))
    }
}

impl Owners {
    /// Whose the events of `thread` are, which settled `package`.
    pub(crate) fn of(thread: &BlockTransaction, package: &Package) -> Self {
        let hashes: Vec<_> = package.transaction_hashes().collect();
        let mut counts = vec![0; hashes.len()];
        let inner: Vec<_> = package
            .events()
            // Every index is below the number of transactions: the package's decoder has seen to it.
            .filter_map(|(of, _)| {
                let (hash, count) = (hashes.get(of)?, counts.get_mut(of)?);
                *count += 1;
                Some((*hash, *count - 1))
            })
            .collect();
        // The envelope's own validation, which comes before, may have emitted some.
        let events = &thread.receipt.events;
        let begins = |first: usize| {
            let mut own = events[first..].iter();
            package.events().all(|(_, event)| {
                own.next()
                    .is_some_and(|own| own.from_address == event.from_address && own.content == event.content)
            })
        };
        let first = (0..=events.len().saturating_sub(inner.len())).find(|first| begins(*first));
        first.map_or_else(Self::default, |first| Self { first, inner })
    }

    /// The transaction that emitted the event at `index` of the receipt of `thread`, and the event's index among its own. An
    /// event of the envelope itself keeps its index in the receipt.
    pub(crate) fn of_event(&self, thread: TransactionHash, index: usize) -> (TransactionHash, usize) {
        let inner = index.checked_sub(self.first).and_then(|index| self.inner.get(index));
        inner.copied().unwrap_or((thread, index))
    }
}

/// The inner transactions of a package. They cost their senders nothing.
fn inner(package: &Package) -> Result<Vec<BlockTransaction>, RpcError> {
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

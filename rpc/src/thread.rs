//! What the methods ask of a thread that is being served: a batcher's side of the same JSON-RPC. The batcher implements
//! [`ThreadControl`].

mod intake;
mod relay;
mod sink;
mod status;

use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::InnerTransaction;

pub(crate) use intake::submit;
pub(crate) use relay::is_left_to_the_node;
pub use sink::ThreadSink;
pub use status::{
    CellKind, MetConflict, NodeStatus, ProverStatus, QueueStatus, StatusBase, SubBlockStage, SubBlockStatus,
    ThreadStatus, Throughput, TimeStatus, Totals,
};

use crate::sink::PoolStatus;

/// The thread behind the server. Its transactions are inner ones, its pre-confirmed block holds what is not settled.
pub trait ThreadControl: Send + Sync + 'static {
    /// Executes a transaction in the open sub-block and records it durably. Blocks until it is done; runs on a thread for
    /// blocking work.
    ///
    /// # Errors
    /// See [`InnerRefusal`]. Nothing of a refused transaction stays.
    fn submit(&self, transaction: InnerTransaction) -> Result<TransactionHash, InnerRefusal>;

    /// How the thread is.
    fn status(&self) -> ThreadStatus;

    /// What the thread knows of a transaction that is neither in its pre-confirmed block nor settled: it waits to be
    /// executed again, or was rejected. `None` if it never saw it, forgot it, or sent it on to the node.
    fn pool_status(&self, hash: TransactionHash) -> Option<PoolStatus>;

    /// The transaction itself, while it waits.
    fn waiting(&self, hash: TransactionHash) -> Option<InnerTransaction>;

    /// Why it takes no transaction at all now; `None` while it takes some.
    fn refuses(&self) -> Option<String> {
        None
    }
}

/// Why the thread refuses a transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InnerRefusal {
    /// The thread has it already.
    #[error("the transaction is already known")]
    Duplicate,
    /// The nonce is not the account's next one.
    #[error("nonce {found} of {account} is not acceptable, the account is at {expected}")]
    Nonce {
        /// The sender.
        account: ContractAddress,
        /// The account's next nonce.
        expected: Nonce,
        /// The transaction's.
        found: Nonce,
    },
    /// Nothing is deployed at the sender's address.
    #[error("account {account} is not deployed")]
    NotDeployed {
        /// The sender.
        account: ContractAddress,
    },
    /// The account refuses it.
    #[error("{reason}")]
    Validate {
        /// What the account says.
        reason: String,
    },
    /// It writes to a contract that is not the thread's.
    #[error("it writes to {contract}, which is not a contract of this thread")]
    OutsideThread {
        /// The contract.
        contract: ContractAddress,
    },
    /// It does what no thread can prove, or more than the largest sub-block may hold.
    #[error("a thread cannot prove it: {reason}")]
    NotProvable {
        /// What it does.
        reason: String,
    },
    /// The state below the thread cannot be read now, which says nothing about the transaction.
    #[error("the state that the thread is based on cannot be read: {reason}")]
    StateUnavailable {
        /// What happened.
        reason: String,
    },
    /// The thread holds as many unsettled transactions as it may.
    #[error("the thread is full: at most {capacity} transactions wait for being settled")]
    Full {
        /// The limit.
        capacity: usize,
    },
    /// What the thread takes now would settle so late that no node holds it for so long.
    #[error(
        "the thread is busy: what it takes now would settle in {seconds} s, at most {max} s are possible"
    )]
    Busy {
        /// How long it would take.
        seconds: u64,
        /// The limit.
        max: u64,
    },
    /// It cannot be recorded, so it was not taken.
    #[error("the transaction cannot be recorded: {reason}")]
    NotRecorded {
        /// What the disk says.
        reason: String,
    },
    /// The thread is shutting down, or does not sequence any more.
    #[error("the thread does not take transactions: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
}

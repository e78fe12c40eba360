//! What the methods ask of a thread that is being served: a batcher's side of the same JSON-RPC. The batcher implements
//! [`ThreadControl`].

mod refusal;
mod status;

use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::InnerTransaction;

pub use refusal::{InnerRefusal, ThreadLimit};
pub use status::{
    CellKind, CellWriter, MetConflict, NodeStatus, ProverStatus, QueueStatus, StatusBase, SubBlockStage,
    SubBlockStatus, ThreadStatus, Throughput, TimeStatus, Totals,
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

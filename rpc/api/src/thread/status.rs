//! How a thread is, as `zkthread_status` tells it.

use serde::{Deserialize, Serialize};
use starknet_api::block::{BlockHash, BlockNumber, BlockTimestamp};
use starknet_api::core::ContractAddress;
use starknet_api::state::StorageKey;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{Conflict, StateCell};

/// How a thread is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThreadStatus {
    /// Who settles it.
    pub submitter: ContractAddress,
    /// The contracts that it may write; `None` if any.
    pub contracts: Option<Vec<ContractAddress>>,
    /// The node that it follows.
    pub node: NodeStatus,
    /// The node's newest block that the thread has: what its transactions are executed on.
    pub base_block: StatusBase,
    /// What is under way.
    pub queue: QueueStatus,
    /// Accounts with transactions that are not settled.
    pub users: u64,
    /// Where it stands in time.
    pub time: TimeStatus,
    /// What happened since the thread was started.
    pub totals: Totals,
    /// How fast it is.
    pub throughput: Throughput,
    /// All sub-blocks that are not settled, and the newest that are, oldest first.
    pub sub_blocks: Vec<SubBlockStatus>,
    /// The provers.
    pub provers: Vec<ProverStatus>,
    /// What a person should look at: a full disk, a node that is away.
    pub trouble: Vec<String>,
}

/// The node that a thread follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Where it is.
    pub url: String,
    /// Whether it answers.
    pub reachable: bool,
    /// Why not.
    pub error: Option<String>,
}

/// The block that a thread builds on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusBase {
    /// Its number.
    pub block_number: BlockNumber,
    /// Its hash.
    pub block_hash: BlockHash,
    /// Its time.
    pub timestamp: BlockTimestamp,
}

/// Transactions and sub-blocks that are under way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueStatus {
    /// Transactions that wait to be executed again.
    pub waiting: u64,
    /// Transactions in sub-blocks that are not settled.
    pub unsettled: u64,
    /// Sub-blocks that are being proven.
    pub proving: u64,
    /// Sub-blocks that were sent to the node and are not settled.
    pub in_flight: u64,
}

/// Where a thread stands in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeStatus {
    /// What the next transaction sees, seconds since 1970.
    pub now: BlockTimestamp,
    /// How long the thread expects that a sub-block which is opened now takes until it settles, seconds; at most one in a hundred
    /// takes longer.
    pub forecast_seconds: u64,
    /// How far the oldest sub-block that is not settled is behind the node's newest block, seconds.
    pub lag_seconds: u64,
}

/// What happened since a thread was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Transactions taken.
    pub received: u64,
    /// Transactions settled.
    pub settled: u64,
    /// Of those, the ones that were reverted.
    pub reverted: u64,
    /// Transactions that a conflict made invalid.
    pub rejected: u64,
    /// Transactions sent to the node as they are.
    pub forwarded: u64,
    /// Transactions that their users sent to the node themselves.
    pub on_chain: u64,
    /// Sub-blocks settled.
    pub sub_blocks_settled: u64,
    /// Conflicts met.
    pub conflicts: u64,
    /// Sub-blocks that were sent again.
    pub resubmitted: u64,
    /// Sub-blocks that were executed again because their time, or their base block, was too old.
    pub misses: u64,
    /// Sub-blocks that were executed again because a cell was newer than they were, though it held what it had held.
    pub stale: u64,
    /// Receipts of pre-confirmed transactions that changed.
    pub receipts_changed: u64,
    /// Proofs, finished or begun, of sub-blocks that were executed again.
    pub void_proofs: u64,
    /// How long provers worked on them, milliseconds.
    pub void_proving_ms: u64,
}

/// How fast a thread is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Throughput {
    /// Transactions taken per second, over the last minute.
    pub received_per_second: f64,
    /// Transactions settled per second, over the last minute.
    pub settled_per_second: f64,
    /// Median time from arrival to answer, microseconds, of the last 1,024 transactions.
    pub median_micros: u64,
    /// The time that 99 of 100 of them stayed below.
    pub p99_micros: u64,
}

/// A sub-block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubBlockStatus {
    /// Counts up.
    pub id: u64,
    /// How far it is.
    pub stage: SubBlockStage,
    /// Which attempt this is, counted from one: it is executed again when the chain moves under it.
    pub attempt: u32,
    /// How often proving it was begun, all attempts together.
    pub proofs: u32,
    /// How often it was sent to the node, all attempts together.
    pub sent: u32,
    /// The block that it is executed on.
    pub base_block_number: BlockNumber,
    /// How many transactions it holds.
    pub transactions: u64,
    /// About how many steps of the thread OS it takes.
    pub steps: u64,
    /// When it was opened, seconds since 1970.
    pub opened_at: u64,
    /// What its prover does.
    pub prover_stage: Option<String>,
    /// How long proving took, milliseconds.
    pub proven_in_ms: Option<u64>,
    /// The thread transaction that carries it.
    pub transaction_hash: Option<TransactionHash>,
    /// The block that it is settled in.
    pub block_number: Option<BlockNumber>,
    /// The conflicts that it met.
    pub conflicts: Vec<MetConflict>,
}

/// How far a sub-block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SubBlockStage {
    /// Takes transactions.
    Open,
    /// Complete, waits for a prover.
    Closed,
    /// Being proven.
    Proving,
    /// Proven, waits to be sent.
    Proven,
    /// Sent to the node.
    Submitted,
    /// In a block.
    Settled,
}

/// A conflict that a sub-block met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetConflict {
    /// The contract.
    pub contract: ContractAddress,
    /// What of it.
    pub kind: CellKind,
    /// Of a storage cell, its key.
    pub key: Option<StorageKey>,
    /// What the sub-block read.
    pub expected: Felt,
    /// What is there.
    pub found: Felt,
    /// The node's newest block when it was met.
    pub block_number: BlockNumber,
    /// Who wrote what is there, if a transaction of that block did. `None` if it came about otherwise: a sub-block before this one
    /// was executed again and writes something else now, the node took blocks back, or a devnet was told to write it; or if the
    /// block that did it has not come to the thread yet.
    pub writer: Option<CellWriter>,
}

/// A transaction of the node's chain that wrote a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellWriter {
    /// Its hash.
    pub transaction_hash: TransactionHash,
    /// The account that sent it, of a thread transaction its submitter; `None` of a message from L1.
    pub sender_address: Option<ContractAddress>,
}

/// What of a contract's state a conflict is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CellKind {
    /// A storage cell.
    Storage,
    /// The nonce.
    Nonce,
    /// The class hash.
    ClassHash,
}

/// A process that proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProverStatus {
    /// The process.
    pub pid: u32,
    /// What it does; `None` while it waits for work.
    pub stage: Option<String>,
    /// The sub-block that it proves.
    pub sub_block: Option<u64>,
    /// The memory that it takes, bytes.
    pub memory_bytes: u64,
}

impl MetConflict {
    /// A conflict that was met while the node was at `block_number`, whoever wrote the cell.
    #[must_use]
    pub fn new(conflict: &Conflict, block_number: BlockNumber) -> Self {
        let (kind, key) = match conflict.cell {
            StateCell::Storage(key) => (CellKind::Storage, Some(key)),
            StateCell::Nonce => (CellKind::Nonce, None),
            StateCell::ClassHash => (CellKind::ClassHash, None),
        };
        let Conflict { contract, expected, found, .. } = *conflict;
        Self { contract, kind, key, expected, found, block_number, writer: None }
    }

    /// The cell of the contract; `None` of a storage cell without a key, as nobody makes one.
    #[must_use]
    pub fn cell(&self) -> Option<StateCell> {
        match self.kind {
            CellKind::Storage => self.key.map(StateCell::Storage),
            CellKind::Nonce => Some(StateCell::Nonce),
            CellKind::ClassHash => Some(StateCell::ClassHash),
        }
    }
}

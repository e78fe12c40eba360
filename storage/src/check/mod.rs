//! Looking a database over: whether its blocks hang together and its state is the one that they commit to.

mod chain;
mod packages;
mod state;
mod times;

use starknet_api::block::BlockNumber;
use starknet_api::core::ContractAddress;
use starknet_api::state::StorageKey;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{PackageDigest, StateCell};

use crate::db::Snapshot;
use crate::{Storage, StorageError};

/// Most problems that are told one by one.
const PROBLEMS: usize = 100;

/// What a check looked at, and what it found wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Check {
    /// Blocks looked at.
    pub blocks: u64,
    /// Transactions looked at.
    pub transactions: u64,
    /// Contracts whose storage was looked at.
    pub contracts: u64,
    /// Storage cells in them.
    pub cells: u64,
    /// Classes in the class trie.
    pub classes: u64,
    /// What is wrong: the first hundred things.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub further_problems: u64,
}

/// Something wrong with a database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Rows cannot be read; what else there is of that part was not looked at.
    #[error("{part}: {reason}")]
    Unreadable {
        /// What was looked at.
        part: &'static str,
        /// Why it could not be read.
        reason: String,
    },
    /// A row that every block has is not there.
    #[error("block {block} has no row in table `{table}`")]
    MissingBlockRow {
        /// The block.
        block: BlockNumber,
        /// The table.
        table: &'static str,
    },
    /// A row that every transaction has is not there.
    #[error("transaction {index} of block {block} has no row in table `{table}`")]
    MissingTransactionRow {
        /// The block.
        block: BlockNumber,
        /// The transaction's index.
        index: usize,
        /// The table.
        table: &'static str,
    },
    /// A block's header names another number, or another parent than the block before.
    #[error("the header of block {block} does not follow on the block before")]
    Header {
        /// The block.
        block: BlockNumber,
    },
    /// A block is not found by its hash.
    #[error("block {block} is not found by its hash")]
    BlockIndex {
        /// The block.
        block: BlockNumber,
    },
    /// A transaction is not found by its hash.
    #[error("transaction {hash} of block {block} is not found by its hash")]
    TransactionIndex {
        /// The block.
        block: BlockNumber,
        /// The transaction.
        hash: TransactionHash,
    },
    /// An event of a block is not found by its contract or a key.
    #[error("the index of events has not what block {block} has")]
    EventIndex {
        /// The block.
        block: BlockNumber,
    },
    /// A package lacks a part, or no transaction names it.
    #[error("package {:#x} is not whole, or no transaction names it", .digest.0)]
    Package {
        /// The package.
        digest: PackageDigest,
    },
    /// A transaction is said to name a package that does not, or is not there.
    #[error("package {:#x} is said to be named by a transaction that does not name it", .digest.0)]
    PackageHolder {
        /// The package.
        digest: PackageDigest,
    },
    /// The roots kept of a block are not those that its header commits to.
    #[error("the header of block {block} commits to another state than its roots")]
    StateRoot {
        /// The block.
        block: BlockNumber,
    },
    /// A cell's latest value is not the last that was written.
    #[error("cell {} of {contract} is not what was last written there", key.0.key())]
    Cell {
        /// The contract.
        contract: ContractAddress,
        /// The cell.
        key: StorageKey,
    },
    /// A sub-block's time is kept of a cell that the block does not change, or it is not before the block.
    #[error(
        "{cell} of {contract} has a sub-block's time in block {block}, where no sub-block can have written it"
    )]
    ThreadTime {
        /// The block.
        block: BlockNumber,
        /// The contract.
        contract: ContractAddress,
        /// The cell.
        cell: StateCell,
    },
    /// A contract's storage is not what its leaf commits to.
    #[error("the storage of {contract} has root {computed:#x}, the database says {stored:#x}")]
    StorageRoot {
        /// The contract.
        contract: ContractAddress,
        /// Of its cells.
        computed: Felt,
        /// What the database says.
        stored: Felt,
    },
    /// The contracts, or classes, are not what the tip commits to.
    #[error("the {trie} trie has root {computed:#x}, the tip says {stored:#x}")]
    Root {
        /// Which trie.
        trie: &'static str,
        /// Of its leaves.
        computed: Felt,
        /// What the tip says.
        stored: Felt,
    },
    /// A trie's nodes are not those that its leaves make.
    #[error("table `{table}` has {wrong} nodes that are missing, wrong or left over")]
    Nodes {
        /// The table.
        table: &'static str,
        /// How many.
        wrong: u64,
    },
}

impl Storage {
    /// Reads the whole chain and computes the tries of the latest state anew from its leaves: header after header,
    /// every transaction, every root; of a followed chain, which has no tries, its cells; of what sub-blocks wrote, the
    /// times. Takes minutes on a large database, and as much memory as the largest contract's trie; blocks may be committed
    /// meanwhile.
    #[must_use]
    pub fn check(&self) -> Check {
        let now = self.db().snapshot();
        let mut check = Check::default();
        let parts: [Part; 4] = [
            ("blocks", chain::check),
            ("packages", packages::check),
            ("state", state::check),
            ("times", times::check),
        ];
        for (part, look) in parts {
            if let Err(error) = look(&now, &mut check) {
                check.found(Problem::Unreadable { part, reason: error.to_string() });
            }
        }
        check
    }
}

/// A part of the database, and how it is looked at.
type Part = (&'static str, fn(&Snapshot<'_>, &mut Check) -> Result<(), StorageError>);

impl Check {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    fn found(&mut self, problem: Problem) {
        if self.problems.len() < PROBLEMS {
            self.problems.push(problem);
        } else {
            self.further_problems += 1;
        }
    }
}

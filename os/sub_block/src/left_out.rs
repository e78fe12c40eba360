//! Reasons for leaving an inner transaction out of a sub-block.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::InnerTransaction;

use crate::abort::AbortCause;

/// An inner transaction that is not in the sub-block.
#[derive(Debug, Clone)]
pub struct LeftOut {
    /// The transaction.
    pub transaction: InnerTransaction,
    /// Its hash.
    pub hash: TransactionHash,
    /// Why.
    pub reason: LeftOutReason,
}

/// What a sub-block has only so much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Transactions.
    Transactions,
    /// Felts of the statement.
    StatementFelts,
    /// Bytes of the package, without the proof.
    PackageBytes,
    /// Steps of the thread OS, as estimated, and what takes as much of a prover's memory as so many steps.
    Steps,
}

impl Display for Limit {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Transactions => "transactions",
            Self::StatementFelts => "felts of the statement",
            Self::PackageBytes => "bytes of the package",
            Self::Steps => "steps",
        })
    }
}

/// Why an inner transaction is not in the sub-block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeftOutReason {
    /// Its nonce is not the account's next one.
    #[error("nonce: account {:#x} is at {}, the transaction has {}", .account.0.key(), .expected.0, .found.0)]
    Nonce {
        /// The sender.
        account: ContractAddress,
        /// The account's nonce at this point of the sub-block.
        expected: Nonce,
        /// The transaction's.
        found: Nonce,
    },
    /// Nothing is deployed at the sender's address.
    #[error("account {:#x} is not deployed", .account.0.key())]
    NotDeployed {
        /// The sender.
        account: ContractAddress,
    },
    /// The account refuses the transaction (a wrong signature, for one).
    #[error("__validate__ failed: {reason}")]
    Validate {
        /// Blockifier's trace.
        reason: String,
    },
    /// `__validate__` returned something else than `VALID`.
    #[error("__validate__ returned {returned:#x?}, not VALID")]
    ValidateReturn {
        /// What it returned.
        returned: Vec<Felt>,
    },
    /// `__execute__` failed in a way that no caller can catch, and that the thread OS cannot prove.
    #[error("__execute__ cannot be proven to fail ({cause}): {reason}")]
    Abort {
        /// What it failed for.
        cause: AbortCause,
        /// Blockifier's trace.
        reason: String,
    },
    /// A syscall that the thread OS does not serve.
    #[error("the thread OS does not serve the syscall {syscall}")]
    Syscall {
        /// Its name.
        syscall: &'static str,
    },
    /// Cairo 0 code.
    #[error("class {:#x} is a Cairo 0 class", .class_hash.0)]
    LegacyClass {
        /// The class.
        class_hash: ClassHash,
    },
    /// A class without hardened code: no node settles a thread that runs it.
    #[error("class {:#x} has no hardened code: {reason}", .class_hash.0)]
    UnhardenedClass {
        /// The class.
        class_hash: ClassHash,
        /// Why it has none.
        reason: String,
    },
    /// It writes a contract of the chain that is none of the thread's.
    #[error("it writes contract {:#x}, which is none of this thread's", .contract.0.key())]
    OutsideThread {
        /// The contract.
        contract: ContractAddress,
    },
    /// It sends a message to what is no L1 address: no chain takes it.
    #[error("message to L1: {reason}")]
    Message {
        /// What is wrong with it.
        reason: String,
    },
    /// It is too large for any sub-block.
    #[error("too large: {size} {limit}, at most {max} are possible")]
    TooLarge {
        /// Of what there is too much.
        limit: Limit,
        /// How much there is, alone in a sub-block; steps are counted until there are too many.
        size: u64,
        /// The most that a sub-block holds.
        max: u64,
    },
    /// It makes more fresh cells than an account may in a sub-block.
    #[error("account {:#x} would make {cells} storage cells with it that held zero, at most {max} are possible", .account.0.key())]
    TooManyFreshCells {
        /// The sender.
        account: ContractAddress,
        /// How many it makes, alone in a sub-block.
        cells: usize,
        /// How many are possible.
        max: usize,
    },
    /// Its account would have made more fresh cells in this sub-block than it may, and may again in the next one. No verdict on
    /// the transaction.
    #[error(
        "account {:#x} would have made {cells} storage cells in this sub-block that held zero before, at most {max} are possible: \
         there is room again in the next one",
        .account.0.key()
    )]
    FreshCellsSpent {
        /// The sender.
        account: ContractAddress,
        /// How many it would have made.
        cells: usize,
        /// How many are possible.
        max: usize,
    },
    /// It keeps a processor busy for longer than a thread has for one transaction.
    #[error("it kept a processor busy for more than {0:?}")]
    TooLong(Duration),
    /// Its fields cannot be hashed.
    #[error("cannot hash: {reason}")]
    Hash {
        /// Why.
        reason: String,
    },
    /// The execution panicked.
    #[error("the execution panicked")]
    Panic,
    /// This sub-block has no room for it, the next one has. No verdict on the transaction.
    #[error("the sub-block is full")]
    Full,
    /// What it reads was written, or a class that it runs declared, later than this sub-block is executed, which could not be
    /// settled with it. One over a newer block can. No verdict on the transaction.
    #[error("the sub-block is executed over a block that is too old for what it reads")]
    StaleBase,
    /// The state below could not be read. No verdict on the transaction.
    #[error("the state cannot be read: {reason}")]
    Unreadable {
        /// The first failure.
        reason: String,
    },
    /// The state refuses what it does.
    #[error("state: {reason}")]
    State {
        /// The reader's error.
        reason: String,
    },
}

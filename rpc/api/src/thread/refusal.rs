//! Why a thread does not take a transaction, or not now.

use std::fmt::{self, Display, Formatter};

use starknet_api::core::{ContractAddress, Nonce};

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
    /// It makes more fresh cells than an account may in a sub-block: storage cells that held zero and do not after it, for which the
    /// thread's submitter pays.
    #[error(
        "{account} would make {cells} storage cells with it that held zero, at most {max} are possible in a thread's sub-block"
    )]
    TooManyFreshCells {
        /// The sender.
        account: ContractAddress,
        /// How many it makes.
        cells: usize,
        /// The limit.
        max: usize,
    },
    /// Its account would have made more fresh cells in the open sub-block than it may. In the next one it may again.
    #[error(
        "{account} would have made {cells} storage cells in this sub-block that held zero before, at most {max} are possible: \
         send it again once the sub-block is complete"
    )]
    FreshCellsSpent {
        /// The sender.
        account: ContractAddress,
        /// How many it would have made.
        cells: usize,
        /// The limit.
        max: usize,
        /// In how many seconds the sub-block is complete, if a prover is free then.
        seconds: u64,
    },
    /// The thread holds as much as it may.
    #[error("the thread is full: it holds at most {capacity} {limit}")]
    Full {
        /// What it holds so much of.
        limit: ThreadLimit,
        /// How much that may be.
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

/// What a thread holds only so much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreadLimit {
    /// Transactions on their way to the sequencer.
    Arriving,
    /// Transactions that are not settled, executed or waiting.
    Unsettled,
    /// The bytes of these.
    UnsettledBytes,
    /// The cells that those of them read and write which are executed.
    UnsettledCells,
    /// Transactions that wait for an earlier nonce.
    Waiting,
    /// Those of one account.
    WaitingOfAccount,
}

impl Display for ThreadLimit {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Arriving => "transactions on their way in",
            Self::Unsettled => "transactions that are not settled",
            Self::UnsettledBytes => "bytes of transactions that are not settled",
            Self::UnsettledCells => "cells that unsettled transactions read and write",
            Self::Waiting => "transactions that wait for an earlier nonce",
            Self::WaitingOfAccount => "transactions of one account that wait for an earlier nonce",
        })
    }
}

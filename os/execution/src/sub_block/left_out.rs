//! Reasons for leaving an inner transaction out of a sub-block.

use starknet_api::core::{ClassHash, ContractAddress, EntryPointSelector, Nonce};
use starknet_types_core::felt::Felt;

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
    /// `__execute__` failed or panicked. A sub-block cannot yet prove a reverted transaction.
    #[error("__execute__ failed: {reason}")]
    Execute {
        /// Blockifier's trace.
        reason: String,
    },
    /// An inner call failed and its caller went on: the thread OS cannot prove a partial revert yet.
    #[error("the call to {:#x} of {:#x} failed and its failure was caught", .selector.0, .contract.0.key())]
    CaughtCall {
        /// The contract that was called.
        contract: ContractAddress,
        /// The entry point.
        selector: EntryPointSelector,
    },
    /// A syscall answered with a failure and its caller went on.
    #[error("a failure of the syscall {syscall} was caught by contract {:#x}", .contract.0.key())]
    CaughtSyscall {
        /// The syscall.
        syscall: &'static str,
        /// The contract that made it.
        contract: ContractAddress,
    },
    /// A syscall that the thread OS does not serve yet.
    #[error("the thread OS does not serve the syscall {syscall} yet")]
    Syscall {
        /// Its name.
        syscall: String,
    },
    /// Cairo 0 code.
    #[error("class {:#x} is a Cairo 0 class", .class_hash.0)]
    LegacyClass {
        /// The class.
        class_hash: ClassHash,
    },
    /// Starknet shows a few old account classes an altered execution info, which the thread OS does not imitate.
    #[error("class {:#x} is an old account class with an execution info of its own", .class_hash.0)]
    SpecialClass {
        /// The class.
        class_hash: ClassHash,
    },
    /// The state could not be read.
    #[error("state: {reason}")]
    State {
        /// The reader's error.
        reason: String,
    },
}

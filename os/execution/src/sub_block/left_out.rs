//! Reasons for leaving an inner transaction out of a sub-block.

use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_types_core::felt::Felt;

use super::abort::AbortCause;

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
    /// Code that dictionary values could lead out of the class while they are not checked yet: no node settles a thread
    /// that runs it.
    #[error("class {:#x} jumps by values that its dictionaries may supply", .class_hash.0)]
    UnconfinedClass {
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

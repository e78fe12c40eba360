//! Executes a sub-block: inner transactions on blockifier, over any state, recording everything they read.
//!
//! [`OpenSubBlock`] takes one transaction after the other; [`execute()`] a list of them. Each goes through the account flow
//! of an ordinary INVOKE v3 (nonce, `__validate__`, `__execute__`) without a fee, on a snapshot of the state. If
//! `__execute__` fails, it is undone, and the transaction is part of the sub-block as a reverted one. A transaction that
//! the account refuses, or that does something the thread OS cannot prove, is left out with its reason and leaves no
//! trace. The rest becomes [`ExecutedInner`]s, and in the end
//!
//! * an [`OsInput`](zkthreads_program::input::OsInput): the recording the OS runs on, and
//! * the [`Statement`](zkthreads_protocol::Statement) that blockifier's execution implies. The OS must produce exactly the same one.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod abort;
mod accesses;
mod account;
mod account_call;
mod below;
mod beside;
mod class;
mod code;
mod context;
mod error;
mod execute;
mod executed;
mod fresh;
mod inner;
mod left_out;
mod outcome;
mod package;
mod record;
mod session;
mod size;
mod steps;
mod touched;
mod watched;

pub use abort::AbortCause;
pub use accesses::{Accesses, Cell};
pub use below::SubBlockState;
pub use class::SubBlockClass;
pub use code::ClassCodes;
pub use context::SubBlockContext;
pub use error::SubBlockError;
pub use executed::ExecutedSubBlock;
pub use inner::ExecutedInner;
pub use left_out::{LeftOut, LeftOutReason, Limit};
pub use session::{OpenSubBlock, execute};
pub use zkthreads_storage::Hardened;

//! The thread transaction: what a thread says to the chain, and the only encoder and decoder of it.
//!
//! A **package** carries one or several **segments**: a **statement** (the thread OS's output), the inner transactions
//! and events that the statement commits to, and the STARK proof. An **envelope** (an INVOKE v3 with `proof_facts`) names the package
//! by its digest. Nothing here checks a proof or reads a state.
//!
//! Decoders accept exactly one encoding of each value and never allocate more than the input's size.
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

pub mod commitments;
pub mod envelope;
pub mod limits;
pub mod os_program;
pub mod package;
pub mod settlement;
pub mod statement;
pub mod transaction;

pub use envelope::{EnvelopeError, ThreadFacts, ThreadTransaction};
pub use os_program::{OsProgram, OsProgramHash};
pub use package::{
    IncludedTransaction, InnerEvent, InnerTransaction, Package, PackageContents, PackageDigest, PackageError,
    ProofLength, ProofPart, Segment, SegmentContents,
};
pub use settlement::{Conflict, SegmentError, SettleError, StaleCell, StateCell};
pub use statement::{
    BaseBlock, ContractAccess, ExecutedClass, InnerMessage, InnerOutcome, LogicalTime, Statement,
    StatementError, StorageAccess,
};
pub use transaction::{L1Message, L1TransactionHash, Transaction};

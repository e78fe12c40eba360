//! Checks thread packages; the only maker of a [`VerifiedThread`].
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

mod claim;
mod components;
pub mod encoding;
mod error;
mod guard;
pub mod params;
mod shape;
mod summary;
mod verifier;

pub use error::{ComponentProblem, EncodingError, SegmentProblem, VerifyError};
pub use params::{SECURITY_BITS, pcs_config};
pub use summary::StatementSummary;
pub use verifier::{VerifiedThread, Verifier, verify_proof};

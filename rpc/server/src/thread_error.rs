//! Why a request about a thread transaction is refused, with codes of our own.

use serde_json::{Value, json};
use zkthreads_protocol::package::InnerTransactionError;
use zkthreads_protocol::{EnvelopeError, PackageError, SegmentError};

use crate::wire::thread::CheckOut;

/// What is wrong with a thread transaction as sent, or with a question about one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ThreadError {
    /// `proof` is absent.
    #[error("a thread transaction carries its package in `proof`")]
    MissingProof,
    /// `proof` came with an invoke whose `proof_facts` are empty.
    #[error("`proof` needs `proof_facts`")]
    MissingProofFacts,
    /// `proof` is not base64.
    #[error("`proof` is not base64: {0}")]
    Base64(base64::DecodeError),
    /// `proof` is longer than any package.
    #[error("`proof` has {characters} characters, a package takes at most {limit}")]
    ProofTooLong {
        /// Its length.
        characters: usize,
        /// The limit.
        limit: usize,
    },
    /// `proof_facts` are not a thread's, or the package is not theirs.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The package brings a transaction that the chain would not take by itself.
    #[error("{reason}")]
    InnerTransaction {
        /// Which, and why not.
        reason: String,
    },
    /// It could not settle in the open block, whatever the state; so it is not taken. Nobody has looked at its proof.
    #[error("segment {}: {}", .0.segment, .0.error)]
    Unsettleable(Box<SegmentError>),
    /// The transaction is known and is not a thread.
    #[error("the transaction is not a thread transaction")]
    NotAThread,
    /// The thread's inner transactions have not taken place.
    #[error("the thread transaction is {status}, not SETTLED")]
    NotSettled {
        /// Its status.
        status: &'static str,
    },
    /// A thread was sent what no sub-block can hold.
    #[error("not an inner transaction: {0}")]
    NotInner(InnerTransactionError),
    /// The server is a node's.
    #[error("this is a node, not a thread")]
    NoThread,
}

impl ThreadError {
    /// The code in the `zkthread` namespace.
    pub(crate) fn code(&self) -> i32 {
        match self {
            Self::Envelope(EnvelopeError::Package(_))
            | Self::ProofTooLong { .. }
            | Self::InnerTransaction { .. } => 10001,
            Self::Envelope(EnvelopeError::DigestMismatch { .. }) => 10002,
            Self::Envelope(EnvelopeError::NotAThread | EnvelopeError::FactCount { .. })
            | Self::MissingProofFacts => 10003,
            Self::MissingProof => 10004,
            Self::Base64(_) => 10005,
            Self::NotAThread => 10006,
            Self::NotSettled { .. } => 10007,
            Self::NotInner(_) => 10008,
            Self::NoThread => 10009,
            Self::Unsettleable(_) => 10010,
        }
    }

    /// The code's name.
    fn kind(&self) -> &'static str {
        match self {
            Self::Envelope(EnvelopeError::Package(_))
            | Self::ProofTooLong { .. }
            | Self::InnerTransaction { .. } => "MALFORMED_PACKAGE",
            Self::Envelope(EnvelopeError::DigestMismatch { .. }) => "DIGEST_MISMATCH",
            Self::Envelope(EnvelopeError::NotAThread | EnvelopeError::FactCount { .. })
            | Self::MissingProofFacts => "INVALID_PROOF_FACTS",
            Self::MissingProof => "MISSING_PROOF",
            Self::Base64(_) => "INVALID_BASE64",
            Self::NotAThread => "NOT_A_THREAD",
            Self::NotSettled { .. } => "NOT_SETTLED",
            Self::NotInner(_) => "NOT_AN_INNER_TRANSACTION",
            Self::NoThread => "NO_THREAD",
            Self::Unsettleable(_) => "UNSETTLEABLE",
        }
    }

    /// `{code, kind, message}`, so that the cause can be told apart under the specification's INVALID_PROOF too; and `error`,
    /// the check that fails, as `zkthread_checkThread` tells it.
    pub(crate) fn data(&self) -> Value {
        let mut data = json!({ "code": self.code(), "kind": self.kind(), "message": self.to_string() });
        if let Self::Unsettleable(error) = self {
            data["error"] = json!(CheckOut::from(error.as_ref()));
        }
        data
    }
}

impl From<PackageError> for ThreadError {
    fn from(error: PackageError) -> Self {
        Self::Envelope(EnvelopeError::Package(error))
    }
}

//! The package: one versioned binary that carries all a node needs to settle one or several consecutive sub-blocks.
//! See [`codec`] for the layout.

mod codec;
mod error;
mod read;
mod segments;
mod write;

use serde::{Deserialize, Serialize};
use sha3::{Digest, Keccak256};
use starknet_api::StarknetApiError;
use starknet_api::core::{ChainId, ContractAddress};
use starknet_api::transaction::{
    EventContent, InvokeTransactionV3, TransactionHash, TransactionHasher, TransactionVersion,
};
use starknet_types_core::felt::Felt;

use crate::limits::MAX_REVERT_REASON_BYTES;
use crate::statement::Statement;
pub use codec::{PACKAGE_MAGIC, PACKAGE_VERSION, SINGLE_VERSION};
pub use error::PackageError;

/// What a thread transaction carries: one or several consecutive sub-blocks, ready to settle. Where nobody reads proofs,
/// [`ProofLength`] stands in their places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package<P = Vec<u8>> {
    /// The sub-blocks, each of which starts from the output of the one before. At least one, at most
    /// [`MAX_SEGMENTS`](crate::limits::MAX_SEGMENTS).
    pub segments: Vec<Segment<P>>,
}

/// A sub-block: what it says, what it holds, and the proof of it alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment<P = Vec<u8>> {
    /// What the proof proves.
    pub statement: Statement,
    /// The transactions the statement names, in its order.
    pub inner_transactions: Vec<IncludedTransaction>,
    /// The events the statement commits to, in its order.
    pub events: Vec<InnerEvent>,
    /// The STARK proof, as the verifier's own encoding (opaque here).
    pub proof: P,
}

/// A package whose proofs were left out.
pub type PackageContents = Package<ProofLength>;

/// A segment whose proof was left out.
pub type SegmentContents = Segment<ProofLength>;

/// In place of a proof: its length, bytes. At most [`MAX_PROOF_BYTES`](crate::limits::MAX_PROOF_BYTES).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProofLength(pub usize);

/// A proof, or what stands in its place.
pub trait ProofPart {
    /// The proof's length, bytes.
    fn proof_bytes(&self) -> usize;
}

impl ProofPart for Vec<u8> {
    fn proof_bytes(&self) -> usize {
        self.len()
    }
}

impl ProofPart for ProofLength {
    fn proof_bytes(&self) -> usize {
        self.0
    }
}

/// An inner transaction of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncludedTransaction {
    /// What the user signed.
    pub transaction: InnerTransaction,
    /// Why its `__execute__` failed; there is one exactly if the statement says that it did. At most
    /// [`MAX_REVERT_REASON_BYTES`]. The batcher's word: the package digest covers it, the proof does not.
    pub revert_reason: Option<String>,
}

/// A user's INVOKE v3 with all-resource bounds, no `proof_facts` and no account deployment data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "InvokeTransactionV3")]
pub struct InnerTransaction(InvokeTransactionV3);

/// Why an INVOKE v3 cannot be an inner transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InnerTransactionError {
    /// Its resource bounds lack L1 data gas or L2 gas.
    #[error("resource bounds must name all three resources")]
    ResourceBounds,
    /// It carries a proof of its own.
    #[error("an inner transaction has no proof_facts")]
    ProofFacts,
    /// Starknet reserves these fields; they must be empty.
    #[error("paymaster and account deployment data must be empty")]
    ReservedFields,
}

/// An event of an inner transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InnerEvent {
    /// Which inner transaction, counted from zero.
    pub transaction_index: u32,
    /// The contract that emitted it.
    pub from_address: ContractAddress,
    /// Keys and data.
    pub content: EventContent,
}

/// Names a package: Keccak-256 of its bytes, cut to 250 bits as Starknet does to fit a felt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PackageDigest(pub Felt);

impl PackageDigest {
    /// The digest of a package's bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hash: [u8; 32] = Keccak256::digest(bytes).into();
        if let Some(first) = hash.first_mut() {
            *first &= 0x03;
        }
        Self(Felt::from_bytes_be(&hash))
    }
}

impl IncludedTransaction {
    /// A transaction that took effect.
    #[must_use]
    pub fn succeeded(transaction: InnerTransaction) -> Self {
        Self { transaction, revert_reason: None }
    }

    /// A transaction that was reverted. Of a reason that is too long, the beginning and the end are kept: a trace
    /// names the outer call first and the cause last.
    #[must_use]
    pub fn reverted(transaction: InnerTransaction, reason: &str) -> Self {
        Self { transaction, revert_reason: Some(shorten(reason)) }
    }
}

/// Cuts the middle out of a text of more than [`MAX_REVERT_REASON_BYTES`].
fn shorten(text: &str) -> String {
    const CUT: &str = "\n...\n";
    const HALF: usize = (MAX_REVERT_REASON_BYTES - CUT.len()) / 2;
    if text.len() <= MAX_REVERT_REASON_BYTES {
        return text.to_owned();
    }
    let (head, _) = text.split_at(text.floor_char_boundary(HALF));
    let (_, tail) = text.split_at(text.ceil_char_boundary(text.len().saturating_sub(HALF)));
    [head, CUT, tail].concat()
}

impl InnerTransaction {
    /// The transaction as on the chain.
    #[must_use]
    pub fn as_invoke(&self) -> &InvokeTransactionV3 {
        &self.0
    }

    /// Its hash on `chain_id`: the same as if it were sent to the chain itself.
    ///
    /// # Errors
    /// If the chain id is not a short string.
    pub fn hash(&self, chain_id: &ChainId) -> Result<TransactionHash, StarknetApiError> {
        self.0.calculate_transaction_hash(chain_id, &TransactionVersion::THREE)
    }

    /// What it takes in a package, bytes, a revert reason left aside.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let felts = self.0.calldata.0.len().saturating_add(self.0.signature.0.len());
        read::MIN_TRANSACTION_BYTES.saturating_add(felts.saturating_mul(read::FELT_BYTES))
    }
}

impl TryFrom<InvokeTransactionV3> for InnerTransaction {
    type Error = InnerTransactionError;

    fn try_from(invoke: InvokeTransactionV3) -> Result<Self, InnerTransactionError> {
        use starknet_api::transaction::fields::ValidResourceBounds;
        if !matches!(invoke.resource_bounds, ValidResourceBounds::AllResources(_)) {
            return Err(InnerTransactionError::ResourceBounds);
        }
        if !invoke.proof_facts.0.is_empty() {
            return Err(InnerTransactionError::ProofFacts);
        }
        if !invoke.paymaster_data.0.is_empty() || !invoke.account_deployment_data.0.is_empty() {
            return Err(InnerTransactionError::ReservedFields);
        }
        Ok(Self(invoke))
    }
}

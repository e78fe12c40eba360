//! The envelope: an INVOKE v3 whose `proof_facts` name a package.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::ProofFacts;
use starknet_types_core::felt::Felt;

use crate::os_program::OsProgramHash;
use crate::package::{Package, PackageDigest, PackageError};

/// First proof fact of a thread transaction: the short string `ZKTHREAD1`.
pub const THREAD_MARKER: Felt = Felt::from_hex_unchecked("0x5a4b54485245414431");

/// What an envelope's `proof_facts` say: `[THREAD_MARKER, os_program_hash, package_digest]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ThreadFacts {
    /// The OS version that the proof was made with.
    pub os_program_hash: OsProgramHash,
    /// Digest of the whole package, proof bytes included.
    pub package_digest: PackageDigest,
}

/// Why an envelope is not that of a thread transaction, or does not match its package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// `proof_facts` do not begin with [`THREAD_MARKER`].
    #[error("proof_facts do not begin with 'ZKTHREAD1'")]
    NotAThread,
    /// A thread transaction has exactly three proof facts.
    #[error("a thread transaction has 3 proof_facts, this one has {found}")]
    FactCount {
        /// Facts in the envelope.
        found: usize,
    },
    /// The package's bytes hash to another digest than the one signed.
    #[error("the package's digest is {computed:#x}, the envelope signs {signed:#x}")]
    DigestMismatch {
        /// Digest of the bytes received.
        computed: Felt,
        /// Digest in `proof_facts`.
        signed: Felt,
    },
    /// The package does not decode.
    #[error(transparent)]
    Package(#[from] PackageError),
}

impl ThreadFacts {
    /// Whether `proof_facts` claim to be a thread transaction's (they may still be malformed).
    #[must_use]
    pub fn are_claimed_by(proof_facts: &ProofFacts) -> bool {
        proof_facts.0.first() == Some(&THREAD_MARKER)
    }

    /// As they stand in an envelope.
    #[must_use]
    pub fn to_proof_facts(self) -> ProofFacts {
        ProofFacts(vec![THREAD_MARKER, self.os_program_hash.0, self.package_digest.0].into())
    }
}

impl TryFrom<&ProofFacts> for ThreadFacts {
    type Error = EnvelopeError;

    fn try_from(proof_facts: &ProofFacts) -> Result<Self, EnvelopeError> {
        match proof_facts.0.as_slice() {
            [marker, ..] if *marker != THREAD_MARKER => Err(EnvelopeError::NotAThread),
            [_, os_program_hash, package_digest] => Ok(Self {
                os_program_hash: OsProgramHash(*os_program_hash),
                package_digest: PackageDigest(*package_digest),
            }),
            [] => Err(EnvelopeError::NotAThread),
            facts => Err(EnvelopeError::FactCount { found: facts.len() }),
        }
    }
}

/// A thread transaction whose package decodes and is the one its submitter signed. Its proof is still unchecked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadTransaction {
    envelope: InvokeTransactionV3,
    facts: ThreadFacts,
    package: Arc<Package>,
    package_bytes: usize,
}

impl ThreadTransaction {
    /// Joins an envelope with the package bytes that came with it.
    ///
    /// # Errors
    /// If the envelope is not a thread transaction's, the digest differs, or the package does not decode.
    pub fn new(envelope: InvokeTransactionV3, package_bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let facts = ThreadFacts::try_from(&envelope.proof_facts)?;
        Package::check_size(package_bytes)?;
        let computed = PackageDigest::of(package_bytes);
        if computed != facts.package_digest {
            return Err(EnvelopeError::DigestMismatch {
                computed: computed.0,
                signed: facts.package_digest.0,
            });
        }
        let package = Arc::new(Package::decode(package_bytes)?);
        Ok(Self { envelope, facts, package, package_bytes: package_bytes.len() })
    }

    /// The signed INVOKE v3.
    #[must_use]
    pub fn envelope(&self) -> &InvokeTransactionV3 {
        &self.envelope
    }

    /// What its `proof_facts` say.
    #[must_use]
    pub fn facts(&self) -> ThreadFacts {
        self.facts
    }

    /// The decoded package.
    #[must_use]
    pub fn package(&self) -> &Arc<Package> {
        &self.package
    }

    /// Size of the package as it came, bytes.
    #[must_use]
    pub fn package_bytes(&self) -> usize {
        self.package_bytes
    }
}

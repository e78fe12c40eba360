//! The whole verification of a segment's proof.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use cairo_air::verifier::verify_cairo;
use starknet_types_core::felt::Felt;
use stwo::core::vcs_lifted::blake2_merkle::Blake2sMerkleChannel;
use zkthreads_protocol::limits::MAX_STATEMENT_FELTS;
use zkthreads_protocol::{OsProgram, OsProgramHash, Segment, Statement};

use crate::encoding::{self, Proof};
use crate::error::VerifyError;
use crate::guard::guarded;
use crate::params::{CHANNEL_SALT, PREPROCESSED_ROOT, SECURITY_BITS, TRACE_VARIANT, pcs_config};
use crate::shape::Tables;
use crate::{claim, components, shape};

/// Checks segments of packages against the accepted versions of the thread OS. Cheap to share, never locks.
#[derive(Debug, Clone)]
pub struct Verifier {
    programs: HashMap<OsProgramHash, OsProgram>,
}

/// A statement that a valid proof stands behind. Only [`Verifier::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSegment {
    statement: Statement,
    os_program_hash: OsProgramHash,
    security_bits: u32,
    elapsed: Duration,
}

impl Verifier {
    /// A verifier that accepts proofs of these versions of the thread OS.
    #[must_use]
    pub fn new(programs: impl IntoIterator<Item = OsProgram>) -> Self {
        let programs = programs.into_iter().map(|program| (program.hash(), program)).collect();
        Self { programs }
    }

    /// Checks that the segment's proof proves the segment's own statement by the OS version that the envelope names
    /// (the package digest is [`zkthreads_protocol::ThreadTransaction`]'s to check, inner transactions and events
    /// are block execution's).
    ///
    /// # Errors
    /// See [`VerifyError`].
    pub fn verify(&self, program: OsProgramHash, segment: &Segment) -> Result<VerifiedSegment, VerifyError> {
        let start = Instant::now();
        let os = self.programs.get(&program).ok_or(VerifyError::UnknownProgram { hash: program.0 })?;
        verify_proof(os, &segment.statement.encode(), &segment.proof)?;
        Ok(VerifiedSegment {
            statement: segment.statement.clone(),
            os_program_hash: program,
            security_bits: SECURITY_BITS,
            elapsed: start.elapsed(),
        })
    }
}

impl VerifiedSegment {
    /// What was proved.
    #[must_use]
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The OS version it was proved with.
    #[must_use]
    pub fn os_program_hash(&self) -> OsProgramHash {
        self.os_program_hash
    }

    /// Security of the proof against forgery, bits. See [`SECURITY_BITS`].
    #[must_use]
    pub fn security_bits(&self) -> u32 {
        self.security_bits
    }

    /// How long the verification took.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

impl fmt::Display for VerifiedSegment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{}\nthread OS {:#x}\nverified with {} bits of security in {:.1} ms",
            crate::StatementSummary(&self.statement),
            self.os_program_hash.0,
            self.security_bits,
            self.elapsed.as_secs_f64() * 1e3,
        )
    }
}

/// Checks that `proof` proves that `program`, run to its end, outputs `output`. The prover checks its own proofs
/// with this; only [`Verifier::verify`] turns a proof into a [`VerifiedSegment`].
///
/// # Errors
/// See [`VerifyError`].
pub fn verify_proof(program: &OsProgram, output: &[Felt], proof: &[u8]) -> Result<(), VerifyError> {
    if output.len() > MAX_STATEMENT_FELTS {
        return Err(VerifyError::StatementTooLarge { felts: output.len() });
    }
    guarded(|| {
        let proof = encoding::decode(proof)?;
        check_parameters(&proof)?;
        components::check(&proof.claim, &proof.interaction_claim)?;
        claim::check(&proof.claim, program.bytecode(), output)?;
        shape::check(&proof, &TABLES)?;
        verify_cairo::<Blake2sMerkleChannel>(proof).map_err(VerifyError::from)
    })
}

/// Everything that the proof system lets a prover choose and that we do not.
fn check_parameters(proof: &Proof) -> Result<(), VerifyError> {
    let stark = &proof.stark_proof.0;
    if stark.config != pcs_config() {
        return Err(VerifyError::Config { found: Box::new(stark.config) });
    }
    if proof.preprocessed_trace_variant != TRACE_VARIANT {
        return Err(VerifyError::TraceVariant { found: proof.preprocessed_trace_variant });
    }
    if proof.channel_salt != CHANNEL_SALT {
        return Err(VerifyError::ChannelSalt { found: proof.channel_salt });
    }
    match stark.commitments.first() {
        Some(root) if *root == PREPROCESSED_ROOT => Ok(()),
        Some(root) => Err(VerifyError::PreprocessedRoot { found: *root }),
        None => Err(VerifyError::Shape { part: "commitments", found: 0, expected: shape::TREES }),
    }
}

/// The lookup tables' columns, made once.
static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables::new(&TRACE_VARIANT.to_preprocessed_trace()));

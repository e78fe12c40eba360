//! One changed proof, and what must hold for it.

use stwo::core::verifier::VerificationError;
use zkthreads_verifier::encoding::{Proof, decode_raw, encode_raw};
use zkthreads_verifier::params::MAX_VERIFY_MEMORY;
use zkthreads_verifier::{VerifyError, verify_proof};
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

use crate::deep::{complete, verify_without_work};
use crate::fit::fit;
use crate::full::range_checks_to_the_end;
use crate::memory::peak;
use crate::quiet::quietly;
use crate::script::Script;
use crate::subject::{Subject, claimed};

/// What refused a changed proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Nothing: no byte was changed.
    Unchanged,
    /// The decoder.
    Encoding,
    /// The checks of claims and shape.
    Checks,
    /// A panic of the proof system, caught.
    Panic,
    /// A missing proof of work or the lookup argument.
    Lookups,
    /// The constraints at the sampled point.
    Constraints,
    /// Merkle paths or FRI.
    Openings,
}

/// What became of one changed proof.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// What refused it.
    pub refused_by: Depth,
    /// What refused it from a prover who does all work and balances the lookups.
    pub without_work: Option<Depth>,
    /// Most bytes that its verification held.
    pub peak: usize,
}

/// What a script says before it says what to change.
struct Plan {
    /// Make the vectors as long as the claims imply, and range checks end where memory does.
    fit: bool,
    /// Verify against the program and output that the proof claims.
    as_claimed: bool,
    /// Choose last what can be chosen last.
    complete: bool,
}

impl Subject {
    /// Changes the proof as the script says and verifies it.
    ///
    /// # Panics
    /// If a changed proof is accepted, or if its verification takes more than [`MAX_VERIFY_MEMORY`] or panics.
    #[must_use]
    pub fn attempt(&self, script: &[u8]) -> Attempt {
        let mut script = Script::new(script);
        let flags = script.byte();
        let plan = Plan { fit: flags & 1 == 1, as_claimed: flags & 2 == 2, complete: flags & 4 == 4 };
        let mut raw = self.mutate(&mut script);
        let mut proof = decode_raw(&raw).ok();
        if plan.fit
            && let Some(proof) = &mut proof
        {
            range_checks_to_the_end(proof);
            let _ = quietly(|| fit(proof));
            raw = encode_raw(proof).unwrap_or(raw);
        }
        if raw == self.raw {
            return Attempt { refused_by: Depth::Unchanged, without_work: None, peak: 0 };
        }
        let (error, held) = self.refuse(&raw, proof.as_ref().filter(|_| plan.as_claimed));
        let lacks_work = matches!(
            error,
            VerifyError::InteractionProofOfWork | VerifyError::Stark(VerificationError::ProofOfWork)
        );
        let without_work = proof.filter(|_| lacks_work).map(|proof| refuse_without_work(proof, &plan));
        Attempt { refused_by: depth(&error), without_work, peak: held }
    }

    fn refuse(&self, raw: &[u8], as_claimed: Option<&Proof>) -> (VerifyError, usize) {
        let bytes = compress(raw);
        let claimed = as_claimed.map(claimed);
        let (program, output) = match &claimed {
            Some((program, output)) => (program, output),
            None => (&self.program, &self.output),
        };
        let (verdict, held) = peak(|| verify_proof(program, output, &bytes));
        assert!(held <= MAX_VERIFY_MEMORY, "verification held {held} bytes: {verdict:?}");
        (verdict.expect_err("a changed proof is accepted"), held)
    }
}

fn refuse_without_work(mut proof: Proof, plan: &Plan) -> Depth {
    if plan.complete {
        let _ = quietly(|| complete(&mut proof));
    }
    let (verdict, held) = peak(|| quietly(|| verify_without_work(proof)));
    assert!(held <= MAX_VERIFY_MEMORY, "verification held {held} bytes");
    match verdict {
        Some(verdict) => depth(&verdict.expect_err("a changed proof is accepted").into()),
        None => Depth::Panic,
    }
}

fn depth(error: &VerifyError) -> Depth {
    use VerificationError::{Fri, InvalidStructure, Merkle, OodsNotMatching, ProofOfWork};
    match error {
        VerifyError::Encoding(_) => Depth::Encoding,
        VerifyError::Malformed { .. } | VerifyError::Stark(InvalidStructure(_)) => Depth::Panic,
        VerifyError::InteractionProofOfWork | VerifyError::LookupSum => Depth::Lookups,
        VerifyError::Stark(OodsNotMatching) => Depth::Constraints,
        VerifyError::Stark(ProofOfWork | Merkle(_) | Fri(_)) => Depth::Openings,
        _ => Depth::Checks,
    }
}

/// The frame that the decoder wants, made fast.
fn compress(raw: &[u8]) -> Vec<u8> {
    let compress = || {
        let mut compressor = Compressor::new(1)?;
        compressor.set_parameter(CParameter::WindowLog(23))?;
        compressor.set_parameter(CParameter::ContentSizeFlag(true))?;
        compressor.set_parameter(CParameter::ChecksumFlag(true))?;
        compressor.compress(raw)
    };
    let bytes: std::io::Result<Vec<u8>> = compress();
    bytes.expect("bytes in memory can be compressed")
}

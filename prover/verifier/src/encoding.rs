//! The bytes of a proof: one encoder, used by the prover, and one decoder.
//!
//! A proof is written field by field (little-endian integers of fixed width, `u64` lengths) and compressed as one
//! zstd frame that names its size and ends with a checksum. The decoder accepts exactly one uncompressed form of
//! each proof. The compressed form is not unique by nature; the package digest binds it.

use bincode::Options;
use cairo_air::CairoProofForRustVerifier;
use stwo::core::fields::m31::M31;
use stwo::core::fields::qm31::QM31;
use stwo::core::fri::{FriLayerProof, FriProof};
use stwo::core::pcs::quotients::CommitmentSchemeProof;
use stwo::core::proof::StarkProof;
use stwo::core::vcs_lifted::blake2_merkle::Blake2sMerkleHasher;
use zkthreads_protocol::limits::MAX_PROOF_BYTES;
use zstd::bulk::Compressor;
use zstd::zstd_safe::{self, CParameter};

use crate::components::components;
use crate::error::EncodingError;
use crate::params::{MAX_DECODED_BYTES, PRIME};

/// A decoded proof, unchecked.
pub type Proof = CairoProofForRustVerifier<Blake2sMerkleHasher>;

/// Start of every frame: zstd's magic number, then the descriptor of a single segment with its size in four
/// bytes, a checksum and no dictionary.
const FRAME_START: [u8; 5] = [0x28, 0xb5, 0x2f, 0xfd, 0xa4];
/// The frame's start and the size that follows it.
const FRAME_HEADER_BYTES: usize = 9;
/// High enough to find the repeated openings of small columns, low enough to take only milliseconds.
const COMPRESSION_LEVEL: i32 = 9;
/// Log2 of the compression window: the whole proof.
const WINDOW_LOG: u32 = 23;

/// The bytes of a proof, as they stand in a package.
///
/// # Errors
/// If the proof is larger than the decoder would accept.
pub fn encode(proof: &Proof) -> Result<Vec<u8>, EncodingError> {
    let raw = encode_raw(proof)?;
    if raw.len() > MAX_DECODED_BYTES {
        return Err(EncodingError::DecodedTooLarge { bytes: raw.len() });
    }
    let bytes = compress(&raw)?;
    if bytes.len() > MAX_PROOF_BYTES {
        return Err(EncodingError::TooLarge { bytes: bytes.len() });
    }
    Ok(bytes)
}

/// Reads a proof; accepts nothing but what [`encode`] makes of one, whatever the compressor's choices.
///
/// # Errors
/// See [`EncodingError`].
pub fn decode(bytes: &[u8]) -> Result<Proof, EncodingError> {
    decode_raw(&decompress(bytes)?)
}

/// The uncompressed bytes of a proof.
///
/// # Errors
/// If it does not serialize, which no proof does.
pub fn encode_raw(proof: &Proof) -> Result<Vec<u8>, EncodingError> {
    options().serialize(proof).map_err(|error| EncodingError::Decode { reason: error.to_string() })
}

/// Compresses uncompressed proof bytes to the one kind of frame that [`decompress`] accepts.
///
/// # Errors
/// If the compressor fails.
pub fn compress(raw: &[u8]) -> Result<Vec<u8>, EncodingError> {
    let compress = || {
        let mut compressor = Compressor::new(COMPRESSION_LEVEL)?;
        compressor.set_parameter(CParameter::WindowLog(WINDOW_LOG))?;
        compressor.set_parameter(CParameter::ContentSizeFlag(true))?;
        compressor.set_parameter(CParameter::ChecksumFlag(true))?;
        compressor.compress(raw)
    };
    compress().map_err(|error: std::io::Error| EncodingError::Decompress { reason: error.to_string() })
}

/// The uncompressed bytes of a proof; allocates no more than the frame's own, bounded, size.
///
/// # Errors
/// See [`EncodingError`].
pub fn decompress(bytes: &[u8]) -> Result<Vec<u8>, EncodingError> {
    if bytes.len() > MAX_PROOF_BYTES {
        return Err(EncodingError::TooLarge { bytes: bytes.len() });
    }
    let size = promised_bytes(bytes).ok_or(EncodingError::FrameHeader)?;
    if size > MAX_DECODED_BYTES {
        return Err(EncodingError::DecodedTooLarge { bytes: size });
    }
    let frame = zstd_safe::find_frame_compressed_size(bytes).unwrap_or_default();
    if frame != bytes.len() || frame < FRAME_HEADER_BYTES {
        return Err(EncodingError::FrameLength { frame, bytes: bytes.len() });
    }
    let raw = zstd::bulk::decompress(bytes, size)
        .map_err(|error| EncodingError::Decompress { reason: error.to_string() })?;
    if raw.len() == size { Ok(raw) } else { Err(EncodingError::FrameHeader) }
}

/// How many bytes the proof's frame says that it decompresses to; `None` if it has no such header. Verifying takes time and
/// memory for no more bytes than these, at most [`MAX_DECODED_BYTES`].
#[must_use]
pub fn promised_bytes(bytes: &[u8]) -> Option<usize> {
    let size = bytes.strip_prefix(&FRAME_START)?.first_chunk::<4>()?;
    usize::try_from(u32::from_le_bytes(*size)).ok()
}

/// Reads uncompressed proof bytes.
///
/// # Errors
/// If they are not the canonical form of exactly one proof.
pub fn decode_raw(raw: &[u8]) -> Result<Proof, EncodingError> {
    if raw.len() > MAX_DECODED_BYTES {
        return Err(EncodingError::DecodedTooLarge { bytes: raw.len() });
    }
    let proof: Proof =
        options().deserialize(raw).map_err(|error| EncodingError::Decode { reason: error.to_string() })?;
    check_field_elements(&proof)?;
    if encode_raw(&proof)? == raw { Ok(proof) } else { Err(EncodingError::NotCanonical) }
}

fn options() -> impl Options {
    bincode::DefaultOptions::new()
        .with_fixint_encoding()
        .with_little_endian()
        .reject_trailing_bytes()
        .with_limit(MAX_DECODED_BYTES as u64)
}

/// Every number that stands for a field element must be one: the proof system calculates with larger ones as if
/// they were, and hashes them as they are.
fn check_field_elements(proof: &Proof) -> Result<(), EncodingError> {
    let Proof {
        claim,
        interaction_pow: _,
        interaction_claim,
        stark_proof: StarkProof(stark_proof),
        channel_salt: _,
        preprocessed_trace_variant: _,
    } = proof;
    let CommitmentSchemeProof {
        config: _,
        commitments: _,
        sampled_values,
        decommitments: _,
        queried_values,
        proof_of_work: _,
        fri_proof: FriProof { first_layer, inner_layers, last_layer_poly },
    } = stark_proof;

    let states = [&claim.public_data.initial_state, &claim.public_data.final_state];
    check_base("a register", states.into_iter().flat_map(|state| state.values()))?;
    for component in components(claim, interaction_claim) {
        check_extension("a claimed sum", component.sum)?;
    }
    if let Some(memory) = &interaction_claim.memory_id_to_big {
        check_extension("a claimed sum", memory.big_claimed_sums.iter().copied())?;
    }
    check_extension("a sampled value", sampled_values.iter().flatten().flatten().copied())?;
    check_base("a queried value", queried_values.iter().flatten().flatten().copied())?;
    for FriLayerProof { fri_witness, decommitment: _, commitment: _ } in
        std::iter::once(first_layer).chain(inner_layers)
    {
        check_extension("a FRI value", fri_witness.iter().copied())?;
    }
    check_extension("the last FRI layer", last_layer_poly.iter().copied())
}

fn check_extension(field: &'static str, values: impl IntoIterator<Item = QM31>) -> Result<(), EncodingError> {
    check_base(field, values.into_iter().flat_map(|value| value.to_m31_array()))
}

fn check_base(field: &'static str, values: impl IntoIterator<Item = M31>) -> Result<(), EncodingError> {
    match values.into_iter().find(|value| value.0 >= PRIME) {
        Some(M31(value)) => Err(EncodingError::FieldElement { field, value }),
        None => Ok(()),
    }
}

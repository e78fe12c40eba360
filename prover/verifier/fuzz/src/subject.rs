//! A real proof, taken apart.

use bincode::Options;
use cairo_air::air::MemorySection;
use cairo_air::claims::CairoClaim;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::OsProgram;
use zkthreads_verifier::EncodingError;
use zkthreads_verifier::encoding::{Proof, decode, decompress};

use crate::outline::{Kind, Node, Unsupported, outline};

/// An honest proof with what it proves, ready to be changed.
#[derive(Debug)]
pub struct Subject {
    /// The program it proves a run of.
    pub program: OsProgram,
    /// What the run outputs.
    pub output: Vec<Felt>,
    /// The proof's uncompressed bytes.
    pub raw: Vec<u8>,
    pub(crate) outline: Node,
    /// For each component: the smallest claim there is, and its sum.
    pub(crate) components: Vec<Component>,
}

/// Bytes of a component's claim and sum, wherever it is absent.
#[derive(Debug)]
pub(crate) struct Component {
    pub(crate) name: &'static str,
    pub(crate) claim: Vec<u8>,
}

/// Bytes of a claimed sum: an element of the extension field.
pub(crate) const SUM_BYTES: usize = 16;

/// A proof cannot serve as a subject.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// It does not decode.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// Its types are not what we think.
    #[error("the proof's outline: {0}")]
    Outline(#[from] Unsupported),
    /// Its types are not what we think.
    #[error("the outline does not match the encoding at {0}")]
    Mismatch(&'static str),
}

impl Subject {
    /// Takes a proof apart. Program and output are those that it claims.
    ///
    /// # Errors
    /// If it does not decode.
    pub fn new(proof: &[u8]) -> Result<Self, SubjectError> {
        let raw = decompress(proof)?;
        let proof = decode(proof)?;
        let (bytes, outline) = outline(&proof)?;
        if bytes != raw {
            return Err(SubjectError::Mismatch("proof"));
        }
        let components = absent_components(&proof.claim)?;
        let (program, output) = claimed(&proof);
        Ok(Self { program, output, raw, outline, components })
    }
}

/// The program and output that a proof claims.
pub(crate) fn claimed(proof: &Proof) -> (OsProgram, Vec<Felt>) {
    let memory = &proof.claim.public_data.public_memory;
    (OsProgram::new(felts(&memory.program)), felts(&memory.output))
}

fn felts(section: &MemorySection) -> Vec<Felt> {
    let felt = |limbs: &[u32; 8]| {
        let mut bytes = [0; 32];
        bytes
            .chunks_exact_mut(4)
            .zip(limbs)
            .for_each(|(chunk, limb)| chunk.copy_from_slice(&limb.to_le_bytes()));
        Felt::from_bytes_le(&bytes)
    };
    section.iter().map(|(_, limbs)| felt(limbs)).collect()
}

pub(crate) fn options() -> impl Options {
    bincode::DefaultOptions::new().with_fixint_encoding().reject_trailing_bytes()
}

/// The claim without its public memory, which is most of it.
fn without_memory(claim: &CairoClaim) -> CairoClaim {
    let mut claim = claim.clone();
    claim.public_data.public_memory.program.clear();
    claim.public_data.public_memory.output.clear();
    claim
}

/// How the claims of absent components look: some number of zero bytes. In a claim without any other component only
/// one number decodes, since every other leaves too many bytes or too few.
pub(crate) fn absent_components(claim: &CairoClaim) -> Result<Vec<Component>, SubjectError> {
    let (bytes, node) = outline(&without_memory(claim))?;
    let bytes_of = |field: &Node| bytes.get(field.span.clone()).unwrap_or_default();
    let alone = |name: &str, length: usize| {
        let fields = node.children.iter().map(|field| match field.kind {
            Kind::Option if field.name == name => [&[1], vec![0; length].as_slice()].concat(),
            Kind::Option => vec![0],
            _ => bytes_of(field).to_vec(),
        });
        fields.collect::<Vec<_>>().concat()
    };
    let absent = node.children.iter().filter(|field| field.kind == Kind::Option && field.children.is_empty());
    absent
        .map(|field| {
            let decodes =
                |length: &usize| options().deserialize::<CairoClaim>(&alone(field.name, *length)).is_ok();
            match [0, 4, 8, 12].into_iter().find(decodes) {
                Some(length) => Ok(Component { name: field.name, claim: vec![0; length] }),
                None => Err(SubjectError::Mismatch(field.name)),
            }
        })
        .collect()
}

//! The one set of proof parameters that is accepted; the prover takes them from here.

use cairo_air::verifier::INTERACTION_POW_BITS;
use stwo::core::fields::m31;
use stwo::core::fri::FriConfig;
use stwo::core::pcs::PcsConfig;
use stwo::core::vcs::blake2_hash::Blake2sHash;
use stwo_cairo_common::memory::LOG_MEMORY_ADDRESS_BOUND;
use stwo_cairo_common::preprocessed_columns::preprocessed_trace::{
    PreProcessedTraceVariant, SMALL_MAX_SEQUENCE_LOG_SIZE,
};

/// Bits of work before the queries are drawn.
const POW_BITS: u32 = 26;
/// Log2 of the inverse rate: what each query adds to the security.
const LOG_BLOWUP: u32 = 1;
/// Positions at which the committed polynomials are opened.
pub(crate) const QUERIES: u32 = 70;
/// Log2 of the folding factor between FRI layers. Eight to one makes proofs a seventh smaller than two to one and
/// leaves the number of queries, and so [`SECURITY_BITS`], as it is.
pub(crate) const FOLD_STEP: u32 = 3;

/// Security of an accepted proof against forgery, bits: `POW_BITS + LOG_BLOWUP · QUERIES`.
///
/// This is the proof system's own formula: the soundness of FRI's query phase, conjectured as for STARKs in general.
/// Beside it, the lookup argument has 124 bits (the extension field's) and 24 of work, less the log2 of its number
/// of terms, which trace sizes keep below 2^40; hashes have 128 bits against collisions.
pub const SECURITY_BITS: u32 = pcs_config().security_bits();

const _: () = assert!(SECURITY_BITS >= 96, "a proof must have at least 96 bits of security");
const _: () = assert!(INTERACTION_POW_BITS >= 24, "the lookup argument counts on 24 bits of work");

/// The commitment scheme's parameters. A proof made with any other is refused.
#[must_use]
pub const fn pcs_config() -> PcsConfig {
    PcsConfig {
        pow_bits: POW_BITS,
        fri_config: FriConfig {
            log_blowup_factor: LOG_BLOWUP,
            log_last_layer_degree_bound: 0,
            n_queries: QUERIES as usize,
            fold_step: FOLD_STEP,
        },
        lifting_log_size: None,
    }
}

/// The accepted set of lookup tables: narrow Pedersen windows, no `ec_op` (the OS verifies those itself).
pub const TRACE_VARIANT: PreProcessedTraceVariant = PreProcessedTraceVariant::CanonicalSmall;

/// Root of the commitment to the lookup tables of [`TRACE_VARIANT`] under [`pcs_config`]. A test computes it
/// from the tables.
pub const PREPROCESSED_ROOT: Blake2sHash = Blake2sHash([
    0x06, 0x8d, 0x11, 0x66, 0xc9, 0xf9, 0xf0, 0xec, 0x24, 0x76, 0x41, 0xca, 0x39, 0x1e, 0xe8, 0x39, 0x61,
    0x70, 0xe6, 0x93, 0x43, 0xdf, 0xca, 0xcc, 0x63, 0x2f, 0x96, 0x38, 0x67, 0x0d, 0x2b, 0xec,
]);

/// The transcript's salt. The proof system lets a prover choose it; nobody needs another.
pub const CHANNEL_SALT: u32 = 0;

/// Addresses are below this: registers then cannot wrap around the prime within [`MAX_OPCODE_USES`] steps.
pub const MAX_ADDRESS: u32 = 1 << LOG_MEMORY_ADDRESS_BOUND;
const _: () = assert!(LOG_MEMORY_ADDRESS_BOUND == 29);

/// Most instruction steps, padding included.
pub const MAX_OPCODE_USES: u64 = 1 << 29;

/// The prime of the trace's field.
pub(crate) const PRIME: u32 = m31::P;

/// Log2 of the smallest trace: one SIMD vector of the prover's.
pub const MIN_LOG_SIZE: u32 = 4;
/// Log2 of the largest trace. Bounds the heights of all trees.
pub const MAX_LOG_SIZE: u32 = 24;
/// Log2 of the largest trace that counts its rows: the tables' longest counting column.
pub const MAX_COUNTED_LOG_SIZE: u32 = SMALL_MAX_SEQUENCE_LOG_SIZE;

/// Largest decompressed proof, bytes. A real one has about 2 MB.
pub const MAX_DECODED_BYTES: usize = 8 * 1024 * 1024;

/// Most memory that verifying any input takes beside the input itself, bytes.
///
/// Decoding is what takes most. Nothing is allocated for what a list promises beyond a mebibyte, so memory follows
/// from the bytes that are really there, of which there are `R` = [`MAX_DECODED_BYTES`] at most. The items that grow
/// most are lists: an empty one has 8 bytes encoded and 24 decoded. A growing list doubles, so one that fills the
/// input holds 3 `R`, and 6 `R` more while it moves for the last time; the decompressed bytes are another `R`.
/// Re-encoding takes one `R` more, but nothing moves then. After the checks of a proof's shape its vectors are as
/// long as an honest proof's; the proof system copies some of them, which stays far below.
pub const MAX_VERIFY_MEMORY: usize = 10 * MAX_DECODED_BYTES;

//! Why a proof is refused.

use cairo_air::verifier::CairoVerificationError;
use starknet_types_core::felt::Felt;
use stwo::core::pcs::PcsConfig;
use stwo::core::vcs::blake2_hash::Blake2sHash;
use stwo::core::verifier::VerificationError;
use stwo_cairo_common::preprocessed_columns::preprocessed_trace::PreProcessedTraceVariant;
use zkthreads_protocol::limits::{MAX_PROOF_BYTES, MAX_STATEMENT_FELTS};

use crate::params::{CHANNEL_SALT, MAX_ADDRESS, MAX_DECODED_BYTES, MAX_OPCODE_USES};

/// Why a package's proof is refused. The order of the variants is the order of the checks.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VerifyError {
    /// The envelope names an OS version that this verifier was not given.
    #[error("unknown thread OS {hash:#x}")]
    UnknownProgram {
        /// The program hash in the envelope.
        hash: Felt,
    },
    /// The statement has more felts than a package may carry.
    #[error("the statement has {felts} felts, more than {MAX_STATEMENT_FELTS}")]
    StatementTooLarge {
        /// Its length.
        felts: usize,
    },
    /// The bytes are not the encoding of a proof.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// The proof was made with other parameters of the commitment scheme, so with another security level.
    #[error("the proof was made with another configuration: {found:?}")]
    Config {
        /// The proof's configuration.
        found: Box<PcsConfig>,
    },
    /// The proof uses another set of lookup tables.
    #[error("the proof uses the preprocessed trace {found:?}")]
    TraceVariant {
        /// The proof's variant.
        found: PreProcessedTraceVariant,
    },
    /// The proof salts its transcript, which would let its prover retry challenges for free.
    #[error("the proof salts its transcript with {found}, not with {CHANNEL_SALT}")]
    ChannelSalt {
        /// The proof's salt.
        found: u32,
    },
    /// The commitment to the lookup tables is not that of the real ones: they were altered.
    #[error("the preprocessed trace was altered: its root is {found}")]
    PreprocessedRoot {
        /// The proof's first commitment.
        found: Blake2sHash,
    },
    /// A component of the trace is claimed in a way that no honest prover claims it.
    #[error("component {component}: {problem}")]
    Component {
        /// The component's name in the arithmetization.
        component: &'static str,
        /// What is wrong.
        problem: ComponentProblem,
    },
    /// The claimed sum that enters the lookup argument is not the total of the memory table's parts.
    #[error("the memory table's claimed sum is not the total of its parts")]
    MemorySum,
    /// A register does not have the value that the start or end of a thread OS run gives it.
    #[error("register {register} is {found}, expected {expected}")]
    Register {
        /// Which one, at which end of the run.
        register: &'static str,
        /// Its value.
        found: u32,
        /// What it should be.
        expected: u32,
    },
    /// The run ends beyond the addresses for which the arithmetization is sound.
    #[error("the run ends at ap {final_ap}, which is not from {minimum} to below {MAX_ADDRESS}")]
    FinalAp {
        /// Its last allocation pointer.
        final_ap: u32,
        /// Smallest allocation pointer at which a run can end.
        minimum: u32,
    },
    /// The proof's program is not the thread OS.
    #[error("the proof's program has {found} cells, the thread OS has {expected}")]
    ProgramLength {
        /// Cells in the proof.
        found: usize,
        /// Cells of the OS.
        expected: usize,
    },
    /// The proof's program is not the thread OS.
    #[error("the proof's program differs from the thread OS at cell {cell}")]
    ProgramCell {
        /// The first differing cell.
        cell: usize,
    },
    /// The proof is about another statement.
    #[error("the proof outputs {found} felts, the statement has {expected}")]
    OutputLength {
        /// Felts in the proof.
        found: usize,
        /// Felts of the statement.
        expected: usize,
    },
    /// The proof is about another statement.
    #[error("the proof's output differs from the statement at felt {felt}")]
    OutputFelt {
        /// The first differing felt.
        felt: usize,
    },
    /// A memory id is not a field element.
    #[error("{section} holds the memory id {id}, which is not a field element")]
    MemoryId {
        /// The section of the public memory.
        section: &'static str,
        /// The id.
        id: u32,
    },
    /// A builtin's memory segment is claimed in a way that no honest prover claims it.
    #[error("segment of {builtin}: {problem}")]
    Segment {
        /// The builtin.
        builtin: &'static str,
        /// What is wrong.
        problem: SegmentProblem,
    },
    /// More steps than the arithmetization is sound for.
    #[error("the trace has {uses} instruction steps, more than {MAX_OPCODE_USES}")]
    OpcodeUses {
        /// Uses of the opcode relation.
        uses: u64,
    },
    /// So many uses of one lookup that they could wrap around the field's prime.
    #[error("relation {relation} has {uses} uses, which is not below the field's prime")]
    RelationUses {
        /// The relation.
        relation: &'static str,
        /// Its uses.
        uses: u64,
    },
    /// A vector of the proof does not have the length that its configuration and claim imply.
    #[error("{part} has {found} items, expected {expected}")]
    Shape {
        /// Which vector.
        part: &'static str,
        /// Its length.
        found: usize,
        /// The length it must have, or may have at most.
        expected: usize,
    },
    /// The first proof of work is missing.
    #[error("the proof of work before the lookup argument is missing")]
    InteractionProofOfWork,
    /// The lookups do not balance: some value was used that no table holds.
    #[error("the lookup argument does not balance")]
    LookupSum,
    /// The STARK itself does not hold.
    #[error("the STARK does not verify: {0}")]
    Stark(#[source] VerificationError),
    /// The proof system's own code gave up on the proof.
    #[error("the proof is malformed: {message}")]
    Malformed {
        /// What it said.
        message: String,
    },
}

/// Why bytes are not the encoding of a proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// More than [`MAX_PROOF_BYTES`].
    #[error("the proof has {bytes} bytes, more than {MAX_PROOF_BYTES}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The compressed frame does not begin as every proof's does.
    #[error("the proof's frame header is not the canonical one")]
    FrameHeader,
    /// The frame promises more than [`MAX_DECODED_BYTES`].
    #[error("the proof decompresses to {bytes} bytes, more than {MAX_DECODED_BYTES}")]
    DecodedTooLarge {
        /// The size promised.
        bytes: usize,
    },
    /// The bytes are not one whole compressed frame.
    #[error("the proof's frame ends at byte {frame} of {bytes}")]
    FrameLength {
        /// Length of the first frame; zero if it does not end.
        frame: usize,
        /// Length of the input.
        bytes: usize,
    },
    /// The frame does not decompress to what it promises.
    #[error("the proof does not decompress: {reason}")]
    Decompress {
        /// What the decompressor said.
        reason: String,
    },
    /// The decompressed bytes are not a proof, or more than one.
    #[error("the proof does not decode: {reason}")]
    Decode {
        /// What the decoder said.
        reason: String,
    },
    /// The decoded proof has another encoding than this.
    #[error("this is not the canonical encoding of the proof")]
    NotCanonical,
    /// A number that is not below the field's prime.
    #[error("{field} holds {value}, which is not a field element")]
    FieldElement {
        /// Where.
        field: &'static str,
        /// The number.
        value: u32,
    },
}

/// What is wrong with a component of the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ComponentProblem {
    /// Every honest proof has it.
    #[error("missing")]
    Missing,
    /// The accepted lookup tables do not support it.
    #[error("not supported")]
    Unsupported,
    /// It has a claimed sum but no trace: the sum is backed by nothing.
    #[error("a sum is claimed for a component that is absent")]
    PhantomSum,
    /// It has a trace but no claimed sum.
    #[error("no sum is claimed")]
    MissingSum,
    /// It is smaller or larger than any honest trace's.
    #[error("its size 2^{log_size} is not between 2^{minimum} and 2^{maximum}")]
    LogSize {
        /// Its size.
        log_size: u32,
        /// Smallest allowed.
        minimum: u32,
        /// Largest allowed.
        maximum: u32,
    },
    /// It has too many or too few parts, or not a sum for each.
    #[error("it has {parts} parts and {sums} sums")]
    Parts {
        /// Tables.
        parts: usize,
        /// Sums.
        sums: usize,
    },
}

/// What is wrong with a builtin's memory segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SegmentProblem {
    /// The thread OS takes a pointer to it, so it must be claimed.
    #[error("missing")]
    Missing,
    /// A pointer beyond the addresses for which the arithmetization is sound.
    #[error("pointer {pointer} is not below {MAX_ADDRESS}")]
    Pointer {
        /// The pointer.
        pointer: u64,
    },
    /// It ends before it starts.
    #[error("it runs from {start} to {stop}")]
    Reversed {
        /// First address.
        start: u32,
        /// Address after the last.
        stop: u32,
    },
    /// The builtin has no component that would check its cells, yet some were used.
    #[error("cells were used that nothing checks")]
    Unchecked,
    /// The component checks other cells than the segment's.
    #[error("the component starts at {component}, the segment at {segment}")]
    Start {
        /// Where the component starts.
        component: u32,
        /// Where the segment starts.
        segment: u32,
    },
    /// The segment ends in the middle of an instance or beyond the last one that is checked.
    #[error("{used} cells were used of {checked} checked, {cells} to an instance")]
    Length {
        /// Cells used.
        used: u64,
        /// Cells checked.
        checked: u64,
        /// Cells per instance.
        cells: u64,
    },
    /// There is memory behind the cells that the component checks.
    #[error("cells are checked up to {checked}, memory ends at {memory}")]
    EndOfMemory {
        /// Address behind the last cell that is checked.
        checked: u64,
        /// Address behind the last one that there is.
        memory: u64,
    },
    /// The output is elsewhere than the public output: what was written is not what is shown.
    #[error("the output is at {start}..{stop}, the public output at {public_start}..{public_stop}")]
    Output {
        /// Where the program began to write.
        start: u32,
        /// Where it ended.
        stop: u32,
        /// Where the public output begins.
        public_start: u64,
        /// Where it ends.
        public_stop: u64,
    },
}

impl From<CairoVerificationError> for VerifyError {
    fn from(error: CairoVerificationError) -> Self {
        match error {
            CairoVerificationError::InvalidLogupSum => Self::LookupSum,
            CairoVerificationError::ProofOfWork => Self::InteractionProofOfWork,
            CairoVerificationError::Stark(error) => Self::Stark(error),
        }
    }
}

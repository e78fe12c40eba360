//! Bounds on what a stranger may send. A decoder refuses anything larger before it looks inside.

/// Largest package, bytes: [`MAX_SEGMENTS`] segments of one and a half times the size of a proof, or three of the
/// largest.
pub const MAX_PACKAGE_BYTES: usize = 12 * 1024 * 1024;

/// Most segments of a package. Enough to have a proof from each core of a small server in one transaction; and a block
/// waits at most this many verifications, 10 to 18 ms each, for one transaction.
pub const MAX_SEGMENTS: usize = 8;

/// Largest segment, bytes. A proof takes about 0.9 MB; the rest leaves room for some 60,000 felts of statement,
/// inner transactions and events.
pub const MAX_SEGMENT_BYTES: usize = 4 * 1024 * 1024;

/// Largest statement, felts. Every felt is public memory of the proof and costs the verifier a term.
pub const MAX_STATEMENT_FELTS: usize = 60_000;

/// Largest compressed proof of a segment, bytes.
pub const MAX_PROOF_BYTES: usize = 2 * 1024 * 1024;

/// Longest revert reason of an inner transaction, bytes of UTF-8. Room for the beginning of a trace and for its cause;
/// the reasons of a full sub-block that is reverted to the last transaction take half a segment.
pub const MAX_REVERT_REASON_BYTES: usize = 1024;

/// Most inner transactions in one sub-block.
pub const MAX_INNER_TRANSACTIONS: usize = 2_000;

//! What fits into a prover's memory.

/// Memory that a prover takes for a sub-block of no steps, bytes.
const FIXED_BYTES: u64 = 1 << 30;
/// Memory that each step takes at most, bytes.
const BYTES_PER_STEP: u64 = 8 << 10;

/// Most Cairo steps of a sub-block that a prover with so much memory proves; none if it proves nothing.
#[must_use]
pub const fn max_steps(memory_bytes: u64) -> u64 {
    memory_bytes.saturating_sub(FIXED_BYTES) / BYTES_PER_STEP
}

//! What fits into a prover's memory.
//!
//! Measured on 2 cores, 24 GiB, with two threads (`cargo run --release -p zkthreads-workers --example prover_costs`). A
//! transfer is by one of ten OpenZeppelin accounts, of a standard ERC-20 token; the hashes are in one transaction, all of
//! different values. Time is that of the processors: two idle cores take somewhat more than half of it.
//!
//! | sub-block | steps | Poseidon hashes, about | memory at most, MiB | time, s |
//! |---|--:|--:|--:|--:|
//! | 1 transfer | 116,223 | 60 | 2,854 | 8 |
//! | 16 transfers | 269,934 | 540 | 3,396 | 10 |
//! | 33 transfers | 428,838 | 1,090 | 4,263 | 15 |
//! | 66 transfers | 737,642 | 2,150 | 5,103 | 19 |
//! | 100 transfers | 1,055,297 | 3,230 | 7,028 | 35 |
//! | 150 transfers | 1,522,798 | 4,830 | 8,174 | 41 |
//! | 2,000 Pedersen hashes by one | 226,370 | 50 | 3,542 | 15 |
//! | 4,000 Poseidon hashes by one | 291,527 | 4,050 | 5,790 | 26 |
//! | 11,000 Poseidon hashes by one | 505,829 | 11,050 | 15,047 | 90 |
//!
//! A proof holds each kind of step and of row in a table of the next power of two, so memory grows by leaps, for which the
//! model leaves room. What a sub-block of no steps takes is for lookup tables of fixed sizes. A step's room has some for the
//! Poseidon hashes of transfers, 32 for 9,300 steps; what hashes more, or does modular arithmetic, counts as more steps
//! (`zkthreads_sub_block`), before its transaction is answered. Where a sub-block takes more than its prover has
//! all the same, that ends as [`OutOfMemory`](super::WorkerError::OutOfMemory), and it is halved.
//!
//! With 6 GiB a proof holds 655,360 steps, some fifty transfers, and takes ten seconds on two idle cores.

/// Memory that a prover takes for a sub-block of no steps, bytes.
const FIXED_BYTES: u64 = (7 << 30) / 2;
/// Memory that each step takes at most, bytes.
const BYTES_PER_STEP: u64 = 4 << 10;
/// Most steps in one proof, with any memory: more would be proven faster in two halves side by side, and another leap of
/// memory comes soon after.
const MAX_STEPS: u64 = 1_400_000;

/// Most Cairo steps of a sub-block that a prover with so much memory proves; none if it proves nothing.
#[must_use]
pub const fn max_steps(memory_bytes: u64) -> u64 {
    let steps = memory_bytes.saturating_sub(FIXED_BYTES) / BYTES_PER_STEP;
    if steps < MAX_STEPS { steps } else { MAX_STEPS }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table above: steps with what counts as steps, MiB.
    const MEASURED: [(u64, u64); 9] = [
        (116_223, 2_854),
        (269_934, 3_396),
        (428_838, 4_263),
        (737_642, 5_103),
        (1_055_297, 7_028),
        (1_522_798, 8_174),
        (226_370, 3_542),
        (291_527 + 4_000 * 230, 5_790),
        (505_829 + 11_000 * 230, 15_047),
    ];

    #[test]
    fn what_is_allowed_fits() {
        for (steps, mebibytes) in MEASURED {
            assert!(max_steps((mebibytes - 1) << 20) < steps, "{steps} steps");
        }
    }

    #[test]
    fn more_memory_holds_more_up_to_a_bound() {
        assert_eq!(max_steps(3 << 30), 0);
        assert_eq!(max_steps(6 << 30), 655_360);
        assert_eq!(max_steps(1 << 40), MAX_STEPS);
    }
}

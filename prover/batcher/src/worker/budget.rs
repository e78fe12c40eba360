//! What fits into a prover's memory.
//!
//! Measured on 2 cores, 24 GiB, with two threads (`cargo run --release -p zkthreads-batcher --example prover_costs`). A
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
//! model leaves room. What a sub-block of no steps takes is for lookup tables of fixed sizes. The rows of a Poseidon hash
//! take as much as those of some three hundred steps. The bound in steps has room for those of transfers, 32 for 9,300
//! steps; a contract that hashes more needs the second bound. Where a sub-block takes more than its prover has, that ends
//! as [`OutOfMemory`](super::WorkerError::OutOfMemory), and half of the sub-block will do.
//!
//! With 6 GiB a proof holds 655,360 steps, some fifty transfers, and takes ten seconds on two idle cores.

/// Memory that a prover takes for a sub-block of no steps, bytes.
const FIXED_BYTES: u64 = (7 << 30) / 2;
/// Memory that each step takes at most, bytes; so many Poseidon hashes as transfers make are part of it.
const BYTES_PER_STEP: u64 = 4 << 10;
/// Memory that each Poseidon hash takes at most, bytes.
const BYTES_PER_POSEIDON: u64 = 3 << 19;

/// Most steps in one proof, with any memory: more would be proven faster in two halves side by side, and another leap of
/// memory comes soon after.
const MAX_STEPS: u64 = 1_400_000;
/// Most Poseidon hashes in one proof, with any memory.
const MAX_POSEIDONS: u64 = 16_000;

/// Most Cairo steps of a sub-block that a prover with so much memory proves; none if it proves nothing.
#[must_use]
pub const fn max_steps(memory_bytes: u64) -> u64 {
    let steps = memory_bytes.saturating_sub(FIXED_BYTES) / BYTES_PER_STEP;
    if steps < MAX_STEPS { steps } else { MAX_STEPS }
}

/// Most Poseidon hashes of such a sub-block, the thread OS's own included: 32 for a transfer.
#[must_use]
pub const fn max_poseidons(memory_bytes: u64) -> u64 {
    let hashes = memory_bytes.saturating_sub(FIXED_BYTES) / BYTES_PER_POSEIDON;
    if hashes < MAX_POSEIDONS { hashes } else { MAX_POSEIDONS }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table above: steps, Poseidon hashes, MiB.
    const MEASURED: [(u64, u64, u64); 9] = [
        (116_223, 60, 2_854),
        (269_934, 540, 3_396),
        (428_838, 1_090, 4_263),
        (737_642, 2_150, 5_103),
        (1_055_297, 3_230, 7_028),
        (1_522_798, 4_830, 8_174),
        (226_370, 50, 3_542),
        (291_527, 4_050, 5_790),
        (505_829, 11_050, 15_047),
    ];

    #[test]
    fn what_is_allowed_fits() {
        for (steps, poseidons, mebibytes) in MEASURED {
            let too_little = (mebibytes - 1) << 20;
            let is_refused = max_steps(too_little) < steps || max_poseidons(too_little) < poseidons;
            assert!(is_refused, "{steps} steps and {poseidons} hashes");
        }
    }

    #[test]
    fn more_memory_holds_more_up_to_a_bound() {
        assert_eq!(max_steps(3 << 30), 0);
        assert_eq!(max_steps(6 << 30), 655_360);
        assert_eq!(max_steps(1 << 40), MAX_STEPS);
        assert_eq!(max_poseidons(1 << 40), MAX_POSEIDONS);
    }
}

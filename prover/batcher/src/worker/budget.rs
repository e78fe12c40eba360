//! What fits into a prover's memory.
//!
//! Measured on 2 cores, 24 GiB, with two threads (`cargo run --release -p zkthreads-batcher --example prover_costs`). A
//! transfer is by one of ten OpenZeppelin accounts, of a standard ERC-20 token; time is that of the processors, so two
//! idle cores take somewhat more than half of it.
//!
//! | sub-block | steps | memory at most, MiB | time, s | memory that [`max_steps`] wants, MiB |
//! |---|--:|--:|--:|--:|
//! | 1 transfer | 116,223 | 2,854 | 8 | 4,038 |
//! | 8 transfers | 192,601 | 3,188 | 10 | 4,337 |
//! | 16 transfers | 269,934 | 3,396 | 10 | 4,639 |
//! | 33 transfers | 428,838 | 4,263 | 15 | 5,260 |
//! | 66 transfers | 737,642 | 5,103 | 19 | 6,466 |
//! | 100 transfers | 1,055,297 | 7,028 | 35 | 7,707 |
//! | 150 transfers | 1,522,798 | 8,174 | 41 | 9,533 |
//! | 2,000 Pedersen hashes by one transaction | 226,370 | 3,542 | 15 | 4,469 |
//! | 4,000 Poseidon hashes by one | 291,621 | 4,579 | 16 | 4,724 |
//! | 20,000 Poseidon hashes by one | 781,211 | 5,012 | 18 | 6,636 |
//!
//! A proof holds each kind of step, and of row, in a table of the next power of two, so memory grows by leaps, and the
//! model has room for the next leap. Most of what a sub-block of no steps takes is for the classes' code and for lookup
//! tables of fixed sizes. What the table above cannot tell is a sub-block of a workload that no one measured: it ends as
//! [`OutOfMemory`](super::WorkerError::OutOfMemory), and half of it will do.
//!
//! With 6 GiB a proof holds 655,360 steps, some fifty transfers, and takes ten seconds on two idle cores. Twice as much
//! memory holds more than three times the steps; but users wait for the whole of a sub-block.

/// Memory that a prover takes for a sub-block of no steps, bytes.
const FIXED_BYTES: u64 = (7 << 30) / 2;
/// Memory that each step takes at most, bytes.
const BYTES_PER_STEP: u64 = 4 << 10;

/// Most Cairo steps of a sub-block that a prover with so much memory proves; none if it proves nothing.
#[must_use]
pub const fn max_steps(memory_bytes: u64) -> u64 {
    memory_bytes.saturating_sub(FIXED_BYTES) / BYTES_PER_STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table above: steps and MiB.
    const MEASURED: [(u64, u64); 10] = [
        (116_223, 2_854),
        (192_601, 3_188),
        (269_934, 3_396),
        (428_838, 4_263),
        (737_642, 5_103),
        (1_055_297, 7_028),
        (1_522_798, 8_174),
        (226_370, 3_542),
        (291_621, 4_579),
        (781_211, 5_012),
    ];

    #[test]
    fn what_is_allowed_fits() {
        for (steps, mebibytes) in MEASURED {
            let memory =
                (0..).map(|mebibytes: u64| mebibytes << 20).find(|memory| max_steps(*memory) >= steps);
            assert!(memory.is_some_and(|memory| memory >= mebibytes << 20), "{steps} steps");
        }
        assert_eq!(max_steps(1 << 30), 0);
    }
}

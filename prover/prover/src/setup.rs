//! What every proof needs and no run determines.

use std::sync::{Arc, OnceLock};

use stwo::core::poly::circle::CanonicCoset;
use stwo::core::vcs_lifted::blake2_merkle::Blake2sMerkleChannel;
use stwo::prover::CommitmentTreeProver;
use stwo::prover::backend::simd::SimdBackend;
use stwo::prover::mempool::BaseColumnPool;
use stwo::prover::poly::circle::PolyOps;
use stwo::prover::poly::twiddles::TwiddleTree;
use stwo_cairo_common::preprocessed_columns::preprocessed_trace::PreProcessedTrace;
use stwo_cairo_prover::witness::preprocessed_trace::gen_trace;
use zkthreads_verifier::params::{MAX_LOG_SIZE, TRACE_VARIANT, pcs_config};

/// Log2 of the largest evaluation domain: the largest trace the verifier accepts, blown up.
const MAX_DOMAIN_LOG_SIZE: u32 = MAX_LOG_SIZE + pcs_config().fri_config.log_blowup_factor;

/// Evaluation domains and lookup tables, with the tables' commitment.
pub(crate) struct Setup {
    /// Powers of the domains' generators.
    pub(crate) twiddles: TwiddleTree<SimdBackend>,
    /// The lookup tables.
    pub(crate) tables: Arc<PreProcessedTrace>,
    /// The commitment to them.
    pub(crate) tree: CommitmentTreeProver<SimdBackend, Blake2sMerkleChannel>,
}

impl Setup {
    /// The process's setup. The first call takes a few seconds.
    pub(crate) fn get() -> &'static Self {
        static SETUP: OnceLock<Setup> = OnceLock::new();
        SETUP.get_or_init(Self::compute)
    }

    fn compute() -> Self {
        let domain = CanonicCoset::new(MAX_DOMAIN_LOG_SIZE).circle_domain();
        let twiddles = SimdBackend::precompute_twiddles(domain.half_coset);
        let tables = Arc::new(TRACE_VARIANT.to_preprocessed_trace());
        let columns = SimdBackend::interpolate_columns(gen_trace(tables.clone()), &twiddles);
        let config = pcs_config();
        let tree = CommitmentTreeProver::new(
            columns,
            config.fri_config.log_blowup_factor,
            &twiddles,
            true,
            config.lifting_log_size,
            &BaseColumnPool::new(),
        );
        Self { twiddles, tables, tree }
    }
}

#[cfg(test)]
mod tests {
    use zkthreads_verifier::params::PREPROCESSED_ROOT;

    use super::*;

    #[test]
    fn the_pinned_root_is_that_of_the_tables() {
        assert_eq!(Setup::get().tree.commitment.root(), PREPROCESSED_ROOT);
    }
}

//! Makes the vectors of a proof as long as its claims imply, so that it gets past the checks of its shape.

use std::sync::LazyLock;

use cairo_air::cairo_components::CairoComponents;
use cairo_air::relations::CommonLookupElements;
use stwo::core::air::Components;
use stwo::core::circle::SECURE_FIELD_CIRCLE_GEN;
use stwo::core::fields::m31::M31;
use stwo::core::fields::qm31::{QM31, SECURE_EXTENSION_DEGREE};
use stwo_constraint_framework::preprocessed_columns::PreProcessedColumnId;
use zkthreads_verifier::encoding::Proof;
use zkthreads_verifier::params::TRACE_VARIANT;
use zkthreads_verifier::pcs_config;

/// The lookup tables' columns, made once.
pub(crate) static TABLES: LazyLock<Vec<PreProcessedColumnId>> =
    LazyLock::new(|| TRACE_VARIANT.to_preprocessed_trace().ids());

/// Resizes every vector whose length the claims imply. Panics where the proof system does.
pub fn fit(proof: &mut Proof) {
    let log_size = proof.claim.log_sizes().iter().flatten().copied().max().unwrap_or_default();
    let elements = CommonLookupElements::dummy();
    let generator = CairoComponents::new(&proof.claim, &elements, &proof.interaction_claim, &TABLES);
    let components = Components { components: generator.components(), n_preprocessed_columns: TABLES.len() };
    let points = components.mask_points(SECURE_FIELD_CIRCLE_GEN, log_size, false);
    let mut samples: Vec<Vec<usize>> =
        points.0.iter().map(|tree| tree.iter().map(Vec::len).collect()).collect();
    samples.push(vec![1; 2 * SECURE_EXTENSION_DEGREE]);

    let stark = &mut proof.stark_proof.0;
    let config = pcs_config();
    let queries = stark.queried_values.iter().flatten().map(Vec::len).find(|length| *length > 0);
    let queries = queries.unwrap_or_default().clamp(1, config.fri_config.n_queries);
    stark.commitments.resize_with(samples.len(), Default::default);
    stark.sampled_values.resize_with(samples.len(), Vec::new);
    stark.queried_values.resize_with(samples.len(), Vec::new);
    for (tree, samples) in stark.sampled_values.iter_mut().zip(&samples) {
        tree.resize_with(samples.len(), Vec::new);
        tree.iter_mut().zip(samples).for_each(|(column, samples)| column.resize(*samples, QM31::from(1)));
    }
    for (tree, samples) in stark.queried_values.iter_mut().zip(&samples) {
        tree.resize_with(samples.len(), Vec::new);
        tree.iter_mut().for_each(|column| column.resize(queries, M31(1)));
    }
    let fold = config.fri_config.fold_step;
    let layers = usize::try_from(log_size.saturating_sub(fold).div_ceil(fold)).unwrap_or_default();
    if let Some(last) = stark.fri_proof.inner_layers.last().cloned() {
        stark.fri_proof.inner_layers.resize(layers, last);
    }
}

//! The lengths of a proof's vectors, which its configuration and claim determine. Checked before the proof
//! system walks them.

use cairo_air::cairo_components::CairoComponents;
use cairo_air::relations::CommonLookupElements;
use stwo::core::air::Components;
use stwo::core::circle::SECURE_FIELD_CIRCLE_GEN;
use stwo::core::fields::qm31::SECURE_EXTENSION_DEGREE;
use stwo::core::pcs::quotients::CommitmentSchemeProof;
use stwo::core::poly::line::LinePoly;
use stwo::core::vcs_lifted::blake2_merkle::Blake2sMerkleHasher;
use stwo_cairo_common::preprocessed_columns::preprocessed_trace::PreProcessedTrace;
use stwo_constraint_framework::preprocessed_columns::PreProcessedColumnId;

use crate::encoding::Proof;
use crate::error::VerifyError;
use crate::params::{FOLD_STEP, QUERIES, pcs_config};

/// Commitments: lookup tables, trace, lookup sums, composition polynomial.
pub(crate) const TREES: usize = 4;
/// Columns of the composition polynomial: two halves of extension field values.
const COMPOSITION_COLUMNS: usize = 2 * SECURE_EXTENSION_DEGREE;

/// Columns of the lookup tables.
pub(crate) struct Tables {
    ids: Vec<PreProcessedColumnId>,
    log_sizes: Vec<u32>,
}

impl Tables {
    pub(crate) fn new(trace: &PreProcessedTrace) -> Self {
        Self { ids: trace.ids(), log_sizes: trace.log_sizes() }
    }
}

/// Checks every vector's length. The claim must have passed all its checks. Panics where the proof system does.
pub(crate) fn check(proof: &Proof, tables: &Tables) -> Result<(), VerifyError> {
    let stark = &proof.stark_proof.0;
    // Without the lookup tables: trace, lookup sums.
    let log_sizes = proof.claim.log_sizes();
    let mut heights = log_sizes.iter().map(|sizes| sizes.iter().copied().max().unwrap_or_default());
    let (log_size, sums_log_size) = (heights.next().unwrap_or_default(), heights.next().unwrap_or_default());
    // All columns are opened at the same positions, so the trees must be equally high (the tables' tree is
    // mapped). They are, since every component commits to both kinds of columns.
    exactly("height of the lookup sums' tree", to_usize(sums_log_size), to_usize(log_size))?;

    let generator = CairoComponents::new(
        &proof.claim,
        &CommonLookupElements::dummy(),
        &proof.interaction_claim,
        &tables.ids,
    );
    let components =
        Components { components: generator.components(), n_preprocessed_columns: tables.ids.len() };
    let composition = components.composition_log_degree_bound();
    exactly("degree of the composition", to_usize(composition), to_usize(log_size.saturating_add(1)))?;

    let mut samples: Vec<Vec<usize>> = components
        .mask_points(SECURE_FIELD_CIRCLE_GEN, log_size, false)
        .0
        .iter()
        .map(|tree| tree.iter().map(Vec::len).collect())
        .collect();
    samples.push(vec![1; COMPOSITION_COLUMNS]);
    check_trees(stark, &samples)?;
    let tables_log_size = tables.log_sizes.iter().max().copied().unwrap_or_default();
    check_openings(stark, log_size.max(tables_log_size))?;
    check_fri(stark, log_size)
}

/// As many trees, columns and samples as the components ask for.
fn check_trees(
    stark: &CommitmentSchemeProof<Blake2sMerkleHasher>,
    samples: &[Vec<usize>],
) -> Result<(), VerifyError> {
    exactly("component trees", samples.len(), TREES)?;
    exactly("commitments", stark.commitments.len(), TREES)?;
    exactly("sampled trees", stark.sampled_values.len(), TREES)?;
    exactly("queried trees", stark.queried_values.len(), TREES)?;
    exactly("decommitted trees", stark.decommitments.len(), TREES)?;
    for (tree, expected) in stark.sampled_values.iter().zip(samples) {
        exactly("sampled columns", tree.len(), expected.len())?;
        for (column, expected) in tree.iter().zip(expected) {
            exactly("samples of a column", column.len(), *expected)?;
        }
    }
    for (tree, expected) in stark.queried_values.iter().zip(samples) {
        exactly("queried columns", tree.len(), expected.len())?;
    }
    Ok(())
}

/// One value per column and distinct query, and no more hashes than paths can have.
fn check_openings(
    stark: &CommitmentSchemeProof<Blake2sMerkleHasher>,
    max_log_size: u32,
) -> Result<(), VerifyError> {
    let mut columns = stark.queried_values.iter().flatten().map(Vec::len);
    let queries = columns.next().unwrap_or_default();
    if queries == 0 || queries > to_usize(QUERIES) {
        return Err(shape("queried values", queries, to_usize(QUERIES)));
    }
    if let Some(found) = columns.find(|found| *found != queries) {
        return Err(shape("queried values of a column", found, queries));
    }
    let most_hashes = path_hashes(max_log_size);
    for tree in stark.decommitments.iter() {
        at_most("hashes of a tree", tree.hash_witness.len(), most_hashes)?;
    }
    Ok(())
}

fn check_fri(stark: &CommitmentSchemeProof<Blake2sMerkleHasher>, log_size: u32) -> Result<(), VerifyError> {
    let fri = &stark.fri_proof;
    // The first layer folds circle to line, the inner ones down to a constant.
    let inner_layers = log_size.saturating_sub(FOLD_STEP).div_ceil(FOLD_STEP);
    exactly("FRI layers", fri.inner_layers.len(), to_usize(inner_layers))?;
    let most_values = to_usize(QUERIES.checked_shl(FOLD_STEP).unwrap_or_default());
    let most_hashes = path_hashes(log_size);
    for layer in std::iter::once(&fri.first_layer).chain(&fri.inner_layers) {
        at_most("values of a FRI layer", layer.fri_witness.len(), most_values)?;
        at_most("hashes of a FRI layer", layer.decommitment.hash_witness.len(), most_hashes)?;
    }
    // The polynomial carries its length twice; both must say: a constant.
    exactly("last FRI layer", fri.last_layer_poly.iter().count(), 1)?;
    if fri.last_layer_poly == LinePoly::new(fri.last_layer_poly.to_vec()) {
        Ok(())
    } else {
        Err(shape("declared length of the last FRI layer", 0, 1))
    }
}

/// Most hashes that open a tree over columns of this size.
fn path_hashes(log_size: u32) -> usize {
    let height = log_size.saturating_add(pcs_config().fri_config.log_blowup_factor);
    to_usize(height.saturating_mul(QUERIES))
}

fn exactly(part: &'static str, found: usize, expected: usize) -> Result<(), VerifyError> {
    if found == expected { Ok(()) } else { Err(shape(part, found, expected)) }
}

fn at_most(part: &'static str, found: usize, expected: usize) -> Result<(), VerifyError> {
    if found <= expected { Ok(()) } else { Err(shape(part, found, expected)) }
}

fn shape(part: &'static str, found: usize, expected: usize) -> VerifyError {
    VerifyError::Shape { part, found, expected }
}

fn to_usize(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

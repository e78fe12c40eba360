//! A proof in which every component is there, even those that its run did not use.

use bincode::Options;
use cairo_air::air::PublicSegmentRanges;
use cairo_air::components::memory_address_to_id::MEMORY_ADDRESS_TO_ID_SPLIT;
use zkthreads_verifier::encoding::Proof;

use crate::edits::Edits;
use crate::fit::fit;
use crate::outline::{Kind, outline};
use crate::quiet::quietly;
use crate::subject::{SUM_BYTES, SubjectError, absent_components, options};

/// Components that the accepted lookup tables do not support.
pub const UNSUPPORTED: [&str; 7] = [
    "ec_op_builtin",
    "partial_ec_mul_generic",
    "partial_ec_mul_window_bits_18",
    "pedersen_aggregator_window_bits_18",
    "pedersen_builtin",
    "pedersen_points_table_window_bits_18",
    "memory_id_to_big", // always there
];

/// The honest proof, with claims of every supported component, as tall as `log_size` tells by its name, and with
/// vectors as long as those claims imply. Also tells the components' names.
///
/// # Errors
/// If the proof's types are not what we think.
pub fn full_proof(
    honest: &Proof,
    log_size: impl Fn(&str) -> u32,
) -> Result<(Proof, Vec<&'static str>), SubjectError> {
    let absent = absent_components(&honest.claim)?;
    let (bytes, node) = outline(honest)?;
    let [Some(claims), Some(sums)] = ["claim", "interaction_claim"].map(|name| node.field(name)) else {
        return Err(SubjectError::Mismatch("claims"));
    };
    let fields: Vec<_> = claims
        .children
        .iter()
        .filter(|field| field.kind == Kind::Option && !UNSUPPORTED.contains(&field.name))
        .collect();
    let mut edits = Edits::default();
    for field in &fields {
        let sum = sums.field(field.name).ok_or(SubjectError::Mismatch(field.name))?;
        let height = log_size(field.name).to_le_bytes();
        let Some(component) = absent.iter().find(|component| component.name == field.name) else {
            // It is there: only its size changes, if it has one.
            let size = field.children.first().and_then(|claim| claim.field("log_size"));
            edits.add(size.map(|size| (size.span.clone(), height.to_vec())));
            continue;
        };
        let mut claim = component.claim.clone();
        if let Some(size) = claim.first_chunk_mut::<4>() {
            *size = height;
        }
        edits.add([
            (field.span.clone(), [&[1], claim.as_slice()].concat()),
            (sum.span.clone(), [&[1][..], &[0; SUM_BYTES]].concat()),
        ]);
    }
    let mut proof: Proof =
        options().deserialize(&edits.apply(&bytes)).map_err(|_| SubjectError::Mismatch("claims"))?;
    start_where_segments_do(&mut proof);
    range_checks_to_the_end(&mut proof);
    // A size without tables makes the proof system give up. The verifier is to see it, so it is no error here.
    let _ = quietly(|| fit(&mut proof));
    Ok((proof, fields.iter().map(|field| field.name).collect()))
}

/// Moves the range check segment to where the verifier demands it: its component ends where memory does.
pub(crate) fn range_checks_to_the_end(proof: &mut Proof) {
    let claim = &mut proof.claim;
    let segment = &mut claim.public_data.public_memory.public_segments.range_check_128;
    if let (Some(memory), Some(component), Some(segment)) =
        (&claim.memory_address_to_id, &mut claim.range_check_builtin, segment)
    {
        let rows = |log_size| 1_u32.checked_shl(log_size).unwrap_or(u32::MAX);
        let cells = rows(memory.log_size).saturating_mul(MEMORY_ADDRESS_TO_ID_SPLIT as u32);
        let start = cells.saturating_add(1).saturating_sub(rows(component.log_size));
        let used = segment.stop_ptr.value.saturating_sub(segment.start_ptr.value);
        component.range_check_builtin_segment_start = start;
        segment.start_ptr.value = start;
        segment.stop_ptr.value = start.saturating_add(used.min(rows(component.log_size)));
    }
}

fn start_where_segments_do(proof: &mut Proof) {
    let claim = &mut proof.claim;
    let PublicSegmentRanges {
        bitwise,
        poseidon,
        range_check_96,
        range_check_128,
        add_mod,
        mul_mod,
        pedersen,
        ..
    } = claim.public_data.public_memory.public_segments;
    macro_rules! starts {
        ($($component:ident.$start:ident = $segment:ident;)*) => {
            $(if let (Some(claim), Some(segment)) = (&mut claim.$component, $segment) {
                claim.$start = segment.start_ptr.value;
            })*
        };
    }
    starts! {
        bitwise_builtin.bitwise_builtin_segment_start = bitwise;
        poseidon_builtin.poseidon_builtin_segment_start = poseidon;
        range_check96_builtin.range_check96_builtin_segment_start = range_check_96;
        range_check_builtin.range_check_builtin_segment_start = range_check_128;
        add_mod_builtin.add_mod_builtin_segment_start = add_mod;
        mul_mod_builtin.mul_mod_builtin_segment_start = mul_mod;
        pedersen_builtin_narrow_windows.pedersen_builtin_segment_start = pedersen;
    }
}

//! What a prover reaches who grinds every proof of work and chooses last whatever can be chosen last.

use cairo_air::cairo_components::CairoComponents;
use cairo_air::claims::lookup_sum;
use cairo_air::relations::CommonLookupElements;
use cairo_air::verifier::{CairoVerificationError, verify_cairo};
use stwo::core::air::{Component, Components};
use stwo::core::channel::{Blake2sChannel, Channel, MerkleChannel};
use stwo::core::circle::CirclePoint;
use stwo::core::fields::qm31::{QM31, SECURE_EXTENSION_DEGREE};
use stwo::core::vcs::blake2_hash::Blake2sHash;
use stwo::core::vcs_lifted::blake2_merkle::{Blake2sMerkleChannel, Blake2sMerkleHasher};
use zkthreads_verifier::encoding::Proof;

use crate::fit::TABLES;

/// The transcript, but every proof of work holds.
#[derive(Debug, Clone, Default)]
struct FreeWork(Blake2sChannel);

/// [`FreeWork`] for roots.
#[derive(Default)]
struct FreeWorkMerkle;

impl Channel for FreeWork {
    const BYTES_PER_HASH: usize = Blake2sChannel::BYTES_PER_HASH;

    fn verify_pow_nonce(&self, _: u32, _: u64) -> bool {
        true
    }

    fn mix_u32s(&mut self, data: &[u32]) {
        self.0.mix_u32s(data);
    }

    fn mix_felts(&mut self, felts: &[QM31]) {
        self.0.mix_felts(felts);
    }

    fn mix_u64(&mut self, value: u64) {
        self.0.mix_u64(value);
    }

    fn draw_secure_felt(&mut self) -> QM31 {
        self.0.draw_secure_felt()
    }

    fn draw_secure_felts(&mut self, count: usize) -> Vec<QM31> {
        self.0.draw_secure_felts(count)
    }

    fn draw_u32s(&mut self) -> Vec<u32> {
        self.0.draw_u32s()
    }
}

impl MerkleChannel for FreeWorkMerkle {
    type C = FreeWork;
    type H = Blake2sMerkleHasher;

    fn mix_root(channel: &mut FreeWork, root: Blake2sHash) {
        Blake2sMerkleChannel::mix_root(&mut channel.0, root);
    }
}

/// The proof system's verdict as if all work had been done. Panics where the proof system does.
///
/// # Errors
/// If the proof does not verify.
pub fn verify_without_work(proof: Proof) -> Result<(), CairoVerificationError> {
    verify_cairo::<FreeWorkMerkle>(proof)
}

/// Chooses the claimed sums so that the lookups balance, and the composition's samples so that the constraints hold
/// at the sampled point: what is left to refuse the proof are the Merkle paths and FRI. Needs a proof of the right
/// shape; panics where the proof system does.
pub fn complete(proof: &mut Proof) {
    let stark = &mut proof.stark_proof.0;
    let [tables, trace, sums, composition] = stark.commitments.as_slice() else { return };
    let channel = &mut Blake2sChannel::default();
    channel.mix_felts(&[proof.channel_salt.into()]);
    stark.config.mix_into(channel);
    Blake2sMerkleChannel::mix_root(channel, *tables);
    proof.claim.mix_into::<Blake2sMerkleChannel>(channel);
    Blake2sMerkleChannel::mix_root(channel, *trace);
    channel.mix_u64(proof.interaction_pow);

    let elements = CommonLookupElements::draw(channel);
    let imbalance = lookup_sum(&proof.claim, &elements, &proof.interaction_claim);
    if let Some(memory) = &mut proof.interaction_claim.memory_id_to_big {
        memory.claimed_sum -= imbalance;
        if let Some(part) = memory.big_claimed_sums.first_mut() {
            *part -= imbalance;
        }
    }
    proof.interaction_claim.mix_into(channel);
    Blake2sMerkleChannel::mix_root(channel, *sums);

    let random = channel.draw_secure_felt();
    Blake2sMerkleChannel::mix_root(channel, *composition);
    let point = CirclePoint::<QM31>::get_random_point(channel);
    let generator = CairoComponents::new(&proof.claim, &elements, &proof.interaction_claim, &TABLES);
    let components: Vec<&dyn Component> = generator.components();
    let components = Components { components, n_preprocessed_columns: TABLES.len() };
    let bound = components.composition_log_degree_bound() - 1;
    let value = components.eval_composition_polynomial_at_point(point, &stark.sampled_values, random, bound);
    // The first coordinate of the left half is the whole value.
    if let Some(samples) = stark.sampled_values.last_mut() {
        *samples = vec![vec![QM31::from(0)]; 2 * SECURE_EXTENSION_DEGREE];
        samples[0][0] = value;
    }
}

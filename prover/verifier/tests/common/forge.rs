//! A dishonest prover: the proof system's own prover, with a hand in what it commits to and claims. Its proofs
//! are real ones, which the proof system's verifier accepts; only our checks stand in their way.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cairo_air::CairoProof;
use cairo_air::air::PublicData;
use cairo_air::cairo_components::CairoComponents;
use cairo_air::claims::{CairoInteractionClaim, lookup_sum};
use cairo_air::relations::CommonLookupElements;
use cairo_air::verifier::INTERACTION_POW_BITS;
use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::relocatable::MaybeRelocatable;
use cairo_vm::vm::runners::cairo_runner::CairoRunner;
use starknet_types_core::felt::Felt;
use stwo::core::channel::{Blake2sChannel, Channel};
use stwo::core::fields::m31::M31;
use stwo::core::fields::qm31::QM31;
use stwo::core::pcs::PcsConfig;
use stwo::core::poly::circle::CanonicCoset;
use stwo::core::proof_of_work::GrindOps;
use stwo::core::utils::MaybeOwned;
use stwo::core::vcs_lifted::blake2_merkle::Blake2sMerkleChannel;
use stwo::prover::backend::Column;
use stwo::prover::backend::simd::SimdBackend;
use stwo::prover::mempool::BaseColumnPool;
use stwo::prover::poly::circle::PolyOps;
use stwo::prover::{CommitmentSchemeProver, CommitmentTreeProver, prove_ex};
use stwo_cairo_adapter::memory::{MemoryBuilder, MemoryConfig};
use stwo_cairo_adapter::opcodes::StateTransitions;
use stwo_cairo_adapter::relocator::Relocator;
use stwo_cairo_adapter::{ProverInput, PublicSegmentContext};
use stwo_cairo_prover::utils::cairo_provers;
use stwo_cairo_prover::witness::cairo::create_cairo_claim_generator;
use stwo_cairo_prover::witness::preprocessed_trace::gen_trace;
use zkthreads_prover::{Segments, lay_out};
use zkthreads_verifier::encoding::{Proof, encode};
use zkthreads_verifier::params::{CHANNEL_SALT, TRACE_VARIANT, pcs_config};

/// Large enough for the test programs.
const MAX_DOMAIN_LOG_SIZE: u32 = 22;
/// The output builtin's segment: the first after program and execution.
const OUTPUT_SEGMENT: isize = 2;

/// What a dishonest prover does differently. The default does nothing differently.
pub struct Forgery<'a> {
    pub config: PcsConfig,
    pub salt: u32,
    /// A cell of the lookup tables to change: column name, row (in the prover's order), value.
    pub table_cell: Option<(&'a str, usize, u32)>,
    /// Cells to slip in before the output.
    pub output_prefix: Vec<Felt>,
    /// Fills up builtins' segments and places all segments.
    pub layout: fn(&mut Segments, &mut BTreeMap<usize, BuiltinName>) -> Relocator,
    /// Changes what is claimed publicly.
    pub public_data: &'a dyn Fn(&mut PublicData),
    /// Changes the claimed sums, knowing how far they are from balancing.
    pub sums: &'a dyn Fn(&mut CairoInteractionClaim, QM31),
}

impl Default for Forgery<'_> {
    fn default() -> Self {
        Self {
            config: pcs_config(),
            salt: CHANNEL_SALT,
            table_cell: None,
            output_prefix: Vec::new(),
            layout: lay_out,
            public_data: &|_| (),
            sums: &|_, _| (),
        }
    }
}

impl Forgery<'_> {
    /// Proves the run with the changes.
    pub fn prove(&self, runner: &CairoRunner) -> Vec<u8> {
        let pool = BaseColumnPool::new();
        let domain = CanonicCoset::new(MAX_DOMAIN_LOG_SIZE).circle_domain();
        let twiddles = SimdBackend::precompute_twiddles(domain.half_coset);
        let tables = Arc::new(TRACE_VARIANT.to_preprocessed_trace());
        let mut columns = gen_trace(tables.clone());
        if let Some((name, row, value)) = self.table_cell {
            let column = tables.ids().iter().position(|column| column.id == name).expect("a table's column");
            assert_ne!(columns[column].values.at(row).0, value, "the cell is to change");
            columns[column].values.set(row, M31(value));
        }
        let tree = CommitmentTreeProver::<SimdBackend, Blake2sMerkleChannel>::new(
            SimdBackend::interpolate_columns(columns, &twiddles),
            self.config.fri_config.log_blowup_factor,
            &twiddles,
            false,
            self.config.lifting_log_size,
            &pool,
        );

        let channel = &mut Blake2sChannel::default();
        channel.mix_felts(&[self.salt.into()]);
        self.config.mix_into(channel);
        let mut scheme = CommitmentSchemeProver::<SimdBackend, Blake2sMerkleChannel>::with_memory_pool(
            self.config,
            &twiddles,
            &pool,
        );
        scheme.commit_tree(MaybeOwned::Borrowed(&tree), channel);

        let mut generator = create_cairo_claim_generator(self.input(runner), tables.clone());
        (self.public_data)(&mut generator.public_data);
        let (trace, claim, lookups) = generator.write_trace();
        claim.mix_into::<Blake2sMerkleChannel>(channel);
        let mut builder = scheme.tree_builder();
        builder.extend_evals(trace);
        builder.commit(channel);

        let interaction_pow = SimdBackend::grind(channel, INTERACTION_POW_BITS);
        channel.mix_u64(interaction_pow);
        let elements = CommonLookupElements::draw(channel);
        let (sums_trace, mut sums) = lookups.write_interaction_trace(&elements);
        let imbalance = lookup_sum(&claim, &elements, &sums);
        (self.sums)(&mut sums, imbalance);
        sums.mix_into(channel);
        let mut builder = scheme.tree_builder();
        builder.extend_evals(sums_trace);
        builder.commit(channel);

        let components = CairoComponents::new(&claim, &elements, &sums, &tables.ids());
        let stark = prove_ex::<SimdBackend, Blake2sMerkleChannel>(
            &cairo_provers(&components),
            channel,
            scheme,
            false,
        );
        let proof = Proof::from(CairoProof {
            claim,
            interaction_pow,
            interaction_claim: sums,
            extended_stark_proof: stark.expect("the trace satisfies the constraints"),
            channel_salt: self.salt,
            preprocessed_trace_variant: TRACE_VARIANT,
        });
        encode(&proof).expect("the proof is small")
    }

    /// The run as the proof system takes it, with the output pushed back by the prefix.
    pub fn input(&self, runner: &CairoRunner) -> ProverInput {
        let prefix = self.output_prefix.len();
        let mut memory = runner.get_relocatable_memory();
        for cell in memory.iter_mut().flatten().flatten() {
            if let MaybeRelocatable::RelocatableValue(pointer) = cell
                && pointer.segment_index == OUTPUT_SEGMENT
            {
                pointer.offset += prefix;
            }
        }
        let slipped_in = self.output_prefix.iter().map(|felt| Some(MaybeRelocatable::Int(*felt)));
        memory[OUTPUT_SEGMENT as usize].splice(0..0, slipped_in);

        let mut segments = runner.get_builtin_segments();
        let relocator = (self.layout)(&mut memory, &mut segments);
        let builder = MemoryBuilder::from_iter(MemoryConfig::default(), relocator.relocate_memory(&memory));
        let trace = relocator.relocate_trace(runner.get_relocatable_trace().expect("the run is traced"));
        let state_transitions = StateTransitions::from_slice_parallel(&trace, &builder);
        let (memory, instructions) = builder.build();
        // With a prefix, the cells shown as output are the prefix.
        let mut offsets: HashMap<_, _> = runner.vm.segments.public_memory_offsets.clone();
        if prefix > 0 {
            offsets.insert(OUTPUT_SEGMENT as usize, (0..prefix).map(|offset| (offset, 0)).collect());
        }
        ProverInput {
            state_transitions,
            memory,
            pc_count: instructions.len(),
            public_memory_addresses: relocator.relocate_public_addresses(&offsets),
            builtin_segments: relocator.relocate_builtin_segments(&segments),
            public_segment_context: PublicSegmentContext::bootloader_context(),
        }
    }
}

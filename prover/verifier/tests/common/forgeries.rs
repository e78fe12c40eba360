//! The dishonest proofs that the tests refuse, by name.

use std::collections::BTreeMap;

use cairo_air::components::ec_op_builtin;
use cairo_vm::types::builtin_name::BuiltinName;
use starknet_types_core::felt::Felt;
use stwo::core::fri::FriConfig;
use stwo::core::pcs::PcsConfig;
use stwo_cairo_adapter::builtins::{BuiltinSegments, MIN_SEGMENT_SIZE};
use stwo_cairo_adapter::relocator::Relocator;
use zkthreads_prover::Segments;
use zkthreads_verifier::pcs_config;

use super::TestProgram;
use super::forge::Forgery;

/// Where the test programs output the base block's number.
pub const FORGED_FELT: usize = 3;
/// The number they really output.
const HONEST_VALUE: u32 = 7;
/// What the forged proofs claim they output there.
pub const FORGED_VALUE: u32 = 8;

/// All forgeries of `other.cairo`, by the name of their fixture.
pub const NAMES: [&str; 7] = [
    "weaker_config",
    "salted",
    "altered_tables",
    "memory_sum",
    "phantom_sum",
    "moved_output",
    "memory_behind",
];

/// Makes the proof of that name.
pub fn forge(name: &str) -> Vec<u8> {
    let run = TestProgram::load("other").run();
    let prove = |forgery: Forgery<'_>| forgery.prove(&run.runner);
    match name {
        // Ten queries instead of seventy: 36 bits of security.
        "weaker_config" => prove(Forgery {
            config: PcsConfig {
                fri_config: FriConfig { n_queries: 10, ..pcs_config().fri_config },
                ..pcs_config()
            },
            ..Forgery::default()
        }),
        // Another salt, another transcript.
        "salted" => prove(Forgery { salt: 1, ..Forgery::default() }),
        // A table in which 0 xor 0 is 1.
        "altered_tables" => {
            prove(Forgery { table_cell: Some(("bitwise_xor_9_2", 0, 1)), ..Forgery::default() })
        }
        // Another output; the memory table's total, which no constraint touches, makes up for it.
        "memory_sum" => prove(Forgery {
            public_data: &|data| change_output(&mut data.public_memory.output),
            sums: &|sums, imbalance| {
                let memory = sums.memory_id_to_big.as_mut().expect("there always is one");
                memory.claimed_sum -= imbalance;
            },
            ..Forgery::default()
        }),
        // Another output; the sum of a component that does not exist makes up for it.
        "phantom_sum" => prove(Forgery {
            public_data: &|data| change_output(&mut data.public_memory.output),
            sums: &|sums, imbalance| {
                sums.ec_op_builtin = Some(ec_op_builtin::InteractionClaim { claimed_sum: -imbalance });
            },
            ..Forgery::default()
        }),
        // The program writes its output behind cells of the prover's choice, which are shown in its place.
        "moved_output" => {
            let mut output = run.output.clone();
            output[FORGED_FELT] = Felt::from(FORGED_VALUE);
            let show = |data: &mut cairo_air::air::PublicData, ids: &[u32]| {
                let cells = data.public_memory.output.iter_mut().zip(ids);
                cells.for_each(|(cell, id)| cell.0 = *id);
                change_output(&mut data.public_memory.output);
            };
            let ids = forged_ids(&run.runner, &output);
            prove(Forgery {
                output_prefix: output,
                public_data: &|data| show(data, &ids),
                ..Forgery::default()
            })
        }
        // Memory goes on behind the cells that are range-checked.
        "memory_behind" => prove(Forgery { layout: one_behind_the_other, ..Forgery::default() }),
        _ => panic!("no forgery is called {name}"),
    }
}

/// The proof system's own layout: segments in the order in which the run made them.
fn one_behind_the_other(memory: &mut Segments, builtins: &mut BTreeMap<usize, BuiltinName>) -> Relocator {
    let range_check = builtins.iter().find(|(_, name)| **name == BuiltinName::range_check);
    let (index, _) = range_check.expect("there always is one");
    memory[*index] = vec![Some(Felt::ZERO.into()); MIN_SEGMENT_SIZE];
    BuiltinSegments::pad_relocatble_builtin_segments(memory, builtins);
    Relocator::new(memory)
}

/// Memory ids of the cells slipped in before the output.
fn forged_ids(runner: &cairo_vm::vm::runners::cairo_runner::CairoRunner, prefix: &[Felt]) -> Vec<u32> {
    let forgery = Forgery { output_prefix: prefix.to_vec(), ..Forgery::default() };
    let input = forgery.input(runner);
    let start = input.state_transitions.final_state.ap.0;
    (start..).take(prefix.len()).map(|address| input.memory.get_raw_id(address)).collect()
}

fn change_output(output: &mut [(u32, [u32; 8])]) {
    let (_, limbs) = &mut output[FORGED_FELT];
    assert_eq!(limbs[0], HONEST_VALUE);
    limbs[0] = FORGED_VALUE;
}

//! Checks thread packages; the only maker of a [`VerifiedSegment`], and the crate that must never be wrong.
//!
//! The proof system's own verifier (`cairo_air::verifier::verify_cairo`) checks the STARK, but it trusts the proof
//! about much that only an honest prover gets right. Proofs of false statements that it accepts are among this
//! crate's tests. So a proof is first decoded strictly, compared with what we know (parameters, program, statement)
//! and checked for everything that the proof system leaves open; only then is the STARK verified.
//!
//! # What is checked, and against what
//!
//! `*` marks what the proof system's verifier does not check. Tests are named `file::test`, files are in `tests/`.
//!
//! | check | the attack it stops | test |
//! |---|---|---|
//! | `*` bounded size before anything is read; one frame that names its size, no second frame, no tail | decompression bombs, hidden bytes | `bytes::decompression_bombs`, `oversized`, `trailing` |
//! | `*` bounded decoding, nothing left over, re-encoding gives the same bytes | lists that promise more than they hold, two encodings of a proof | `bytes::false_promises`, `truncated`, `memory::*` |
//! | `*` every number that stands for a field element is one | other representations of a value: hashed as themselves, computed with as another | `claims::numbers_that_are_no_field_elements` |
//! | `*` [`pcs_config`], exactly | a proof with few queries or little work, which anyone can forge | `forgeries::a_weaker_configuration_is_refused`, `claims::parameters` |
//! | `*` variant and [`params::PREPROCESSED_ROOT`] | altered lookup tables: false range checks, false XORs | `forgeries::altered_tables_are_refused`, `prove_altered_tables_live` |
//! | `*` [`params::CHANNEL_SALT`] | a free choice in the transcript | `forgeries::a_salted_transcript_is_refused` |
//! | `*` a component has a claimed sum if and only if it has a trace | a sum backed by nothing, which balances any lookup: **any statement** | `forgeries::a_sum_without_a_component_is_refused` |
//! | `*` the memory table's total is that of its parts | the total enters the lookup argument unconstrained and outside the transcript: **any statement** | `forgeries::a_free_memory_sum_is_refused` |
//! | `*` components that must, may and must not be there; their sizes | sizes that overflow, allocate wildly or let lookups wrap; components without tables | `claims::components_must_fit_together`, `the_memory_table_must_fit_together`, `sizes::*` |
//! | `*` the program section is the thread OS, cell by cell, at address 1 | another program | `statements::a_proof_of_another_program_is_refused`, `one_different_instruction_is_refused` |
//! | `*` the output section is the statement, limb by limb | another statement; bits that the proof system cuts off | `statements::a_changed_statement_is_refused`, `bits_above_a_felt_are_refused` |
//! | `*` the output pointers are the public output's place and end | a program that writes its output elsewhere while the prover shows **any other** | `forgeries::an_output_written_elsewhere_is_refused` |
//! | registers at start and end; `*` the first frame right behind the program, `*` final `ap` below [`params::MAX_ADDRESS`] and no smaller than the shortest run's | runs that do not start or end, registers that wrap around the prime | `claims::registers` |
//! | memory ids `*` are field elements | two ids for one value of the transcript | `claims::sections` |
//! | `*` all eleven builtin segments are there, `*` below [`params::MAX_ADDRESS`]; used cells are whole instances that a component checks | shifted pointers, builtin cells that nothing checks, sums that overflow | `claims::builtin_segments` |
//! | a component starts where its segment does, `*` also if the segment is empty | a start outside the transcript, chosen last to balance the lookups | `claims::builtin_segments` |
//! | no relation has as many uses as the prime, `*` public memory counted; `*` at most [`params::MAX_OPCODE_USES`] steps | multiplicities that wrap to zero, registers that wrap | unit tests of `claim` |
//! | `*` the length of every vector | samples that enter the transcript but are never opened (the proof system drops what has no counterpart), panics, wild allocation | `shapes::*` |
//! | the STARK: both proofs of work, lookup sum, constraints, FRI, Merkle paths | everything else | `shapes::contents`, `bytes::bit_flips_*`, `mutations::*` |
//! | `*` a panic of the proof system is an error | a crash of the node | `guard`'s unit tests, `bytes::*`, `memory::*` |
//!
//! Two limits of the proof system are known and harmless. Its Merkle verifier expects ascending positions; in traces
//! higher than the lookup tables' tree, two queries within one block of `2^(difference + 1)` positions can be mapped
//! out of order. An honest proof is then refused (about one in two thousand; the prover notices), and a cheat gains
//! less than the chance of such a pair costs. And a program section shorter than six cells makes it panic, which is
//! caught.
//!
//! # Cost
//!
//! 5 to 20 ms and some 4 MB for a real proof. No input takes more than [`params::MAX_VERIFY_MEMORY`]; the worst known
//! takes 70 % of that, all of it in the decoder, and under 0.1 s. The largest shape that passes every check before
//! the STARK's (all components, a trace of 2^24 rows, a memory table of sixteen parts, the longest statement: 5 MB)
//! takes 24 MB, and some 0.2 s if its prover did all the work. No work is more than linear in the input, no lock is
//! held, and a refused proof leaves nothing behind.
//!
//! Mutated proofs are among the tests (`mutations`); `make fuzz` makes more of them.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod claim;
mod components;
pub mod encoding;
mod error;
mod guard;
pub mod params;
mod shape;
mod summary;
mod verifier;

pub use error::{ComponentProblem, EncodingError, SegmentProblem, VerifyError};
pub use params::{SECURITY_BITS, pcs_config};
pub use summary::StatementSummary;
pub use verifier::{VerifiedSegment, Verifier, verify_proof};

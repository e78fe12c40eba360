//! What verification costs for the worst inputs: at most [`MAX_VERIFY_MEMORY`], a fraction of a second of a processor's
//! time, and nothing that stays. One test, so that nothing else allocates beside it.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{Fixture, SubBlock, cpu_time};
use starknet_types_core::felt::Felt;
use stwo::core::fields::qm31::QM31;
use stwo::core::vcs::blake2_hash::Blake2sHash;
use zkthreads_fuzz::memory::{Counting, held, peak};
use zkthreads_fuzz::{complete, fit, full_proof, verify_without_work};
use zkthreads_protocol::limits::{MAX_PROOF_BYTES, MAX_STATEMENT_FELTS};
use zkthreads_verifier::encoding::{Proof, compress, decode, decompress, encode_raw};
use zkthreads_verifier::params::{MAX_DECODED_BYTES, MAX_LOG_SIZE, MAX_VERIFY_MEMORY};
use zkthreads_verifier::{EncodingError, VerifyError, verify_proof};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Most of a processor's time that any input may take here; the worst takes some 50 ms.
const PATIENCE: Duration = Duration::from_secs(2);

fn measure(name: &str, fixture: &Fixture, proof: &[u8]) -> Result<(), VerifyError> {
    let before = cpu_time();
    let (verdict, peak) = peak(|| verify_proof(&fixture.program, &fixture.output, proof));
    let took = cpu_time() - before;
    let outcome = verdict.as_ref().map_or_else(ToString::to_string, |()| "accepted".into());
    println!("{name:32} {:6.1} ms {:8.2} MB  {outcome:.90}", took.as_secs_f64() * 1e3, peak as f64 / 1e6);
    assert!(peak <= MAX_VERIFY_MEMORY, "{name} took {peak} bytes");
    assert!(took < PATIENCE, "{name} took {took:?}");
    verdict
}

fn packed(proof: &Proof) -> Vec<u8> {
    compress(&encode_raw(proof).expect("it encodes")).expect("it compresses")
}

#[test]
fn the_worst_inputs_stay_cheap() {
    let reports = count_reports();
    let fixture = Fixture::settle();
    honest(&fixture);
    bombs(&fixture);
    false_lengths(&fixture);
    growing_lists(&fixture);
    largest_shape(&fixture);
    panics_leave_nothing(&fixture);
    a_small_stack_suffices(&fixture);
    honest_sub_block();
    assert_eq!(reports.load(Ordering::Relaxed), 0, "the verifier reports no panic of the proof system");
}

/// Counts the panics that are reported; as a process that set up its own report before the first proof came.
fn count_reports() -> &'static AtomicUsize {
    static REPORTS: AtomicUsize = AtomicUsize::new(0);
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        REPORTS.fetch_add(1, Ordering::Relaxed);
        report(panic);
    }));
    &REPORTS
}

fn honest(fixture: &Fixture) {
    measure("honest, the first", fixture, &fixture.proof).expect("it is honest");
    measure("honest", fixture, &fixture.proof).expect("it is honest");
}

fn honest_sub_block() {
    let SubBlock { program, segment } = SubBlock::load();
    let sub_block = Fixture { program, output: segment.statement.encode(), proof: segment.proof };
    measure("honest sub-block", &sub_block, &sub_block.proof).expect("it is honest");
}

fn bombs(fixture: &Fixture) {
    let refused = |name, bytes: &[u8]| {
        let error = measure(name, fixture, bytes).expect_err("it is no proof");
        assert!(matches!(error, VerifyError::Encoding(_)), "{error:?}");
    };
    refused("zeros, a gigabyte", &compress(&vec![0; 1 << 30]).expect("it compresses"));
    let largest = compress(&vec![0; MAX_DECODED_BYTES]).expect("it compresses");
    refused("zeros, as many as may be", &largest);
    refused("ones", &compress(&vec![1; MAX_DECODED_BYTES]).expect("it compresses"));
    refused("too many bytes", &vec![0x28; MAX_PROOF_BYTES + 1]);
    for promise in [MAX_DECODED_BYTES, MAX_DECODED_BYTES + 1, u32::MAX as usize] {
        let mut bytes = fixture.proof.clone();
        bytes[5..9].copy_from_slice(&u32::try_from(promise).expect("it fits").to_le_bytes());
        refused("a frame that promises more", &bytes);
    }
    let mut bytes = largest;
    bytes[5..9].copy_from_slice(&70_000_u32.to_le_bytes());
    refused("a frame that promises less", &bytes);
}

/// Wherever eight bytes may be a length, they promise more than there is.
fn false_lengths(fixture: &Fixture) {
    let raw = decompress(&fixture.proof).expect("it is honest");
    let mut worst = 0;
    for at in (0..raw.len() - 8).step_by(raw.len() / 60) {
        for promise in [u64::from(u32::MAX), u64::MAX, 1 << 18] {
            let mut changed = raw.clone();
            changed[at..at + 8].copy_from_slice(&promise.to_le_bytes());
            let bytes = compress(&changed).expect("it compresses");
            let (verdict, peak) = peak(|| verify_proof(&fixture.program, &fixture.output, &bytes));
            assert!(verdict.is_err() || changed == raw, "a changed proof was accepted");
            worst = worst.max(peak);
        }
    }
    println!("{:32} {:9} {:8.2} MB", "false lengths, the worst", "", worst as f64 / 1e6);
    assert!(worst <= MAX_VERIFY_MEMORY);
}

/// As many of the items that grow most when decoded as the size allows.
fn growing_lists(fixture: &Fixture) {
    let proof = decode(&fixture.proof).expect("it is honest");
    let room = MAX_DECODED_BYTES - encode_raw(&proof).expect("it encodes").len();
    let refused = |name, change: &dyn Fn(&mut Proof)| {
        let mut proof = proof.clone();
        change(&mut proof);
        let bytes = packed(&proof);
        drop(proof);
        let error = measure(name, fixture, &bytes).expect_err("it was changed");
        assert!(!matches!(error, VerifyError::Encoding(_)), "it is well encoded: {error:?}");
    };
    refused("empty lists", &|proof| {
        proof.stark_proof.0.sampled_values[0].resize_with(room / 8, Vec::new);
    });
    refused("empty lists, each just too long", &|proof| {
        // One more than a list that starts with a mebibyte holds before it doubles.
        let items = (1 << 20) / size_of::<Vec<QM31>>() + 1;
        let lists = room / (8 * items + 8);
        let list = vec![vec![]; items];
        proof.stark_proof.0.sampled_values.extend(vec![list; lists]);
    });
    refused("empty trees", &|proof| proof.stark_proof.0.sampled_values.resize_with(room / 8, Vec::new));
    refused("lists of one", &|proof| {
        proof.stark_proof.0.queried_values[0].resize_with(room / 12, || vec![1.into()]);
    });
    refused("layers", &|proof| {
        let fri = &mut proof.stark_proof.0.fri_proof;
        let mut layer = fri.inner_layers[0].clone();
        layer.fri_witness.clear();
        layer.decommitment.hash_witness.clear();
        fri.inner_layers.resize(room / 48, layer);
    });
    refused("hashes", &|proof| {
        let hashes = &mut proof.stark_proof.0.decommitments[0].hash_witness;
        hashes.resize(room / 32, Blake2sHash::default());
    });
    refused("samples", &|proof| {
        proof.stark_proof.0.sampled_values[1][0].resize(room / 16, QM31::from(0));
    });
    refused("output", &|proof| {
        let output = &mut proof.claim.public_data.public_memory.output;
        output.resize(room / 36, (0, [0; 8]));
    });
    refused("parts of the memory table", &|proof| {
        let memory = proof.claim.memory_id_to_big.as_mut().expect("required");
        memory.big_log_sizes.resize(room / 4, 4);
    });
    for log_size in [25, 31, 63, u32::MAX] {
        refused("a huge size", &|proof| {
            proof.claim.ret_opcode.as_mut().expect("it returns").log_size = log_size;
        });
    }
}

/// The largest proof that passes every check before the STARK's: all components, the tallest trace, a memory table
/// of sixteen parts, the longest statement, the longest Merkle paths. It goes as far as a prover's work can take it.
fn largest_shape(fixture: &Fixture) {
    let mut proof = largest_proof(&decode(&fixture.proof).expect("it is honest"));
    let memory = &proof.claim.public_data.public_memory;
    let felt = |limbs: &[u32; 8]| Felt::from(limbs[0]);
    let output: Vec<Felt> = memory.output.iter().map(|(_, limbs)| felt(limbs)).collect();
    let largest = Fixture { program: fixture.program.clone(), output, proof: packed(&proof) };
    println!("the largest shape: {} bytes", encode_raw(&proof).expect("it encodes").len());
    let error = measure("the largest shape", &largest, &largest.proof).expect_err("it proves nothing");
    assert!(matches!(error, VerifyError::InteractionProofOfWork), "{error:?}");

    complete(&mut proof);
    let before = cpu_time();
    let (verdict, peak) = peak(|| verify_without_work(proof));
    let took = cpu_time() - before;
    let error = verdict.expect_err("it proves nothing");
    println!(
        "{:32} {:6.1} ms {:8.2} MB  {error}",
        "the same, all work done",
        took.as_secs_f64() * 1e3,
        peak as f64 / 1e6
    );
    assert!(peak <= MAX_VERIFY_MEMORY && took < PATIENCE);
}

fn largest_proof(honest: &Proof) -> Proof {
    // One trace of full height; if all had it, lookups could wrap, which is refused.
    let log_size = |name: &str| if name == "ret_opcode" { MAX_LOG_SIZE } else { 16 };
    let (mut proof, _) = full_proof(honest, log_size).expect("it is a proof");
    let claim = &mut proof.claim;
    claim.memory_id_to_big.as_mut().expect("required").big_log_sizes = vec![16; 16];
    let sums = proof.interaction_claim.memory_id_to_big.as_mut().expect("required");
    sums.big_claimed_sums = vec![QM31::from(0); 16];
    sums.claimed_sum = QM31::from(0);

    let memory = &mut claim.public_data.public_memory;
    memory.output = (0..MAX_STATEMENT_FELTS as u32).map(|felt| (felt, [felt, 0, 0, 0, 0, 0, 0, 0])).collect();
    let output = &mut memory.public_segments.output;
    output.stop_ptr.value = output.start_ptr.value + MAX_STATEMENT_FELTS as u32;

    fit(&mut proof);
    let stark = &mut proof.stark_proof.0;
    let most = 70 * usize::try_from(MAX_LOG_SIZE + 1).expect("it is small");
    for column in stark.queried_values.iter_mut().flatten() {
        column.resize(70, 1.into());
    }
    for tree in stark.decommitments.iter_mut() {
        tree.hash_witness.resize(most, Blake2sHash::default());
    }
    let fri = &mut stark.fri_proof;
    for layer in std::iter::once(&mut fri.first_layer).chain(&mut fri.inner_layers) {
        layer.fri_witness.resize(70 << 3, QM31::from(1));
        layer.decommitment.hash_witness.resize(most, Blake2sHash::default());
    }
    proof
}

/// A proof that makes the proof system panic, after all work is done: nothing is reported, kept or broken.
fn panics_leave_nothing(fixture: &Fixture) {
    let mut proof = decode(&fixture.proof).expect("it is honest");
    for column in proof.stark_proof.0.queried_values.iter_mut().flatten() {
        column.pop();
    }
    let bytes = packed(&proof);
    drop(proof);
    let refused = || {
        let verdict = verify_proof(&fixture.program, &fixture.output, &bytes);
        assert!(matches!(verdict, Err(VerifyError::Malformed { .. })), "{verdict:?}");
    };
    refused();
    let before = held();
    (0..100).for_each(|_| refused());
    assert!(held() <= before, "a hundred panics left {} bytes", held() - before);
    measure("honest, after a hundred panics", fixture, &fixture.proof).expect("it is honest");
    let oversized = verify_proof(&fixture.program, &fixture.output, &vec![0; MAX_PROOF_BYTES + 1]);
    assert!(matches!(oversized, Err(VerifyError::Encoding(EncodingError::TooLarge { .. }))));
}

/// An overflowing stack ends the process, so a quarter of what threads usually get must do.
fn a_small_stack_suffices(fixture: &Fixture) {
    const STACK_BYTES: usize = 512 * 1024;
    let largest = packed(&largest_proof(&decode(&fixture.proof).expect("it is honest")));
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let verify = || {
            verify_proof(&fixture.program, &fixture.output, &fixture.proof).expect("it is honest");
            verify_proof(&fixture.program, &fixture.output, &largest).expect_err("it proves nothing");
        };
        thread.spawn_scoped(scope, verify).expect("it starts").join().expect("it does not panic");
    });
}

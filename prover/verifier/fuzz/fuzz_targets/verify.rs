//! Real proofs with changes that the bytes describe.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use zkthreads_fuzz::Subject;
use zkthreads_fuzz::memory::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The proofs that the verifier's tests use; the first byte chooses one.
static SUBJECTS: LazyLock<[Subject; 2]> = LazyLock::new(|| {
    let read = |proof: &[u8]| Subject::new(proof).expect("the fixture is an honest proof");
    [
        read(include_bytes!("../../tests/fixtures/settle.proof")),
        read(include_bytes!("../../tests/fixtures/other.proof")),
    ]
});

fuzz_target!(|bytes: &[u8]| {
    if let Some((subject, script)) = bytes.split_first() {
        let _ = SUBJECTS[usize::from(subject % 2)].attempt(script);
    }
});

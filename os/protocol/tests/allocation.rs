//! Decoders of strangers' bytes allocate in proportion to the bytes, whatever counts inside them promise.
#![allow(unsafe_code)] // a counting allocator

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use proptest::collection::vec;
use proptest::prelude::*;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::limits::MAX_PACKAGE_BYTES;
use zkthreads_protocol::package::{PACKAGE_MAGIC, PACKAGE_VERSION, SINGLE_VERSION};
use zkthreads_protocol::{Package, Statement};

/// Counts the bytes this thread holds and the most it ever held.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // The thread's own teardown may free after its counters are gone.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that `run` held at once.
fn peak<T>(run: impl FnOnce() -> T) -> usize {
    let before = HELD.with(Cell::get);
    PEAK.with(|peak| peak.set(before));
    drop(run());
    usize::try_from(PEAK.with(Cell::get) - before).unwrap()
}

/// Decoded items take up to twice their encoded size, a growing list holds its old and new buffers, and the
/// statement is held as felts beside its decoded form.
const FACTOR: usize = 8;
const SLACK: usize = 1024;

fn check_package(bytes: &[u8]) {
    let held = peak(|| Package::decode(bytes));
    assert!(held <= FACTOR * bytes.len() + SLACK, "{held} bytes held for {} bytes of input", bytes.len());
}

/// What a package of one segment begins with, and one of several.
fn headers() -> [Vec<u8>; 2] {
    let one = [&PACKAGE_MAGIC[..], &SINGLE_VERSION.to_be_bytes()].concat();
    let several = [&PACKAGE_MAGIC[..], &PACKAGE_VERSION.to_be_bytes(), &8_u32.to_be_bytes()].concat();
    [one, several]
}

#[test]
fn a_promised_length_allocates_nothing() {
    for promise in [1_u32, 1_000, 1 << 20, u32::MAX] {
        for header in headers() {
            check_package(&[header, promise.to_be_bytes().to_vec()].concat());
        }
    }
    for golden in ["package.bin", "segments.bin"] {
        let path = format!("{}/tests/golden/{golden}", env!("CARGO_MANIFEST_DIR"));
        let package = std::fs::read(path).unwrap();
        for at in 0..package.len() - 4 {
            let mut bytes = package.clone();
            bytes[at..at + 4].copy_from_slice(&u32::MAX.to_be_bytes());
            check_package(&bytes);
        }
    }
}

#[test]
fn the_largest_inputs_stay_in_proportion() {
    for mut zeros in headers() {
        zeros.resize(MAX_PACKAGE_BYTES, 0);
        check_package(&zeros);
    }
    let oversized = vec![0; 4 * MAX_PACKAGE_BYTES];
    assert!(peak(|| Package::decode(&oversized)) <= SLACK);
}

proptest! {
    #[test]
    fn random_tails(tail in vec(any::<u8>(), 0..4_000)) {
        for header in headers() {
            check_package(&[header, tail.clone()].concat());
        }
    }

    #[test]
    fn random_counts(felts in vec((0..40_u64).prop_map(Felt::from), 6..400)) {
        let mut felts = felts;
        felts[0] = zkthreads_protocol::statement::STATEMENT_VERSION;
        let held = peak(|| Statement::decode(&felts));
        prop_assert!(held <= FACTOR * 32 * felts.len() + SLACK, "{held} bytes for {} felts", felts.len());
    }
}

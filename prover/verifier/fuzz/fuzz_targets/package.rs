//! Any bytes in place of a package.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkthreads_fuzz::memory::Counting;
use zkthreads_fuzz::package;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fuzz_target!(|bytes: &[u8]| package::attempt(bytes));

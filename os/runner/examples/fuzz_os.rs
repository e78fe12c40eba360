//! Compares the thread OS with blockifier on many random sub-blocks.
//!
//! ```text
//! cargo run --release -p zkthreads-runner --example fuzz_os -- [SUB-BLOCKS [FIRST SEED [--without-os]]]
//! ```

#[path = "../tests/differential/mod.rs"]
mod differential;
#[path = "../tests/sub_block_support/mod.rs"]
mod sub_block_support;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use differential::{Report, check, check_builder};

/// Sub-blocks between two lines of progress.
const PROGRESS: u64 = 50;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default: u64| {
        arguments.get(index).map_or(default, |argument| argument.parse().expect("a number"))
    };
    let (count, first) = (number(0, 2_000), number(1, 1_000));
    let with_os = arguments.get(2).is_none();
    let started = Instant::now();
    let next = AtomicU64::new(0);
    let (total, differences) = (Mutex::new(Report::default()), AtomicU64::new(0));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        break;
                    }
                    let mut report = Report::default();
                    let seed = first + index;
                    let result = if with_os {
                        check(seed, &mut report)
                    } else {
                        check_builder(seed, &mut report).map(drop)
                    };
                    if let Err(found) = result {
                        differences.fetch_add(1, Ordering::Relaxed);
                        println!("seed {seed}: {found}");
                    }
                    total.lock().expect("no worker panics").add(report);
                    if (index + 1).is_multiple_of(PROGRESS) {
                        let seconds = started.elapsed().as_secs();
                        let found = differences.load(Ordering::Relaxed);
                        println!("{} of {count} sub-blocks, {found} differences, {seconds} s", index + 1);
                    }
                }
            });
        }
    });
    println!("{}", total.into_inner().expect("no worker panics"));
    let differences = differences.into_inner();
    println!("{differences} differences, {} s", started.elapsed().as_secs());
    ExitCode::from(u8::from(differences != 0))
}

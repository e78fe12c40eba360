//! What the thread OS spends, and on what: sub-blocks of transactions of one kind, and a look into the OS's run.
#![allow(dead_code, unused_imports, unreachable_pub, missing_docs)]

pub mod argent;
pub mod kinds;
pub mod meter;
pub mod names;
pub mod profile;
pub mod stage;
pub mod table;
pub mod usage;
pub mod wallets;

pub use kinds::{KINDS, Kind};
pub use names::Names;
pub use profile::Profile;
pub use stage::{Metering, Stage};
pub use usage::{Resource, Usage};
pub use wallets::WALLETS;

use zkthreads_program::input::OsInput;
use zkthreads_runner::OsRun;

/// Transactions of the smaller of two sub-blocks that are compared.
pub const FEW: usize = 10;

/// Transactions that the larger of them has more.
pub const MORE: usize = 10;

/// A sub-block of `count` transactions of a kind, and the OS's run.
pub fn run(kind: &Kind, metering: Metering, count: usize) -> (OsInput, OsRun) {
    let executed = Stage::sub_block(kind, metering, count);
    let run = zkthreads_runner::run(&executed.input).expect("the OS runs");
    assert_eq!(run.statement, executed.statement);
    (executed.input, run)
}

/// What the OS spends on a sub-block of `FEW` transactions of a kind, and on one of `MORE` more.
pub fn profiles(kind: &Kind, metering: Metering, names: Option<&Names>) -> [Profile; 2] {
    [FEW, FEW + MORE].map(|count| {
        let (input, run) = run(kind, metering, count);
        Profile::of(&input, &run, names)
    })
}

/// What one transaction of a kind adds to a sub-block.
pub fn marginal(kind: &Kind, metering: Metering) -> Usage {
    let [few, more] = profiles(kind, metering, None);
    (more.total - few.total) / MORE
}

//! The sub-block builder's estimate of the thread OS's steps, against what the OS takes.

use crate::costs::{KINDS, Metering, Stage};
use crate::differential::{Report, check_builder};
use zkthreads_execution::sub_block::ExecutedSubBlock;

/// The estimate in percent of the steps that the OS takes.
fn percent(executed: &ExecutedSubBlock) -> u64 {
    let run = zkthreads_program::run(&executed.input).expect("the OS runs");
    executed.steps * 100 / run.steps as u64
}

#[test]
fn what_threads_do_is_estimated_well() {
    for metering in Metering::ALL {
        for kind in KINDS {
            for count in [1, 10] {
                let percent = percent(&Stage::sub_block(kind, metering, count));
                let name = format!("{} of \"{}\", counting {}", count, kind.name, metering.name());
                println!("{percent} % {name}");
                assert!((90..=140).contains(&percent), "{percent} % of {name}");
            }
        }
    }
}

/// Random calls fail where a transaction seldom does: at the door of a contract, most of whose code does not run then
/// and yet is estimated. And some reach code that no reading of it finds.
#[test]
fn random_sub_blocks_are_not_underestimated() {
    let mut estimates = Vec::new();
    for seed in 5_000..5_030 {
        if let Some(executed) = check_builder(seed, &mut Report::default()).expect("no difference") {
            estimates.push((percent(&executed), seed));
        }
    }
    estimates.sort_unstable();
    println!("{estimates:?}");
    let (least, most) = (estimates[0], estimates[estimates.len() - 1]);
    assert!(90 <= least.0 && most.0 <= 300, "{least:?} {most:?}");
    assert!(estimates[estimates.len() / 2].0 <= 150);
}

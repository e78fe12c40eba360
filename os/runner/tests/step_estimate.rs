//! The sub-block builder's estimate of the thread OS's steps, against what the OS takes.

use cairo_lang_starknet_classes::NestedIntList;
use starknet_types_core::felt::Felt;
use zkthreads_sub_block::ExecutedSubBlock;

use crate::costs::{KINDS, Metering, Stage, WALLETS};
use crate::differential::{Report, check_builder};
use crate::sub_block_support::{Call, TestState, address, classes, probe};

/// The estimate in percent of the steps that the OS takes.
fn percent(executed: &ExecutedSubBlock) -> u64 {
    let run = zkthreads_runner::run(&executed.input).expect("the OS runs");
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
                assert!((102..=135).contains(&percent), "{percent} % of {name}");
            }
        }
    }
}

/// Of Argent's classes a call runs a small part of what it can reach.
#[test]
fn what_wallets_do_is_estimated_well() {
    let mut badly = Vec::new();
    for wallet in WALLETS {
        for count in [1, 2] {
            let percent = percent(&wallet.sub_block(count));
            println!("{percent} % {count} of \"{}\"", wallet.name);
            if !(102..=135).contains(&percent) {
                badly.push((wallet.name, count, percent));
            }
        }
    }
    assert!(badly.is_empty(), "{badly:?}");
}

/// Random calls fail where a transaction seldom does.
#[test]
fn random_sub_blocks_are_estimated_well() {
    let mut estimates = Vec::new();
    for seed in 5_000..5_030 {
        if let Some(executed) = check_builder(seed, &mut Report::default()).expect("no difference") {
            estimates.push((percent(&executed), seed));
        }
    }
    estimates.sort_unstable();
    println!("{estimates:?}");
    let (least, most) = (estimates[0], estimates[estimates.len() - 1]);
    assert!(102 <= least.0 && most.0 <= 135, "{least:?} {most:?}");
}

/// Whoever records tells which code ran, so that nothing else is hashed, not even to find out. The OS states the same as if it was
/// not told.
#[test]
fn the_code_that_did_not_run_is_not_needed() {
    for wallet in WALLETS {
        let executed = wallet.sub_block(1);
        let mut untold = executed.input.clone();
        for class in untold.classes.values_mut() {
            let ran = class.ran.take().expect("it is told");
            let parts = match class.casm.get_bytecode_segment_lengths() {
                NestedIntList::Leaf(_) => 1,
                NestedIntList::Node(parts) => parts.len(),
            };
            assert!(!ran.is_empty() && ran.len() * 2 < parts, "{} of {parts} parts", ran.len());
        }
        let [told, untold] =
            [&executed.input, &untold].map(|input| zkthreads_runner::run(input).expect("the OS runs"));
        assert_eq!(told.statement, untold.statement);
        assert_eq!(told.statement, executed.statement);
    }
}

/// One permutation takes as much of a prover's memory as 230 steps. The estimate of a proof counts those that a contract
/// asks for, and those that hash what it shows and what it is called with.
#[test]
fn what_takes_room_without_steps_is_counted() {
    let to = TestState::new(1).probe();
    let felts = |count: u64| std::iter::once(count).chain(1..=count).map(Felt::from);
    let event: Vec<_> = std::iter::once(Felt::from(5)).chain(felts(3)).chain(felts(200)).collect();
    let message: Vec<_> = std::iter::once(Felt::from(7)).chain(felts(300)).collect();
    for (name, call) in [
        ("hashes", probe(to, "poseidon", &[600])),
        ("events", Call::new(to, "emit", event)),
        ("a message", Call::new(to, "send", message)),
    ] {
        let mut world = TestState::new(1);
        let transaction = world.users[0].sign(&[call]);
        let executed = world.execute([transaction]);
        let run = zkthreads_runner::run(&executed.input).expect("the OS runs");
        // Those of an ordinary transaction are part of its steps.
        let counted = (executed.proof_steps - executed.steps) / 230 + 36;
        let taken = run.builtins["poseidon"] as u64;
        println!("{name}: {taken} permutations, counted {counted}");
        assert!(counted * 10 >= taken * 9 && counted * 2 <= taken * 3, "{name}: {taken}, counted {counted}");
    }

    let circuit = address(0xc1c_u64);
    let mut world = TestState::new(1);
    world.state.deploy(circuit, classes::cairo_circuit());
    let transaction = world.users[0].sign(&[Call::new(circuit, "circuit_builtins", vec![])]);
    let executed = world.execute([transaction]);
    let run = zkthreads_runner::run(&executed.input).expect("the OS runs");
    let [products, sums] = ["mul_mod", "add_mod"].map(|builtin| run.builtins[builtin] as u64);
    assert!(products > 0 && sums > 0);
    assert_eq!(executed.proof_steps - executed.steps, 8 * products + 6 * sums);
}

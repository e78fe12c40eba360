//! A class without hardened code is for ordinary transactions only: the builder leaves out what would run or deploy it, and no
//! thread that lists it settles.

use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;
use std::sync::atomic::AtomicBool;
use zkthreads_execution::AdmitError;
use zkthreads_protocol::{ExecutedClass, OsProgramHash, Package, SettleError};
use zkthreads_storage::ClassDefinition;
use zkthreads_sub_block::LeftOutReason;

use crate::support::chain::{assert_succeeded, settle_error};
use crate::support::thread::{errors_of, sub_block};
use crate::support::user::Call;
use crate::support::{TestChain, address, bounds, class, eth, transfer, unproven};

fn unhardened() -> ContractAddress {
    address(0xbad_u64)
}

fn deployer() -> ContractAddress {
    address(0xdec0_u64)
}

fn probe() -> ContractAddress {
    address(0x9206e_u64)
}

fn with_unhardened() -> TestChain {
    let chain = TestChain::extended(6, |genesis| {
        let classes = [&class::UNHARDENED, &class::UDC, &class::PROBE, &class::LEGACY];
        genesis.classes.extend(classes.map(|class| (*class).clone()));
        genesis.contracts.insert(unhardened(), class::UNHARDENED.0);
        genesis.contracts.insert(deployer(), class::UDC.0);
        genesis.contracts.insert(probe(), class::PROBE.0);
    });
    chain.advance(1);
    chain
}

/// A sub-block that never heard of the class, but lists it.
fn listing_it(chain: &mut TestChain) -> Package {
    let to = chain.users[2].address;
    let transaction = chain.users[1].inner(&[transfer(eth(), to, 3)]);
    let mut package = unproven(chain, chain.users[0].address, vec![transaction]);
    package.segments[0].statement.classes.push(ExecutedClass {
        class_hash: class::UNHARDENED.0,
        compiled_class_hash: class::UNHARDENED.1.compiled_class_hash,
        gas_metered: true,
    });
    package.segments[0].statement.classes.sort_by_key(|class| class.class_hash);
    package
}

#[test]
fn the_builder_leaves_out_what_runs_or_deploys_it() {
    let mut chain = with_unhardened();
    let (submitter, to) = (chain.users[0].address, chain.users[5].address);
    let hash = class::UNHARDENED.0.0;
    let selector = selector_from_name("weigh").0;
    let calls = [
        Call { to: unhardened(), entry_point: "weigh", calldata: vec![Felt::ONE, Felt::TWO] },
        Call {
            to: probe(),
            entry_point: "delegate",
            calldata: vec![hash, selector, Felt::TWO, Felt::ONE, Felt::TWO],
        },
        // Class, salt, not from zero, no calldata.
        Call {
            to: deployer(),
            entry_point: "deployContract",
            calldata: vec![hash, 1.into(), Felt::ONE, 0.into()],
        },
        Call { to: probe(), entry_point: "upgrade", calldata: vec![hash] },
    ];
    let mut transactions = vec![chain.users[0].inner(&[transfer(eth(), to, 1)])];
    for (user, call) in chain.users[1..].iter_mut().zip(calls) {
        transactions.push(user.inner(&[call]));
    }
    let executed = sub_block(&chain, submitter, transactions);
    assert_eq!(executed.statement.inner_transactions.len(), 1);
    assert_eq!(executed.left_out.len(), 4);
    for left_out in &executed.left_out {
        assert!(
            matches!(&left_out.reason, LeftOutReason::UnhardenedClass { class_hash, reason }
                if *class_hash == class::UNHARDENED.0 && reason.contains("65 variants")),
            "{}",
            left_out.reason
        );
    }
    assert!(executed.statement.classes.iter().all(|class| class.class_hash.0 != hash));
}

#[test]
fn a_thread_that_lists_it_does_not_settle() {
    let mut chain = with_unhardened();
    let package = listing_it(&mut chain);
    let (submitter, os) = (chain.users[0].address, chain.os_program_hash());
    let expected = SettleError::ClassUnhardened { class_hash: class::UNHARDENED.0 };
    let check = chain.executor.check_thread(submitter, OsProgramHash(os), &package.encode()).unwrap();
    assert!(errors_of(&check).contains(&expected), "{:?}", check.errors);
    for _from_storage_then_from_the_cache in 0..2 {
        let thread = chain.users[0].thread(os, package.encode(), &[]);
        assert_eq!(settle_error(&chain.forced_block(vec![thread]).receipts[0]), expected);
    }
    // Everybody else may run it.
    let call = Call { to: unhardened(), entry_point: "weigh", calldata: vec![Felt::ONE, Felt::TWO] };
    let invoke = chain.users[3].invoke(&[call]);
    chain.block(vec![invoke]);
}

#[test]
fn nor_does_one_that_lists_it_in_the_block_that_declares_it() {
    let mut chain = TestChain::new(4);
    chain.advance(1);
    let package = listing_it(&mut chain);
    chain.users[3].bounds = bounds(4_000_000_000, 100_000);
    let compiled = class::UNHARDENED.1.compiled_class_hash;
    let declare = chain.users[3].declare(class::unhardened(), compiled.0);
    let os = chain.os_program_hash();
    let thread = chain.users[0].thread(os, package.encode(), &[]);
    let receipts = chain.forced_block(vec![declare, thread]).receipts;
    assert_succeeded(&receipts[0]);
    let too_new = SettleError::ClassTooNew { class_hash: class::UNHARDENED.0, declared_at: 2, base: 1 };
    assert_eq!(settle_error(&receipts[1]), too_new);
}

/// The account class as a program stored it that did not know of hardened code.
fn with_an_older_database() -> TestChain {
    let chain = TestChain::extended(4, |genesis| {
        for (_, record) in &mut genesis.classes {
            if let ClassDefinition::Sierra { hardened, .. } = &mut record.definition {
                hardened.clear();
            }
        }
    });
    chain.advance(1);
    chain
}

#[test]
fn a_class_of_an_older_database_is_hardened_by_and_by_and_refused_for_nothing_until_then() {
    let mut chain = with_an_older_database();
    let to = chain.users[2].address;
    let transaction = chain.users[1].inner(&[transfer(eth(), to, 3)]);
    let package = unproven(&chain, chain.users[0].address, vec![transaction]);
    let os = chain.os_program_hash();
    let pending = |chain: &TestChain| {
        let check = chain
            .executor
            .check_thread(chain.users[0].address, OsProgramHash(os), &package.encode())
            .unwrap();
        let errors = errors_of(&check);
        let pending = |class: &&ExecutedClass| {
            errors.contains(&SettleError::ClassPending { class_hash: class.class_hash })
        };
        package.segments[0].statement.classes.iter().filter(pending).count()
    };
    assert_eq!(pending(&chain), 2, "the account and the token");
    let thread = chain.users[0].thread(os, package.encode(), &[]);
    let refused = chain.executor.admit(thread.clone()).expect_err("not yet");
    assert!(
        matches!(&refused, AdmitError::Unsettleable(error)
            if matches!(error.error, SettleError::ClassPending { .. })),
        "{refused}"
    );

    // As long as it is not done with all of them, the door goes on looking.
    assert_eq!(chain.executor.harden_stored(&AtomicBool::new(true)).unwrap(), 0);
    chain.executor.admit(thread.clone()).expect_err("not yet");
    let stopped = AtomicBool::new(false);
    let classes = chain.executor.harden_stored(&stopped).unwrap();
    assert!(classes >= 2, "{classes}");
    assert_eq!(chain.executor.harden_stored(&stopped).unwrap(), 0, "nothing is left");
    assert_eq!(pending(&chain), 0);
    chain.executor.admit(thread).expect("the door has nothing against it");
}

#[test]
fn nor_does_one_that_ran_the_code_of_the_class_trie() {
    let mut chain = TestChain::new(4);
    chain.advance(1);
    let to = chain.users[2].address;
    let transaction = chain.users[1].inner(&[transfer(eth(), to, 3)]);
    let mut package = unproven(&chain, chain.users[0].address, vec![transaction]);
    let (class_hash, account) = class::ACCOUNT.clone();
    let used = package.segments[0].statement.classes.iter_mut().find(|class| class.class_hash == class_hash);
    let used = used.expect("the account runs");
    let expected = used.compiled_class_hash;
    let found = account.compiled_class_hash;
    assert_ne!(expected, found);
    used.compiled_class_hash = found;
    let os = chain.os_program_hash();
    let thread = chain.users[0].thread(os, package.encode(), &[]);
    let mismatch = SettleError::ClassMismatch { class_hash, expected, found };
    assert_eq!(settle_error(&chain.forced_block(vec![thread]).receipts[0]), mismatch);
}

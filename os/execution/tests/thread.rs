//! Thread transactions up to the proof: each check refuses what it should, takes the fee, and leaves the state alone.

use std::sync::Arc;
use std::time::Duration;

use crate::support::chain::settle_error;
use crate::support::segments::Segments;
use crate::support::thread::{errors_of, sub_block};
use crate::support::{
    INITIAL_BALANCE, TestChain, User, address, bounds, class, eth, package, strk, transfer, unproven,
};
use blockifier::state::state_api::StateReader;
use starknet_api::abi::abi_utils::get_fee_token_var_address;
use starknet_api::block::BlockTimestamp;
use starknet_api::core::{ClassHash, CompiledClassHash, Nonce};
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::state::StorageKey;
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::{Calldata, TransactionSignature};
use starknet_types_core::felt::Felt;
use zkthreads_execution::thread::constants::{
    INNER_TRANSACTION_L2_GAS, PACKAGE_BYTE_L2_GAS, VERIFICATION_L2_GAS, minimal_l2_gas, precondition_count,
};
use zkthreads_execution::{AdmitError, PendingBody, PendingTransaction, Refusal, Submission};
use zkthreads_protocol::limits::MAX_PACKAGE_BYTES;
use zkthreads_protocol::{
    Conflict, ContractAccess, ExecutedClass, InnerTransaction, Package, PackageDigest, Segment, SettleError,
    StateCell, Statement, StorageAccess, ThreadTransaction,
};
use zkthreads_storage::{ExecutionStatus, Receipt};

/// A chain where user 0 submits and users 1 to 3 have accounts.
fn chain() -> TestChain {
    let chain = TestChain::extended(4, |genesis| genesis.classes.push(class::LEGACY.clone()));
    chain.advance(2);
    chain
}

/// A sub-block of two ETH transfers by users 1 and 2.
fn transfers(chain: &mut TestChain) -> Package {
    let (submitter, to) = (chain.users[0].address, chain.users[3].address);
    let transactions = vec![
        chain.users[1].inner(&[transfer(eth(), to, 3)]),
        chain.users[2].inner(&[transfer(eth(), to, 4)]),
    ];
    unproven(chain, submitter, transactions)
}

/// Puts the package, altered, into a block; checks fee, nonce and that nothing else changed; returns why it failed.
fn refused(chain: &mut TestChain, mut package: Package, alter: impl FnOnce(&mut Package)) -> SettleError {
    alter(&mut package);
    let receipt = settle(chain, &package);
    settle_error(&receipt)
}

/// The same of what can never settle: the door refuses it for the same reason, and nobody pays.
fn refused_at_the_door(
    chain: &mut TestChain,
    mut package: Package,
    alter: impl FnOnce(&mut Package),
) -> SettleError {
    alter(&mut package);
    let submission = chain.users[0].clone().thread(chain.os_program_hash(), package.encode(), &[]);
    let admitted = chain.executor.admit(submission);
    let error = refused(chain, package, |_| {});
    assert!(matches!(admitted, Err(AdmitError::Unsettleable(it)) if it.error == error), "{error}");
    error
}

fn settle(chain: &mut TestChain, package: &Package) -> Receipt {
    let os_program_hash = chain.os_program_hash();
    settle_with(chain, package, os_program_hash, false)
}

/// Puts the package into a block, whatever the door says: what it looks at may have changed since.
fn settle_with(chain: &mut TestChain, package: &Package, os_program_hash: Felt, deferred: bool) -> Receipt {
    let submitter = chain.users[0].address;
    let before = chain.balance(strk(), submitter);
    let nonce = chain.nonce(submitter);
    let others = untouched(chain);
    let submission = chain.users[0].thread(os_program_hash, package.encode(), &[]);
    let prepared = chain.executor.prepare(submission, false).unwrap();
    let receipt = chain.put(vec![PendingTransaction { deferred, ..prepared }]).receipts.remove(0);

    assert!(receipt.actual_fee.0 > 0);
    assert_eq!(chain.balance(strk(), submitter), before - receipt.actual_fee.0);
    assert_eq!(chain.nonce(submitter), nonce + 1);
    assert_eq!(untouched(chain), others);
    let stored = chain.executor.storage().package(PackageDigest::of(&package.encode())).unwrap();
    assert_eq!(stored.as_ref(), Some(package));
    receipt
}

/// All that the threads of this file would change.
fn untouched(chain: &TestChain) -> Vec<(u128, u64)> {
    chain.users[1..]
        .iter()
        .map(|user| (chain.balance(eth(), user.address), chain.nonce(user.address)))
        .collect()
}

#[test]
fn a_thread_that_meets_every_precondition_still_needs_its_proof() {
    let mut chain = chain();
    let package = transfers(&mut chain);
    let receipt = settle(&mut chain, &package);
    assert!(matches!(settle_error(&receipt), SettleError::Proof { .. }));
    // The verification was paid for, the diff was not.
    let least = VERIFICATION_L2_GAS + 2 * INNER_TRANSACTION_L2_GAS;
    assert!(receipt.gas.l2_gas.0 > least);
    assert_eq!(receipt.thread.unwrap().package_bytes, package.encode().len() as u64);
    // Its own fee transfer is the only event.
    assert_eq!(receipt.events.len(), 1);
}

#[test]
fn statements_about_something_else_are_refused() {
    let mut chain = chain();
    let package = transfers(&mut chain);
    let accounts = chain.users[1].address;

    let error = settle_with(&mut chain, &package, Felt::from(1), false);
    assert!(matches!(settle_error(&error), SettleError::OsVersion { .. }));

    let error = refused_at_the_door(&mut chain, package.clone(), |it| {
        it.segments[0].statement.chain_id = Felt::from(5)
    });
    assert!(matches!(error, SettleError::ChainId { found, .. } if found == Felt::from(5)));

    let error =
        refused_at_the_door(&mut chain, package.clone(), |it| it.segments[0].statement.submitter = accounts);
    assert!(matches!(error, SettleError::Submitter { expected, .. } if expected == accounts));

    let error = refused_at_the_door(&mut chain, package.clone(), |it| {
        it.segments[0].statement.base_block.number.0 = 1_000
    });
    assert_eq!(error, SettleError::BaseBlockUnknown { number: 1_000 });
    let error = refused_at_the_door(&mut chain, package.clone(), |it| {
        it.segments[0].statement.base_block.timestamp = BlockTimestamp(5)
    });
    assert_eq!(error, SettleError::BaseBlockContext { number: 2 });
    let error = refused_at_the_door(&mut chain, package.clone(), |it| {
        it.segments[0].statement.base_block.sequencer = accounts
    });
    assert_eq!(error, SettleError::BaseBlockContext { number: 2 });

    let undeclared = ClassHash(Felt::from(3));
    let error = refused_at_the_door(&mut chain, package.clone(), |it| {
        it.segments[0].statement.classes[0].class_hash = undeclared
    });
    assert_eq!(error, SettleError::ClassUndeclared { class_hash: undeclared });
    let other = CompiledClassHash(Felt::from(3));
    let error = refused(&mut chain, package.clone(), |it| {
        it.segments[0].statement.classes[1].compiled_class_hash = other
    });
    assert!(matches!(error, SettleError::ClassMismatch { found, .. } if found == other));
    let class = package.segments[0].statement.classes[0];
    let error =
        refused(&mut chain, package.clone(), |it| it.segments[0].statement.classes[0].gas_metered ^= true);
    assert_eq!(
        error,
        SettleError::ClassMetering { class_hash: class.class_hash, expected: class.gas_metered }
    );
    let (class_hash, compiled_class_hash) = (class::LEGACY.0, CompiledClassHash::default());
    let legacy = ExecutedClass { class_hash, compiled_class_hash, gas_metered: false };
    let error = refused(&mut chain, package.clone(), |it| it.segments[0].statement.classes.insert(0, legacy));
    assert_eq!(error, SettleError::ClassLegacy { class_hash });

    for number in [0_u128, 1, 2] {
        let error = refused_at_the_door(&mut chain, package.clone(), |it| {
            write_to_system_contract(&mut it.segments[0].statement, number)
        });
        assert_eq!(error, SettleError::SystemContractWrite { address: number.into() });
        let error = refused_at_the_door(&mut chain, package.clone(), |it| {
            deploy_at(&mut it.segments[0].statement, number)
        });
        assert_eq!(error, SettleError::SystemContractWrite { address: number.into() });
    }

    // Where no proof was verified, it is charged for the package alone. Where one was, for that, too.
    let mut charged = |deferred| {
        let receipt = settle_with(&mut chain, &package, Felt::from(1), deferred);
        assert_eq!(receipt.thread.unwrap().verify_micros, None);
        receipt.gas.l2_gas.0
    };
    let (deferred, verified) = (charged(true), charged(false));
    assert!(deferred > package.encode().len() as u64 * PACKAGE_BYTE_L2_GAS);
    assert!(deferred < VERIFICATION_L2_GAS);
    assert!(verified > deferred + VERIFICATION_L2_GAS);

    chain.advance(20);
    let error = refused_at_the_door(&mut chain, package, |_| {});
    assert!(matches!(error, SettleError::BaseBlockTooOld { number: 2, max_age: 20, .. }), "{error:?}");
}

fn write_to_system_contract(statement: &mut Statement, number: u128) {
    let write = StorageAccess { key: StorageKey::from(9_u64), before: Felt::ZERO, after: Felt::ONE };
    statement.contracts.insert(0, ContractAccess { storage: vec![write], ..untouched_contract(number) });
}

fn deploy_at(statement: &mut Statement, number: u128) {
    let class_hash_after = statement.classes[0].class_hash;
    statement.contracts.insert(0, ContractAccess { class_hash_after, ..untouched_contract(number) });
}

fn untouched_contract(number: u128) -> ContractAccess {
    ContractAccess {
        address: number.into(),
        class_hash_before: ClassHash::default(),
        class_hash_after: ClassHash::default(),
        nonce_before: Nonce::default(),
        nonce_after: Nonce::default(),
        storage: vec![],
    }
}

/// A user may send what is in a thread to the chain at any time; so a package brings nothing that the chain would not take.
#[test]
fn inner_transactions_are_such_as_the_chain_takes() {
    let mut chain = chain();
    let package = transfers(&mut chain);
    type Change = fn(&mut InvokeTransactionV3);
    let changes: [(&str, Change); 5] = [
        ("the resource bounds are zero", |tx| tx.resource_bounds = bounds(0, 0)),
        ("calldata has 5001 felts", |tx| tx.calldata = Calldata(vec![Felt::ZERO; 5_001].into())),
        ("signature has 4001 felts", |tx| {
            tx.signature = TransactionSignature(vec![Felt::ZERO; 4_001].into())
        }),
        ("data availability modes must be L1", |tx| {
            tx.fee_data_availability_mode = DataAvailabilityMode::L2;
        }),
        ("data availability modes must be L1", |tx| {
            tx.nonce_data_availability_mode = DataAvailabilityMode::L2;
        }),
    ];
    for (reason, change) in changes {
        let mut package = package.clone();
        let included = &mut package.segments[0].inner_transactions[1].transaction;
        let mut tx = included.as_invoke().clone();
        change(&mut tx);
        *included = InnerTransaction::try_from(tx).unwrap();
        let submission = chain.users[0].clone().thread(chain.os_program_hash(), package.encode(), &[]);
        let refused = chain.executor.admit(submission).unwrap_err();
        let AdmitError::InnerTransaction { segment: 0, transaction_index: 1, error } = refused else {
            panic!("{reason}: {refused}")
        };
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn packages_that_hold_other_transactions_or_events_than_stated_are_refused() {
    let mut chain = chain();
    let package = transfers(&mut chain);
    let to = chain.users[3].address;

    let mut forger = chain.users[2].clone();
    let other = forger.inner(&[transfer(eth(), to, 999)]);
    let error =
        refused(&mut chain, package.clone(), |it| it.segments[0].inner_transactions[1].transaction = other);
    assert!(matches!(error, SettleError::InnerTransaction { index: 1, .. }), "{error:?}");

    let error = refused(&mut chain, package, |it| it.segments[0].events[0].content.data.0[0] += Felt::ONE);
    assert!(matches!(error, SettleError::Events { .. }), "{error:?}");
}

#[test]
fn every_conflict_is_named_with_what_was_expected_and_found() {
    let mut chain = chain();
    let (submitter, to) = (chain.users[0].address, chain.users[3].address);
    let mut withholder = chain.users[1].clone();
    let inner = withholder.inner(&[transfer(eth(), to, 3)]);
    let package = unproven(&chain, submitter, vec![inner]);

    // The user sends the same transaction to the chain itself; that lands first.
    let direct = chain.users[1].invoke(&[transfer(eth(), to, 3)]);
    let sender = chain.users[1].address;
    chain.block(vec![direct]);
    let SettleError::Conflicts(conflicts) = refused(&mut chain, package.clone(), |_| {}) else {
        panic!("another error")
    };
    let named = |contract, cell| {
        conflicts.iter().find(|it| it.contract == contract && it.cell == cell).copied().expect("named")
    };
    let nonce = named(sender, StateCell::Nonce);
    assert_eq!((nonce.expected, nonce.found), (Felt::ZERO, Felt::ONE));
    let received = named(eth(), StateCell::Storage(get_fee_token_var_address(to)));
    let initial = Felt::from(INITIAL_BALANCE);
    assert_eq!((received.expected, received.found), (initial, initial + Felt::from(3)));
    let sent = named(eth(), StateCell::Storage(get_fee_token_var_address(sender)));
    assert_eq!((sent.expected, sent.found), (initial, initial - Felt::from(3)));
    assert_eq!(conflicts.len(), 3);

    let error = refused(&mut chain, package, |it| {
        let contract =
            it.segments[0].statement.contracts.iter_mut().find(|it| it.address == sender).expect("touched");
        contract.class_hash_before = ClassHash(Felt::from(77));
        contract.class_hash_after = ClassHash(Felt::from(77));
    });
    let SettleError::Conflicts(conflicts) = error else { panic!("another error") };
    assert!(conflicts.iter().any(|it| it.cell == StateCell::ClassHash && it.expected == Felt::from(77)));
}

/// Whatever is deployed: the address is taken, or its class is another one by now.
#[test]
fn class_changes_conflict_like_any_other_precondition() {
    let mut chain = chain();
    let (taken, free) = (chain.users[3].address, address(0xf4ee_u64));
    let class_hash = |chain: &TestChain, contract| chain.state().get_class_hash_at(contract).unwrap();
    let mut package = transfers(&mut chain);
    let given = class::ETH.0;
    let change = |address, class_hash_before, class_hash_after| ContractAccess {
        class_hash_before,
        class_hash_after,
        address,
        ..untouched_contract(0)
    };
    let contracts = &mut package.segments[0].statement.contracts;
    contracts.extend([
        change(taken, ClassHash::default(), given),
        change(free, ClassHash::default(), given),
        change(address(0xf4ef_u64), class::ACCOUNT.0, given),
    ]);
    contracts.sort_by_key(|contract| contract.address);
    let SettleError::Conflicts(conflicts) = refused(&mut chain, package, |_| {}) else {
        panic!("another error")
    };
    let conflict = |contract, expected: ClassHash, found: ClassHash| Conflict {
        contract,
        cell: StateCell::ClassHash,
        expected: expected.0,
        found: found.0,
    };
    let absent = ClassHash::default();
    let mut expected =
        [conflict(taken, absent, class::ACCOUNT.0), conflict(address(0xf4ef_u64), class::ACCOUNT.0, absent)];
    expected.sort_by_key(|conflict| conflict.contract);
    assert_eq!(conflicts, expected);
    assert_eq!(class_hash(&chain, taken), class::ACCOUNT.0);
    assert_eq!(class_hash(&chain, free), absent);
}

/// A class declared in the thread's own block may be run and given.
#[test]
fn classes_declared_in_the_threads_own_block_are_too_new() {
    let mut chain = chain();
    let mut package = transfers(&mut chain);
    let compiled = class::PROBE.1.compiled_class_hash;
    let listed =
        ExecutedClass { class_hash: class::PROBE.0, compiled_class_hash: compiled, gas_metered: false };
    package.segments[0].statement.classes.push(listed);
    package.segments[0].statement.classes.sort_by_key(|class| class.class_hash);
    let error = refused_at_the_door(&mut chain, package.clone(), |_| {});
    assert_eq!(error, SettleError::ClassUndeclared { class_hash: class::PROBE.0 });

    chain.users[3].bounds = bounds(1_500_000_000, 100_000);
    let declare = chain.users[3].declare(class::probe(), compiled.0);
    let hash = chain.os_program_hash();
    let thread = chain.users[0].thread(hash, package.encode(), &[]);
    let mut open = chain.open();
    let declared = open.execute(chain.executor.admit(declare).unwrap()).unwrap();
    assert_eq!(declared.transaction.receipt.status, ExecutionStatus::Succeeded);
    let thread = chain.executor.admit_at(&open.pre_confirmed().into(), thread).unwrap();
    let thread = open.execute(thread).unwrap();
    let too_new = SettleError::ClassTooNew { class_hash: class::PROBE.0, declared_at: 4, base: 2 };
    assert_eq!(settle_error(&thread.transaction.receipt), too_new);
}

#[test]
fn a_thread_sees_what_its_block_did_before_it() {
    let mut chain = chain();
    let package = transfers(&mut chain);
    let (bob, to) = (chain.users[1].address, chain.users[3].address);
    let mut rich = chain.users[3].clone();
    let before = rich.invoke(&[transfer(eth(), bob, 1)]);
    let hash = chain.os_program_hash();
    let thread = chain.users[0].thread(hash, package.encode(), &[]);
    let after = rich.invoke(&[transfer(eth(), bob, 1)]);
    let block = chain.block(vec![before, thread, after]);
    let SettleError::Conflicts(conflicts) = settle_error(&block.receipts[1]) else { panic!("another error") };
    let touched: Vec<_> = conflicts.iter().map(|it| it.cell).collect();
    for owner in [bob, to] {
        assert!(touched.contains(&StateCell::Storage(get_fee_token_var_address(owner))));
    }
    assert_eq!(block.receipts[2].status, ExecutionStatus::Succeeded);
    assert_eq!(chain.balance(eth(), bob), INITIAL_BALANCE + 2);
    assert_eq!(
        chain
            .executor
            .storage()
            .transactions(block.header.block_header_without_hash.block_number)
            .unwrap()
            .unwrap()
            .len(),
        3
    );
}

/// A thread whose preconditions did not hold when it was its proof's turn: if they do in the block, it is verified first.
#[test]
fn what_was_deferred_does_not_settle_unverified() {
    let mut chain = chain();
    let package = transfers(&mut chain);
    let hash = chain.os_program_hash();
    let bob = chain.users[1].address;
    let admitted = chain.executor.admit(chain.users[0].thread(hash, package.encode(), &[])).unwrap();
    let deferred = PendingTransaction { deferred: true, ..admitted };
    let mut rich = chain.users[3].clone();

    let mut open = chain.open();
    let Err(Refusal::Rejected { reason }) = open.execute(deferred.clone()) else { panic!("taken in") };
    assert!(matches!(*reason, AdmitError::Unverified), "{reason}");
    let known = |deferred: &PendingTransaction| match &deferred.body {
        PendingBody::Thread(thread) => chain.executor.verification().known_verdict(thread),
        _ => unreachable!(),
    };
    assert!(known(&deferred).is_none() && open.is_empty());

    // What it reads has moved: it reverts, and pays for no proof.
    let gift = chain.executor.admit(rich.invoke(&[transfer(eth(), bob, 1)])).unwrap();
    open.execute(gift).unwrap();
    let receipt = open.execute(deferred.clone()).unwrap().transaction.receipt.clone();
    assert!(matches!(settle_error(&receipt), SettleError::Conflicts(_)));
    assert!(known(&deferred).is_none());
    assert!(receipt.gas.l2_gas.0 < VERIFICATION_L2_GAS + 2 * INNER_TRANSACTION_L2_GAS);
}

/// The mempool asks whether a proof is worth verifying: on top of what the account's packages before it leave.
#[test]
fn preconditions_hold_on_top_of_earlier_packages() {
    let mut chain = TestChain::new(5);
    chain.advance(2);
    let Segments { first, second, third, .. } = Segments::executed();
    let mut thread = |segment: &Segment| {
        let bytes = Package::from(segment.clone()).encode();
        let hash = chain.os_program_hash();
        let prepared = chain.executor.prepare(chain.users[0].thread(hash, bytes, &[]), false).unwrap();
        let PendingBody::Thread(thread) = prepared.body else { unreachable!() };
        thread
    };
    let [first, second, third] = [first, second, third].map(|segment| thread(&segment));
    let latest = chain.executor.latest().unwrap();
    let hold = |earlier: &[&Arc<ThreadTransaction>], thread: &ThreadTransaction| {
        let earlier: Vec<_> = earlier.iter().map(|it| Arc::clone(it)).collect();
        chain.executor.preconditions_hold(&latest, &earlier, thread).unwrap()
    };
    assert!(hold(&[], &first) && !hold(&[], &second) && !hold(&[], &third));
    assert!(hold(&[&first], &second) && !hold(&[&first], &third) && !hold(&[&first], &first));
    assert!(hold(&[&first, &second], &third));
}

#[test]
fn the_submitters_own_nonce_is_read_after_its_increment() {
    let mut chain = chain();
    let (submitter, to) = (chain.users[0].address, chain.users[3].address);
    let mut ahead = chain.users[0].clone();
    let inner = ahead.inner(&[transfer(eth(), to, 3)]);
    let mut package = unproven(&chain, submitter, vec![inner]);
    // Forked before the envelope's own nonce was consumed: a conflict.
    let error = refused(&mut chain, package.clone(), |_| {});
    let SettleError::Conflicts(conflicts) = error else { panic!("another error") };
    assert!(conflicts.iter().any(|it| it.contract == submitter && it.cell == StateCell::Nonce));

    // The state now has nonce 1; the next envelope makes it 2. A statement that says so is right about the value, but its base is
    // from before: no sub-block that a submitter settles holds transactions of its own.
    for access in &mut package.segments[0].statement.contracts {
        if access.address == submitter {
            (access.nonce_before, access.nonce_after) = (Nonce(Felt::TWO), Nonce(Felt::THREE));
        }
    }
    let error = refused(&mut chain, package, |_| {});
    let SettleError::StaleBase { cells, .. } = error else { panic!("{error}") };
    let cells: Vec<_> = cells.into_iter().map(|stale| (stale.contract, stale.cell)).collect();
    assert_eq!(cells, [(submitter, StateCell::Nonce)]);
}

#[test]
fn admission_knows_what_a_thread_is() {
    let mut chain = chain();
    let package = transfers(&mut chain);
    let bytes = package.encode();
    let hash = chain.os_program_hash();
    let submitter = chain.users[0].clone();
    let admit = |submission| chain.executor.admit(submission);

    let mut stingy = submitter.clone();
    stingy.bounds = bounds(minimal_l2_gas(&package, bytes.len()).0 - 1, 100_000);
    let refused = admit(stingy.thread(hash, bytes.clone(), &[]));
    assert!(matches!(refused, Err(AdmitError::InsufficientResources(_))), "{refused:?}");

    let Submission::Thread { envelope, mut package } = submitter.clone().thread(hash, bytes.clone(), &[])
    else {
        unreachable!()
    };
    package[100] ^= 1;
    let refused = admit(Submission::Thread { envelope: envelope.clone(), package });
    assert!(matches!(refused, Err(AdmitError::Envelope(_))), "{refused:?}");
    let refused = admit(Submission::Invoke(envelope));
    assert!(matches!(refused, Err(AdmitError::Malformed(_))), "{refused:?}");
    let refused = admit(submitter.clone().thread(hash, bytes[..200].to_vec(), &[]));
    assert!(matches!(refused, Err(AdmitError::Envelope(_))), "{refused:?}");

    let mut forged = submitter.clone().signed_invoke(&[], None);
    forged.proof_facts = match submitter.clone().thread(hash, bytes.clone(), &[]) {
        Submission::Thread { envelope, .. } => envelope.proof_facts,
        _ => unreachable!(),
    };
    let refused = admit(Submission::Thread { envelope: forged, package: bytes.clone() });
    assert!(matches!(refused, Err(AdmitError::Validation(_))), "{refused:?}");

    let mut poor = User::new(55, chain.executor.config().chain_id.clone());
    let mut anybodys = Package::decode(&bytes).unwrap();
    anybodys.segments[0].statement.submitter = Default::default();
    let refused = admit(poor.thread(hash, anybodys.encode(), &[]));
    assert!(matches!(refused, Err(AdmitError::InsufficientBalance(_))), "{refused:?}");
}

#[test]
fn bounds_that_do_not_cover_the_thread_cap_its_fee() {
    let mut chain = chain();
    let package = transfers(&mut chain);
    let bytes = package.encode();
    chain.users[0].bounds = bounds(minimal_l2_gas(&package, bytes.len()).0, 1_000);
    let receipt = settle(&mut chain, &package);
    // What the bounds do not cover is not begun: the proof is not even looked at.
    let SettleError::Execution { reason } = settle_error(&receipt) else { panic!("another error") };
    assert!(reason.contains("Insufficient max L2Gas"), "{reason}");
    assert_eq!(receipt.thread.as_ref().unwrap().verify_micros, None);
    let most = chain.users[0].bounds.max_possible_fee(Default::default());
    assert!(receipt.actual_fee <= most);
    assert!(precondition_count(&package.segments[0].statement) > 10);
}

#[test]
fn checking_tells_every_failure_and_changes_nothing() {
    let mut chain = chain();
    let package = transfers(&mut chain);
    let (submitter, hash) =
        (chain.users[0].address, zkthreads_protocol::OsProgramHash(chain.os_program_hash()));
    let root = chain.executor.latest_header().unwrap();

    let check = chain.executor.check_thread(submitter, hash, &package.encode()).unwrap();
    assert!(!check.would_settle);
    assert!(matches!(errors_of(&check).as_slice(), [SettleError::Proof { .. }]), "{:?}", check.errors);
    assert!(check.fee.overall_fee.0 > u128::from(VERIFICATION_L2_GAS) * 1_000_000_000);

    let mut wrong = package.clone();
    wrong.segments[0].statement.chain_id = Felt::from(5);
    wrong.segments[0].statement.base_block.number.0 = 900;
    for contract in &mut wrong.segments[0].statement.contracts {
        (contract.class_hash_before, contract.class_hash_after) =
            (ClassHash(Felt::from(8)), ClassHash(Felt::from(8)));
    }
    let stranger = chain.users[1].address;
    let check = chain.executor.check_thread(stranger, hash, &wrong.encode()).unwrap();
    let errors = errors_of(&check);
    let [
        SettleError::ChainId { .. },
        SettleError::Submitter { .. },
        SettleError::BaseBlockUnknown { number: 900 },
        SettleError::Conflicts(conflicts),
        SettleError::Proof { .. } | SettleError::InnerTransaction { .. },
    ] = errors.as_slice()
    else {
        panic!("{:?}", check.errors)
    };
    // Every class hash; and the nonce of the stranger, whose own envelope would consume it first.
    assert_eq!(conflicts.len(), wrong.segments[0].statement.contracts.len() + 1);
    assert!(chain.executor.check_thread(submitter, hash, b"no package").is_err());

    assert_eq!(chain.executor.latest_header().unwrap(), root);
    assert_eq!(chain.nonce(submitter), 0);
    assert_eq!(
        chain.executor.verification().known_verdict(&thread_of(&chain, &package)).map(|it| it.is_err()),
        Some(true)
    );
}

fn thread_of(chain: &TestChain, package: &Package) -> zkthreads_protocol::ThreadTransaction {
    let hash = chain.os_program_hash();
    let Submission::Thread { envelope, package } = chain.users[0].clone().thread(hash, package.encode(), &[])
    else {
        unreachable!()
    };
    zkthreads_protocol::ThreadTransaction::new(envelope, &package).expect("well-formed")
}

#[test]
fn a_sub_block_of_the_builder_states_what_the_chain_holds() {
    let mut chain = chain();
    let to = chain.users[3].address;
    let transaction = chain.users[1].inner(&[transfer(eth(), to, 3)]);
    let executed = sub_block(&chain, chain.users[0].address, vec![transaction]);
    assert!(executed.left_out.is_empty());
    let decoded = Package::decode(&package(&executed, vec![1]).encode()).expect("decodes");
    assert_eq!(decoded.segments[0].statement, executed.statement);
}

#[test]
fn a_verdict_is_computed_when_asked_for_and_remembered() {
    let mut chain = chain();
    let package = transfers(&mut chain);
    let thread = thread_of(&chain, &package);
    let pool = chain.executor.verification();
    assert!(pool.known_verdict(&thread).is_none());
    let verdict = || pool.verdict(&thread).expect_err("no proof");
    let (first, second) = (verdict(), verdict());
    assert!(std::sync::Arc::ptr_eq(&first, &second));
    assert!(pool.known_verdict(&thread).is_some());
}

#[test]
fn a_submitter_signed_what_no_block_has_and_could_pay() {
    let mut chain = chain();
    let package = transfers(&mut chain).encode();
    let hash = chain.os_program_hash();
    let is_submitter = |chain: &TestChain, submission: &Submission, bytes: usize| {
        let Submission::Thread { envelope, .. } = submission else { panic!("no thread") };
        let (at, ample) = (chain.executor.latest().unwrap(), Duration::from_secs(60));
        chain.executor.check_submitter(&at, envelope, bytes, ample).is_ok()
    };
    chain.users[0].nonce = 0;
    let offer = chain.users[0].thread(hash, package.clone(), &[]);
    assert!(is_submitter(&chain, &offer, 0));
    let mut stolen = offer.clone();
    if let Submission::Thread { envelope, .. } = &mut stolen {
        envelope.sender_address = chain.users[1].address;
    }
    assert!(!is_submitter(&chain, &stolen, 0));

    chain.users[0].nonce = 0;
    // 0.2 STRK are left, and the fee.
    let (to, amount) = (chain.users[1].address, INITIAL_BALANCE - 2 * u128::pow(10, 17));
    chain.users[0].bounds = bounds(10_000_000, 10_000);
    let transaction = chain.users[0].invoke(&[transfer(strk(), to, amount)]);
    assert_eq!(chain.block(vec![transaction]).receipts[0].status, ExecutionStatus::Succeeded);
    assert!(!is_submitter(&chain, &offer, 0), "anybody may have it from a block");
    (chain.users[0].nonce, chain.users[0].bounds) = (0, bounds(0, 0));
    let question = chain.users[0].thread(hash, package, &[]);
    assert!(is_submitter(&chain, &question, 0), "no block takes it");
    assert!(!is_submitter(&chain, &question, MAX_PACKAGE_BYTES), "it could not pay");
}

//! Packages of several segments: what settles, what does not, and that no segment lends another anything.

use crate::support::chain::assert_succeeded;
use crate::support::commitments::assert_recomputed;
use crate::support::echo::ECHO_PROGRAM;
use crate::support::segments::{Segments, chain};
use crate::support::{Call, INITIAL_BALANCE, TestChain, bounds, class, eth, strk, transfer};
use starknet_types_core::felt::Felt;
use zkthreads_execution::thread::constants::{
    CLASS_L2_GAS, DIFF_ENTRY_L2_GAS, PACKAGE_BYTE_L2_GAS, PRECONDITION_L2_GAS, diff_entry_count,
    minimal_l2_gas, precondition_count,
};
use zkthreads_execution::{AdmitError, ThreadCheck};
use zkthreads_protocol::{Conflict, OsProgramHash, Package, Segment, SettleError, StateCell, Statement};
use zkthreads_storage::{ExecutionStatus, Receipt, ThreadOutcome};

fn program() -> Felt {
    ECHO_PROGRAM.hash().0
}

fn package(segments: impl IntoIterator<Item = Segment>) -> Package {
    Package { segments: segments.into_iter().collect() }
}

fn whole() -> Package {
    package(Segments::load().consecutive())
}

fn check(chain: &TestChain, package: &Package) -> ThreadCheck {
    let submitter = chain.users[0].address;
    chain.executor.check_thread(submitter, OsProgramHash(program()), &package.encode()).unwrap()
}

/// Puts a package into a block of its own; its envelope gives user 4 one ETH.
fn settle(chain: &mut TestChain, package: &Package) -> Receipt {
    let to = chain.users[4].address;
    let thread = chain.users[0].thread(program(), package.encode(), &[transfer(eth(), to, 1)]);
    chain.forced_block(vec![thread]).receipts.remove(0)
}

fn outcome(receipt: &Receipt) -> &ThreadOutcome {
    receipt.thread.as_ref().expect("a thread")
}

/// ETH of users 1 to 4: what the segments and the envelope move.
fn holdings(chain: &TestChain) -> [i128; 4] {
    [1, 2, 3, 4].map(|user: usize| {
        let balance = chain.balance(eth(), chain.users[user].address);
        i128::try_from(balance).unwrap() - i128::try_from(INITIAL_BALANCE).unwrap()
    })
}

const NOTHING: [i128; 4] = [0, 0, 0, 0];
const AFTER_FIRST: [i128; 4] = [-3, 0, 3, 0];
const AFTER_SECOND: [i128; 4] = [-4, -4, 8, 0];
const AFTER_ALL: [i128; 4] = [INITIAL_BALANCE as i128 + 4, -4, -(INITIAL_BALANCE as i128), 1];

#[test]
fn the_committed_segments_prove_what_the_chain_executes() {
    let executed = Segments::executed();
    if std::env::var_os("ZKTHREADS_REGENERATE").is_some() {
        executed.clone().prove_and_save();
    }
    let committed = Segments::load();
    let pairs = [
        (committed.first, executed.first),
        (committed.second, executed.second),
        (committed.third, executed.third),
        (committed.foreign, executed.foreign),
    ];
    for (committed, executed) in pairs {
        assert_eq!(committed.statement, executed.statement, "ZKTHREADS_REGENERATE=1 proves them anew");
        assert_eq!(committed.inner_transactions, executed.inner_transactions);
        assert_eq!(committed.events, executed.events);
    }
}

#[test]
fn all_segments_settle_in_order() {
    let mut chain = chain();
    let package = whole();
    let found = check(&chain, &package);
    assert!(found.would_settle, "{:?}", found.errors);
    assert_eq!((found.segments, found.settled_segments), (3, 3));

    let to = chain.users[4].address;
    let thread = chain.users[0].thread(program(), package.encode(), &[transfer(eth(), to, 1)]);
    let thread = chain.executor.admit(thread).unwrap();
    let hash = thread.hash;
    let mut open = chain.open();
    let executed = open.execute(thread).unwrap();
    let receipt = &executed.transaction.receipt;
    assert_succeeded(receipt);
    let settled = outcome(receipt);
    assert_eq!((settled.segments, settled.settled_segments, &settled.error), (3, 3, &None));
    assert!(settled.verify_micros.is_some());

    // The inner transfers, the envelope's own, the fee's.
    let inner: Vec<_> = package.events().map(|(_, event)| event.content.clone()).collect();
    assert_eq!((inner.len(), receipt.events.len()), (4, 6));
    assert!(receipt.events.iter().map(|event| &event.content).take(4).eq(&inner));

    let header = chain.executor.commit(open.seal().unwrap()).unwrap().block_header_without_hash;
    assert_eq!(holdings(&chain), AFTER_ALL);
    assert_eq!([0, 1, 2, 3].map(|user: usize| chain.nonce(chain.users[user].address)), [1, 2, 1, 1]);
    let storage = chain.executor.storage();
    let hashes: Vec<_> = package.transaction_hashes().collect();
    let settled: Vec<_> = executed.settled.hashes().collect();
    assert_eq!((hashes.len(), &settled), (4, &hashes));
    // Each inner transfer has one event, the first of its own.
    let emitters: Vec<_> = (0..6).map(|event| executed.settled.emitter(event)).collect();
    let expected: Vec<_> = hashes.iter().map(|hash| Some((*hash, 0))).chain([None, None]).collect();
    assert_eq!(emitters, expected);
    assert_eq!(storage.settled_inner(header.block_number, 0).unwrap(), executed.settled);
    for (index, inner) in (0..).zip(&hashes) {
        assert_eq!(storage.inner_place(*inner).unwrap(), Some((hash, index)));
    }
    assert_recomputed(storage, header.block_number);
}

#[test]
fn what_precedes_a_conflict_settles() {
    let mut chain = chain();
    let package = whole();
    // User 3 uses the chain itself, which consumes the nonce that the third segment read.
    let stranger = chain.users[4].address;
    let direct = chain.users[3].invoke(&[transfer(strk(), stranger, 1)]);
    assert_succeeded(&chain.block(vec![direct]).receipts[0]);
    let conflict = Conflict {
        contract: chain.users[3].address,
        cell: StateCell::Nonce,
        expected: Felt::ZERO,
        found: Felt::ONE,
    };

    let found = check(&chain, &package);
    assert!(!found.would_settle);
    assert_eq!((found.segments, found.settled_segments), (3, 2));
    let [error] = found.errors.as_slice() else { panic!("{:?}", found.errors) };
    assert_eq!((error.segment, &error.error), (2, &SettleError::Conflicts(vec![conflict])));

    let receipt = settle(&mut chain, &package);
    // Not reverted: two segments took effect. The envelope's call was meant for what all three leave.
    assert_succeeded(&receipt);
    assert_eq!(holdings(&chain), AFTER_SECOND);
    assert_eq!(chain.nonce(chain.users[3].address), 1);
    let settled = outcome(&receipt);
    assert_eq!((settled.segments, settled.settled_segments, settled.failed_segment), (3, 2, Some(2)));
    assert_eq!(settled.error, Some(SettleError::Conflicts(vec![conflict])));
    assert_eq!(receipt.events.len(), 3 + 1);

    let storage = chain.executor.storage();
    let found: Vec<_> =
        package.transaction_hashes().map(|hash| storage.inner_place(hash).unwrap().map(|it| it.1)).collect();
    assert_eq!(found, [Some(0), Some(1), Some(2), None]);

    // What has not settled may come again, on its own: its user signs it for the nonce that it has now.
    let again = chain.users[3].inner(&[transfer(eth(), stranger, 8)]);
    assert_eq!(again.as_invoke().nonce.0, Felt::ONE);
}

/// What becomes of segments that do not follow each other.
fn refused(segments: impl IntoIterator<Item = Segment>, settled: u32, holding: [i128; 4]) -> SettleError {
    let mut chain = chain();
    let package = package(segments);
    let receipt = settle(&mut chain, &package);
    let outcome = outcome(&receipt);
    let error = outcome.error.clone().expect("an error");
    assert_eq!(outcome.settled_segments, settled, "{error}");
    assert_eq!(holdings(&chain), holding, "{error}");
    let failed = outcome.failed_segment.expect("a segment is at fault");
    if settled == 0 {
        let reason = format!("{error} [segment {failed}]");
        assert_eq!(receipt.status, ExecutionStatus::Reverted { reason });
        assert_eq!(receipt.events.len(), 1, "the fee's");
    } else {
        assert_eq!((&receipt.status, failed), (&ExecutionStatus::Succeeded, settled));
    }
    let found = check(&self::chain(), &package);
    let errors: Vec<_> =
        found.errors.iter().filter(|it| it.segment == failed).map(|it| it.error.clone()).collect();
    assert!(errors.contains(&error), "{error}: {errors:?}");
    assert_eq!(found.settled_segments, settled as usize);
    error
}

fn conflicts(error: SettleError) -> Vec<Conflict> {
    let SettleError::Conflicts(conflicts) = error else { panic!("another error: {error}") };
    conflicts
}

#[test]
fn segments_without_the_ones_before_them() {
    let Segments { first, second, third, .. } = Segments::load();
    let found = conflicts(refused([second.clone(), third.clone()], 0, NOTHING));
    assert!(found.iter().any(|it| it.cell == StateCell::Nonce), "{found:?}");
    // What the third reads is not what the first leaves.
    let found = conflicts(refused([first, third], 1, AFTER_FIRST));
    assert!(found.iter().all(|it| matches!(it.cell, StateCell::Storage(_))), "{found:?}");
}

#[test]
fn segments_in_another_order() {
    let Segments { first, second, third, .. } = Segments::load();
    conflicts(refused([second.clone(), first.clone(), third.clone()], 0, NOTHING));
    conflicts(refused([first, third, second], 1, AFTER_FIRST));
}

#[test]
fn a_segment_twice() {
    let Segments { first, second, .. } = Segments::load();
    let found = conflicts(refused([first.clone(), first.clone()], 1, AFTER_FIRST));
    let nonce = found.iter().find(|it| it.cell == StateCell::Nonce).expect("the replayed nonce");
    assert_eq!((nonce.expected, nonce.found), (Felt::ZERO, Felt::ONE));
    conflicts(refused([first, second.clone(), second], 2, AFTER_SECOND));
}

#[test]
fn a_proof_is_of_its_own_segment() {
    let [mut first, mut second, third] = Segments::load().consecutive();
    std::mem::swap(&mut first.proof, &mut second.proof);
    let error = refused([first.clone(), second.clone(), third.clone()], 0, NOTHING);
    assert!(matches!(error, SettleError::Proof { .. }), "{error}");

    // One bad proof, and nothing settles, not even what precedes it.
    std::mem::swap(&mut first.proof, &mut second.proof);
    let mut borrowed = third.clone();
    borrowed.proof.clone_from(&second.proof);
    let error = refused([first.clone(), second.clone(), borrowed], 0, NOTHING);
    assert!(matches!(error, SettleError::Proof { .. }), "{error}");
    let empty = Segment { proof: Vec::new(), ..third };
    let error = refused([first, second, empty], 0, NOTHING);
    assert!(matches!(error, SettleError::Proof { .. }), "{error}");
}

#[test]
fn transactions_and_events_are_of_their_own_segment() {
    let [mut first, second, mut third] = Segments::load().consecutive();
    std::mem::swap(&mut first.inner_transactions, &mut third.inner_transactions);
    let error = refused([first.clone(), second.clone(), third.clone()], 0, NOTHING);
    assert!(matches!(error, SettleError::InnerTransaction { index: 0, .. }), "{error}");
    std::mem::swap(&mut first.inner_transactions, &mut third.inner_transactions);

    std::mem::swap(&mut first.events, &mut third.events);
    let error = refused([first, second, third], 0, NOTHING);
    assert!(matches!(error, SettleError::Events { .. }), "{error}");
}

#[test]
fn every_segment_is_for_this_chain_and_submitter_over_a_block_of_ours() {
    let Segments { first, foreign, .. } = Segments::load();
    let error = refused([first.clone(), foreign.clone()], 1, AFTER_FIRST);
    let this = Felt::from_bytes_be_slice(b"SN_SEPOLIA");
    assert_eq!(error, SettleError::ChainId { expected: this, found: Felt::from(5) });
    assert_eq!(refused([foreign.clone(), first.clone()], 0, NOTHING), error);

    let all = check(&chain(), &package([first, foreign])).errors;
    let all: Vec<_> = all.into_iter().map(|it| (it.segment, it.error)).collect();
    assert!(
        matches!(
            all.as_slice(),
            [
                (1, SettleError::ChainId { .. }),
                (1, SettleError::Submitter { .. }),
                (1, SettleError::NotYet { .. })
            ]
        ),
        "{all:?}"
    );
}

#[test]
fn a_check_goes_on_behind_a_segment_that_fails() {
    let [first, mut second, third] = Segments::load().consecutive();
    second.statement.submitter = first.statement.contracts[0].address;
    let found = check(&chain(), &package([first, second, third]));
    // The third is looked at on what the second would leave; the second's proof is of another statement.
    let errors: Vec<_> = found.errors.iter().map(|it| (it.segment, &it.error)).collect();
    assert!(
        matches!(errors.as_slice(), [(1, SettleError::Submitter { .. }), (1, SettleError::Proof { .. })]),
        "{errors:?}"
    );
    assert_eq!(found.settled_segments, 0, "a bad proof spoils all");
}

#[test]
fn everything_reverts_with_the_envelopes_own_call() {
    let mut chain = chain();
    let to = chain.users[4].address;
    let thread =
        chain.users[0].thread(program(), whole().encode(), &[transfer(eth(), to, 2 * INITIAL_BALANCE)]);
    let receipt = chain.block(vec![thread]).receipts.remove(0);
    let settled = outcome(&receipt);
    assert!(matches!(settled.error, Some(SettleError::Execution { .. })), "{:?}", settled.error);
    assert_eq!((settled.settled_segments, settled.failed_segment), (0, None));
    assert_eq!(holdings(&chain), NOTHING);
    assert!(matches!(receipt.status, ExecutionStatus::Reverted { .. }));
}

#[test]
fn everything_reverts_with_calls_that_no_block_can_hold() {
    let mut chain = TestChain::with_small_blocks(5);
    chain.advance(2);
    chain.users[0].bounds = bounds(10_000_000_000, 1_000_000);
    let calldata = vec![Felt::ZERO, Felt::from(84_000)];
    let too_many = Call { to: class::greedy(), entry_point: "read", calldata };
    let thread = chain.users[0].thread(program(), whole().encode(), &[too_many]);
    let receipt = chain.block(vec![thread]).receipts.remove(0);
    let settled = outcome(&receipt);
    let Some(SettleError::Execution { reason }) = &settled.error else { panic!("{settled:?}") };
    assert_eq!(reason, "larger than any block: sierra_gas, proving_gas");
    assert_eq!((settled.settled_segments, settled.failed_segment), (0, None));
    assert_eq!((holdings(&chain), chain.nonce(chain.users[0].address)), (NOTHING, 1));
    let calls_and_package = 84_000 * 24_000 + minimal_l2_gas(&whole(), whole().encode().len()).0;
    assert!(receipt.gas.l2_gas.0 > calls_and_package, "{}", receipt.gas.l2_gas);
}

#[test]
fn the_bounds_cover_the_proofs_of_all_segments() {
    let mut chain = chain();
    let package = whole();
    let bytes = package.encode();
    let minimal = minimal_l2_gas(&package, bytes.len()).0;
    let one = Package::from(package.segments[0].clone());
    assert!(minimal > minimal_l2_gas(&one, bytes.len()).0);

    chain.users[0].bounds = bounds(minimal - 1, 100_000);
    let refused = chain.executor.admit(chain.users[0].clone().thread(program(), bytes.clone(), &[]));
    assert!(matches!(refused, Err(AdmitError::InsufficientResources(_))), "{refused:?}");

    // Enough to verify, too little to settle: nothing does, and all that was offered is owed.
    chain.users[0].bounds = bounds(minimal + 500_000, 100_000);
    let before = chain.balance(strk(), chain.users[0].address);
    let receipt = settle(&mut chain, &package);
    let Some(SettleError::Execution { reason }) = &outcome(&receipt).error else { panic!("another error") };
    assert!(reason.contains("nsufficient max L2Gas"), "{reason}");
    assert_eq!((outcome(&receipt).settled_segments, holdings(&chain)), (0, NOTHING));
    assert_eq!(chain.balance(strk(), chain.users[0].address), before - receipt.actual_fee.0);
    assert!(receipt.actual_fee.0 > u128::from(minimal - 1_000_000) * 1_000_000_000);
}

/// L2 gas of reading what a segment read.
fn reading(statement: &Statement) -> u64 {
    statement.classes.len() as u64 * CLASS_L2_GAS + precondition_count(statement) as u64 * PRECONDITION_L2_GAS
}

/// L2 gas of writing what it wrote.
fn writing(statement: &Statement) -> u64 {
    diff_entry_count(statement) as u64 * DIFF_ENTRY_L2_GAS
}

#[test]
fn what_was_done_is_paid_for_and_nothing_else() {
    let Segments { first, second, foreign, .. } = Segments::load();
    let gas = |package: &Package| {
        let found = check(&chain(), package);
        (found.settled_segments, found.fee.gas.l2_gas.0 - package.encode().len() as u64 * PACKAGE_BYTE_L2_GAS)
    };
    // The second reads what the first has left; again, it reads it all and finds conflicts.
    let (settled, once) = gas(&package([first.clone(), second.clone()]));
    assert_eq!(settled, 2);
    let proofs =
        |segments: &[&Segment]| minimal_l2_gas(&package(segments.iter().map(|it| (*it).clone())), 0).0;
    let (settled, again) = gas(&package([first.clone(), second.clone(), second.clone()]));
    assert_eq!(settled, 2);
    assert_eq!(again - once, proofs(&[&second]) + reading(&second.statement));

    // Of a segment for another chain, nothing is read.
    let (settled, foreign_too) = gas(&package([first.clone(), second.clone(), foreign.clone()]));
    assert_eq!((settled, foreign_too - once), (2, proofs(&[&foreign])));

    // If the very first segment conflicts, no proof is paid for.
    let (settled, none) = gas(&package([second.clone(), first.clone()]));
    let (_, alone) = gas(&package([second.clone()]));
    assert_eq!((settled, none), (0, alone));
    assert!(none + proofs(&[&second, &first]) + writing(&second.statement) <= once);
}

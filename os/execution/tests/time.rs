//! Time in threads: what a sub-block may have seen, and what not. See `docs/soundness.md`.

use std::collections::BTreeSet;

use starknet_api::abi::abi_utils::get_fee_token_var_address;
use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;
use zkthreads_execution::hardened::HARDENING;
use zkthreads_execution::{
    AdmitError, ChainConfig, OsVersion, RuleLine, RuleLines, Submission, ThreadCheck, ThreadRules,
};
use zkthreads_program::os_program;
use zkthreads_protocol::{
    ExecutedClass, LogicalTime, OsProgramHash, Package, Segment, SettleError, StaleCell, StateCell,
};
use zkthreads_storage::{CellWrite, Receipt};
use zkthreads_sub_block::Hardened;

use crate::support::chain::{GENESIS, Sealed, assert_succeeded, config, settle_error};
use crate::support::echo::ECHO_PROGRAM;
use crate::support::segments::{self, Segments};
use crate::support::thread::{package, sub_block_over};
use crate::support::{Call, TestChain, User, bounds, class, eth, strk, transfer};

/// Seconds after the genesis.
fn at(seconds: u64) -> BlockTimestamp {
    BlockTimestamp(GENESIS.0 + seconds)
}

fn chain_with(max_lag: u64, users: u64) -> TestChain {
    let thread_rules = RuleLines::always(ThreadRules::new(20, max_lag));
    TestChain::with_config(ChainConfig { thread_rules, ..config() }, users, |_| {})
}

/// An empty block at a time.
fn block_at(chain: &TestChain, seconds: u64) -> Sealed {
    chain.put_into(chain.open_at(at(seconds)), vec![])
}

/// A block at a time, of what is only prepared: the door sees another state.
fn put_at(chain: &TestChain, seconds: u64, submissions: Vec<Submission>) -> Vec<Receipt> {
    let prepare = |submission| chain.executor.prepare(submission, false).expect("prepared");
    let prepared = submissions.into_iter().map(prepare).collect();
    chain.put_into(chain.open_at(at(seconds)), prepared).receipts
}

fn whole(segments: impl IntoIterator<Item = Segment>) -> Package {
    Package { segments: segments.into_iter().collect() }
}

/// A sub-block of one ETH transfer by user 1, as if it had been executed over block `base` at a time.
fn made_at(chain: &mut TestChain, base: u64, seconds: u64) -> Package {
    let (submitter, to) = (chain.users[0].address, chain.users[3].address);
    let mut sender = chain.users[1].clone();
    sender.nonce = chain.nonce(sender.address);
    let transactions = vec![sender.inner(&[transfer(eth(), to, 3)])];
    let executed = sub_block_over(chain, BlockNumber(base), submitter, transactions);
    let mut package = package(&executed, b"not a proof".to_vec());
    package.segments[0].statement.base_block.timestamp = at(seconds);
    package
}

fn program(package: &Package) -> Felt {
    let is_proven = package.segments.iter().all(|segment| segment.proof.len() > 100);
    if is_proven { ECHO_PROGRAM.hash().0 } else { os_program().hash().0 }
}

fn check(chain: &TestChain, package: &Package) -> ThreadCheck {
    let submitter = chain.users[0].address;
    chain.executor.check_thread(submitter, OsProgramHash(program(package)), &package.encode()).unwrap()
}

fn thread(chain: &mut TestChain, package: &Package, calls: &[Call]) -> Submission {
    chain.users[0].thread(program(package), package.encode(), calls)
}

/// Settles a package in a block at a time.
fn settle_at(chain: &mut TestChain, package: &Package, seconds: u64) -> Receipt {
    let thread = thread(chain, package, &[]);
    put_at(chain, seconds, vec![thread]).remove(0)
}

/// Why the first segment of a package does not settle in a block at a time; its proof aside, nothing is wrong otherwise.
fn error_at(chain: &mut TestChain, package: &Package, seconds: u64) -> Option<SettleError> {
    match settle_error(&settle_at(chain, package, seconds)) {
        SettleError::Proof { .. } => None,
        error => Some(error),
    }
}

fn stale_cells(error: SettleError) -> Vec<StaleCell> {
    let SettleError::StaleBase { cells, .. } = error else { panic!("another error: {error}") };
    cells
}

fn balance_cell(owner: ContractAddress) -> StateCell {
    StateCell::Storage(get_fee_token_var_address(owner))
}

fn last_write(chain: &TestChain, token: ContractAddress, owner: ContractAddress) -> Option<CellWrite> {
    chain.state().stored().written_after(BlockNumber(0), token, balance_cell(owner)).unwrap()
}

/// Writes a cell with the value that it has, by way of another one: in two blocks.
fn there_and_back(chain: &TestChain, token: ContractAddress, owner: ContractAddress) {
    let key = get_fee_token_var_address(owner);
    let value = chain.state().storage(token, key).unwrap();
    for value in [value + Felt::ONE, value] {
        let mut open = chain.open();
        open.write_storage(token, key, value).unwrap();
        chain.executor.commit(open.seal().unwrap()).unwrap();
    }
}

#[test]
fn a_cell_that_was_written_after_the_base_is_stale_whatever_its_value() {
    let mut chain = segments::chain();
    let owner = chain.users[3].address;
    let package = made_at(&mut chain, 2, 0);
    there_and_back(&chain, eth(), owner);
    let found = check(&chain, &package);
    let [error] = found
        .errors
        .iter()
        .filter(|it| !matches!(it.error, SettleError::Proof { .. }))
        .collect::<Vec<_>>()[..]
    else {
        panic!("{:?}", found.errors)
    };
    let error = error.error.clone();
    let message = error.to_string();
    assert!(message.contains("was written in block 4, base is 2"), "{message}");
    let stale =
        StaleCell { contract: eth(), cell: balance_cell(owner), block: BlockNumber(4), sub_block: None };
    assert_eq!(stale_cells(error.clone()), [stale]);
    assert_eq!(error_at(&mut chain, &package, 0), Some(error));

    // Over the block that wrote it, it has been seen.
    let again = made_at(&mut chain, 4, 0);
    assert_eq!(error_at(&mut chain, &again, 0), None);
}

#[test]
fn nonces_and_classes_count_as_well() {
    let mut chain = segments::chain();
    let (account, to) = (chain.users[1].address, chain.users[4].address);
    let own = chain.users[1].invoke(&[transfer(strk(), to, 1)]);
    assert_succeeded(&chain.block(vec![own]).receipts[0]);
    let transfers = made_at(&mut chain, 2, 0);
    let stale = stale_cells(error_at(&mut chain, &transfers, 0).unwrap());
    let nonce =
        StaleCell { contract: account, cell: StateCell::Nonce, block: BlockNumber(3), sub_block: None };
    assert_eq!(stale, [nonce]);

    let mut newcomer = User::undeployed(77, chain.executor.config().chain_id.clone());
    let gift = chain.users[4].invoke(&[transfer(strk(), newcomer.address, 1_000_000_000_000_000_000)]);
    assert_succeeded(&chain.block(vec![gift]).receipts[0]);
    let deployment = newcomer.deploy_account();
    assert_succeeded(&chain.block(vec![deployment]).receipts[0]);
    let deployed = chain.executor.storage().latest().unwrap().unwrap();
    let submitter = chain.users[0].address;
    let spend = newcomer.inner(&[transfer(strk(), to, 5)]);
    let executed = sub_block_over(&chain, BlockNumber(deployed.0 - 1), submitter, vec![spend]);
    let deployed = package(&executed, b"not a proof".to_vec());
    let stale = stale_cells(error_at(&mut chain, &deployed, 0).unwrap());
    let cells: BTreeSet<_> =
        stale.iter().filter(|stale| stale.contract == newcomer.address).map(|stale| stale.cell).collect();
    assert!(cells.contains(&StateCell::ClassHash) && cells.contains(&StateCell::Nonce), "{cells:?}");
}

#[test]
fn a_class_that_was_declared_after_the_base_is_too_new() {
    let mut chain = segments::chain();
    let (class_hash, record) = class::PROBE.clone();
    let mut package = made_at(&mut chain, 2, 0);
    let compiled_class_hash = record.hardened(HARDENING).and_then(Hardened::compiled_class_hash).unwrap();
    let used = ExecutedClass { class_hash, compiled_class_hash, gas_metered: false };
    let classes = &mut package.segments[0].statement.classes;
    classes.push(used);
    classes.sort_by_key(|class| class.class_hash);
    chain.users[4].bounds = bounds(1_000_000_000, 1_000_000);
    let declaration = chain.users[4].declare(class::probe(), record.compiled_class_hash.0);
    let declaration = chain.executor.prepare(declaration, false).unwrap();
    // In the block that declares it, too.
    let thread = thread(&mut chain, &package, &[]);
    let thread = chain.executor.prepare(thread, false).unwrap();
    let receipts = chain.put(vec![declaration, thread]).receipts;
    assert_succeeded(&receipts[0]);
    let too_new = SettleError::ClassTooNew { class_hash, declared_at: 3, base: 2 };
    assert_eq!(settle_error(&receipts[1]), too_new);
    assert_eq!(error_at(&mut chain, &package, 0), Some(too_new));
    package.segments[0].statement.base_block.number = BlockNumber(3);
    assert_eq!(error_at(&mut chain, &package, 0), None);
}

#[test]
fn what_a_sub_block_wrote_is_as_old_as_the_sub_block() {
    let mut chain = segments::chain();
    chain.advance(6);
    let Segments { first, .. } = Segments::load();
    let settled = settle_at(&mut chain, &whole([first]), 0);
    assert_succeeded(&settled);
    let block = chain.executor.storage().latest().unwrap().unwrap();
    assert_eq!(block, BlockNumber(9));

    // Its base is block 2. What reads its writes may be based on that block, or any later one.
    let receiver = chain.users[3].address;
    let time = LogicalTime { number: BlockNumber(2), timestamp: GENESIS };
    assert_eq!(last_write(&chain, eth(), receiver), Some(CellWrite { block, sub_block: Some(time) }));
    for base in [2, 5, 9] {
        let package = made_at(&mut chain, base, 0);
        assert_eq!(error_at(&mut chain, &package, 0), None, "over block {base}");
    }
    let too_old = made_at(&mut chain, 1, 0);
    let stale = stale_cells(error_at(&mut chain, &too_old, 0).unwrap());
    assert!(stale.iter().all(|cell| cell.block == block && cell.sub_block == Some(time)), "{stale:?}");
    let cells: BTreeSet<_> = stale.iter().map(|stale| (stale.contract, stale.cell)).collect();
    let (sender, nonce) = (chain.users[1].address, StateCell::Nonce);
    assert!(
        cells.contains(&(eth(), balance_cell(receiver))) && cells.contains(&(sender, nonce)),
        "{cells:?}"
    );

    // An ordinary write is the block's again.
    let gift = chain.users[4].invoke(&[transfer(eth(), receiver, 1)]);
    assert_succeeded(&chain.block(vec![gift]).receipts[0]);
    let block = chain.executor.storage().latest().unwrap().unwrap();
    assert_eq!(last_write(&chain, eth(), receiver), Some(CellWrite { block, sub_block: None }));
}

#[test]
fn within_a_block_it_is_the_same() {
    let mut chain = segments::chain();
    chain.advance(1);
    let [first, second, _] = Segments::load().consecutive();
    let mut later = second.clone();
    later.statement.base_block.number = BlockNumber(3);
    let mut earlier = second.clone();
    earlier.statement.base_block.number = BlockNumber(1);
    // The second as it is settles; over a later block it lacks its proof only; over an earlier one it is stale.
    let threads = [whole([first.clone()]), whole([earlier]), whole([later]), whole([second])]
        .map(|it| thread(&mut chain, &it, &[]));
    let receipts = put_at(&chain, 0, threads.into());
    assert_succeeded(&receipts[0]);
    assert!(matches!(settle_error(&receipts[1]), SettleError::StaleBase { .. }));
    assert!(matches!(settle_error(&receipts[2]), SettleError::Proof { .. }));
    assert_succeeded(&receipts[3]);

    // An ordinary write before a thread makes it stale, if the value is the same: user 4 gives, user 4 takes.
    let mut chain = segments::chain();
    let mut open = chain.open();
    let (key, token) = (get_fee_token_var_address(chain.users[3].address), eth());
    let value = chain.state().storage(token, key).unwrap();
    open.write_storage(token, key, value + Felt::ONE).unwrap();
    let changed = thread(&mut chain, &whole([first.clone()]), &[]);
    let changed = open.execute(chain.executor.prepare(changed, false).unwrap()).unwrap();
    assert!(matches!(settle_error(&changed.transaction.receipt), SettleError::Conflicts(_)));
    // What is put back within the block was never written.
    open.write_storage(token, key, value).unwrap();
    let put_back = thread(&mut chain, &whole([first]), &[]);
    let put_back = open.execute(chain.executor.prepare(put_back, false).unwrap()).unwrap();
    assert_succeeded(&put_back.transaction.receipt);
}

#[test]
fn segments_are_judged_on_what_those_before_them_wrote() {
    let chain = segments::chain();
    chain.advance(1);
    let [first, second, _] = Segments::load().consecutive();
    let mut later = first.clone();
    later.statement.base_block.number = BlockNumber(3);
    let found = check(&chain, &whole([later, second]));
    let stale = found.errors.iter().find(|it| it.segment == 1).expect("the second is at fault");
    assert!(matches!(stale.error, SettleError::StaleBase { .. }), "{:?}", found.errors);
}

#[test]
fn what_calls_write_over_a_segment_is_the_blocks() {
    let [first, ..] = Segments::load().consecutive();
    let mut chain = segments::chain();
    let receiver = chain.users[3].address;
    let calls = [transfer(eth(), receiver, 7)];
    let thread = thread(&mut chain, &whole([first]), &calls);
    assert_succeeded(&chain.forced_block(vec![thread]).receipts[0]);
    let block = chain.executor.storage().latest().unwrap().unwrap();
    assert_eq!(last_write(&chain, eth(), receiver), Some(CellWrite { block, sub_block: None }));
    let sender = last_write(&chain, eth(), chain.users[1].address).unwrap();
    assert_eq!(sender.sub_block.map(|time| time.number), Some(BlockNumber(2)));
    // The fee's transfer, which is of no sub-block.
    let fee = last_write(&chain, strk(), chain.users[0].address).unwrap();
    assert_eq!(fee, CellWrite { block, sub_block: None });
}

#[test]
fn calls_do_not_meet_segments_of_another_time() {
    let [first, ..] = Segments::load().consecutive();
    let mut chain = segments::chain();
    let (receiver, stranger) = (chain.users[3].address, chain.users[4].address);
    let mixed = thread(&mut chain, &whole([first.clone()]), &[transfer(eth(), receiver, 7)]);
    let receipt = put_at(&chain, 5, vec![mixed]).remove(0);
    let expected = SettleError::MixedTimes {
        contract: eth(),
        cell: balance_cell(receiver),
        timestamp: GENESIS.0,
        now: GENESIS.0 + 5,
    };
    assert_eq!(settle_error(&receipt), expected);
    // Nothing of it remains but its fee, and no time.
    assert_eq!(last_write(&chain, eth(), receiver), None);

    let apart = thread(&mut chain, &whole([first]), &[transfer(eth(), stranger, 7)]);
    assert_succeeded(&put_at(&chain, 5, vec![apart])[0]);
}

#[test]
fn the_time_lies_between_base_and_block_and_not_too_far_behind_the_parent() {
    let mut chain = chain_with(60, 4);
    block_at(&chain, 10);
    let made = |chain: &mut TestChain, seconds| made_at(chain, 1, seconds);

    let before_base = made(&mut chain, 9);
    assert_eq!(error_at(&mut chain, &before_base, 10), Some(SettleError::BaseBlockContext { number: 1 }));
    let early = made(&mut chain, 11);
    let not_yet = SettleError::NotYet { timestamp: GENESIS.0 + 11, now: GENESIS.0 + 10 };
    assert_eq!(error_at(&mut chain, &early, 10), Some(not_yet.clone()));
    assert!(check(&chain, &early).errors.iter().any(|it| it.error == not_yet));
    assert_eq!(error_at(&mut chain, &early, 11), None);

    // An hour in which nothing happened: nobody has seen a later time.
    let base = chain.executor.storage().latest().unwrap().unwrap();
    let idle = made_at(&mut chain, base.0, 11);
    let first = thread(&mut chain, &idle, &[]);
    let stranger = chain.users[3].address;
    let ordinary = chain.users[2].invoke(&[transfer(strk(), stranger, 1)]);
    let second = thread(&mut chain, &idle, &[]);
    let receipts = put_at(&chain, 3_600, vec![first, ordinary, second]);
    assert!(matches!(settle_error(&receipts[0]), SettleError::Proof { .. }), "nothing else is wrong with it");
    assert_succeeded(&receipts[1]);
    let too_late = SettleError::TooLate { timestamp: GENESIS.0 + 11, lag: 3_589, max_lag: 60 };
    assert_eq!(settle_error(&receipts[2]), too_late, "somebody has seen the block's time");

    // Now the parent is from then.
    let mut made_at = |seconds| made_at(&mut chain, 1, seconds);
    let (just, too_late) = (made_at(3_540), made_at(3_539));
    assert_eq!(error_at(&mut chain, &just, 3_600), None);
    let expected = SettleError::TooLate { timestamp: GENESIS.0 + 3_539, lag: 61, max_lag: 60 };
    assert_eq!(error_at(&mut chain, &too_late, 3_600), Some(expected.clone()));
    assert!(check(&chain, &too_late).errors.iter().any(|it| it.error == expected));

    // What can never settle any more is refused at the door, and so is what is too far ahead; what is early is not.
    let admitted = |package: &Package| {
        let submission = chain.users[0].clone().thread(program(package), package.encode(), &[]);
        chain.executor.admit(submission).map(drop)
    };
    let refused = |admitted: Result<(), AdmitError>| match admitted {
        Err(AdmitError::Unsettleable(it)) => it.error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(admitted(&too_late)), expected);
    let (ahead, too_far) = (made_at_in(&just, 3_600 + 600), made_at_in(&just, 3_600 + 601));
    admitted(&ahead).expect("it waits");
    assert!(matches!(refused(admitted(&too_far)), SettleError::NotYet { .. }));
}

/// The package with another time.
fn made_at_in(package: &Package, seconds: u64) -> Package {
    let mut package = package.clone();
    package.segments[0].statement.base_block.timestamp = at(seconds);
    package
}

#[test]
fn in_the_strict_form_time_never_goes_back() {
    let mut chain = chain_with(0, 5);
    block_at(&chain, 10);
    let stranger = chain.users[3].address;
    let (just, late) = (made_at(&mut chain, 1, 10), made_at(&mut chain, 1, 12));
    let too_late =
        |seconds: u64, lag| Some(SettleError::TooLate { timestamp: GENESIS.0 + seconds, lag, max_lag: 0 });
    assert_eq!(error_at(&mut chain, &just, 20), None);
    assert_eq!(error_at(&mut chain, &late, 20), too_late(12, 8), "the parent is from 20 by now");

    // An ordinary transaction has seen the block's time; what nobody has called has seen its own.
    let ordinary = chain.users[2].invoke(&[transfer(strk(), stranger, 1)]);
    let mut package = |seconds| made_at(&mut chain, 1, seconds);
    let (same, after) = (package(25), package(30));
    let threads = [&same, &after].map(|package| thread(&mut chain, package, &[]));
    let [first, last] = threads;
    let receipts = put_at(&chain, 30, vec![first, ordinary, last]);
    assert!(matches!(settle_error(&receipts[0]), SettleError::Proof { .. }));
    assert!(matches!(settle_error(&receipts[2]), SettleError::Proof { .. }));
    let ordinary = chain.users[2].invoke(&[transfer(strk(), stranger, 1)]);
    let earlier = thread(&mut chain, &made_at_in(&same, 31), &[]);
    let receipts = put_at(&chain, 32, vec![ordinary, earlier]);
    assert_eq!(Some(settle_error(&receipts[1])), too_late(31, 1));
}

#[test]
fn in_the_strict_form_threads_and_segments_come_in_the_order_of_their_times() {
    let [first, second, _] = Segments::load().consecutive();
    let strict = || {
        let thread_rules = RuleLines::always(ThreadRules::new(20, 0));
        let chain = TestChain::with_config(ChainConfig { thread_rules, ..config() }, 5, |_| {});
        chain.advance(2);
        chain
    };
    // The fixture is of the genesis' time, as is the chain: all settle.
    let mut chain = strict();
    let [one, two] = [&first, &second].map(|segment| thread(&mut chain, &whole([segment.clone()]), &[]));
    chain.forced_block(vec![one, two]).receipts.iter().for_each(assert_succeeded);

    // A thread whose call has seen the block's time is the last one before that. (An account that does something although its
    // envelope asks for nothing would be one without anybody knowing: see `thread::settle`.)
    // Of one whose time has not come everything else is told as if it had.
    let mut early = first.clone();
    early.statement.base_block.timestamp = at(9);
    let found = check(&strict(), &whole([early]));
    let errors: Vec<_> = found.errors.iter().map(|it| &it.error).collect();
    assert!(matches!(errors[..], [SettleError::Proof { .. }, SettleError::NotYet { .. }]), "{errors:?}");
    assert_eq!((found.would_settle, found.settled_segments), (false, 0));

    let mut chain = strict();
    let stranger = chain.users[4].address;
    let calling = thread(&mut chain, &whole([first.clone()]), &[transfer(eth(), stranger, 1)]);
    let late = thread(&mut chain, &whole([second.clone()]), &[]);
    let receipts = put_at(&chain, 3, vec![calling, late]);
    assert_succeeded(&receipts[0]);
    let too_late = SettleError::TooLate { timestamp: GENESIS.0, lag: 3, max_lag: 0 };
    assert_eq!(settle_error(&receipts[1]), too_late);

    let chain = strict();
    let mut ahead = first;
    ahead.statement.base_block.timestamp = at(2);
    let found = check(&chain, &whole([ahead, second]));
    let error = found.errors.iter().find(|it| it.segment == 1).expect("the second is at fault");
    assert!(matches!(error.error, SettleError::TooLate { lag: 2, .. }), "{:?}", found.errors);
}

#[test]
fn an_os_settles_what_was_made_while_it_was_active_until_it_is_retired() {
    let version = |active_from, retired_from: Option<u64>| {
        let active_from = BlockNumber(active_from);
        OsVersion { program: os_program().clone(), active_from, retired_from: retired_from.map(BlockNumber) }
    };
    let error_with = |version: OsVersion| {
        let config = ChainConfig { os_versions: vec![version], ..config() };
        let mut chain = TestChain::with_config(config, 4, |_| {});
        chain.advance(3);
        let package = made_at(&mut chain, 2, 0);
        error_at(&mut chain, &package, 0)
    };
    let inactive = Some(SettleError::OsVersion { os_program_hash: os_program().hash().0 });
    assert_eq!(error_with(version(0, None)), None);
    assert_eq!(error_with(version(2, Some(5))), None);
    assert_eq!(error_with(version(3, None)), inactive, "it became active after the base");
    assert_eq!(error_with(version(0, Some(4))), inactive, "it is retired");
}

#[test]
fn rules_are_those_of_the_settling_block() {
    let rules = |max_lag| ThreadRules::new(20, max_lag);
    let line = |from, max_lag| RuleLine { from: BlockNumber(from), rules: rules(max_lag) };
    let thread_rules = RuleLines::try_from(vec![line(0, 60), line(3, 5)]).unwrap();
    let mut chain = TestChain::with_config(ChainConfig { thread_rules, ..config() }, 4, |_| {});
    block_at(&chain, 10);
    let package = made_at(&mut chain, 1, 10);
    assert_eq!(error_at(&mut chain, &package, 20), None, "in block 2");
    let too_late = SettleError::TooLate { timestamp: GENESIS.0 + 10, lag: 10, max_lag: 5 };
    assert_eq!(error_at(&mut chain, &package, 20), Some(too_late), "in block 3");
}

#[test]
fn times_are_undone_with_their_block() {
    let mut chain = segments::chain();
    let [first, ..] = Segments::load().consecutive();
    let receiver = chain.users[3].address;
    let package = whole([first]);
    assert_succeeded(&settle_at(&mut chain, &package, 0));
    assert!(last_write(&chain, eth(), receiver).unwrap().sub_block.is_some());
    chain.executor.storage().revert_to(BlockNumber(2)).unwrap();
    assert_eq!(last_write(&chain, eth(), receiver), None);

    // Opened again as it was shown, an open block knows the times as well.
    let mut open = chain.open();
    let mut submitter = chain.users[0].clone();
    submitter.nonce = 0;
    let thread = submitter.thread(program(&package), package.encode(), &[]);
    assert_succeeded(
        &open.execute(chain.executor.prepare(thread, false).unwrap()).unwrap().transaction.receipt,
    );
    let shown = open.pre_confirmed();
    drop(open);
    let reopened = chain.executor.reopen_block(&shown).unwrap();
    chain.executor.commit(reopened.seal().unwrap()).unwrap();
    assert!(last_write(&chain, eth(), receiver).unwrap().sub_block.is_some());
}

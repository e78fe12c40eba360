//! Threads that deploy contracts and replace classes, from the sub-block to the state. What the statements say is
//! blockifier's; a stand-in for the thread OS proves it (see `crate::support::echo`).

use crate::support::chain::{Sealed, assert_succeeded, settle_error};
use crate::support::echo::{ECHO_PROGRAM, prove_any};
use crate::support::thread::{errors_of, package, sub_block};
use crate::support::{Call, INITIAL_BALANCE, TestChain, User, address, class, eth, strk, transfer};
use blockifier::state::state_api::StateReader;
use starknet_api::core::{ClassHash, ContractAddress};
use starknet_types_core::felt::Felt;
use zkthreads_execution::thread::constants::diff_entry_count;
use zkthreads_execution::{AdmitError, Submission};
use zkthreads_protocol::{Conflict, EnvelopeError, Package, PackageError, SettleError, StateCell};

/// What the sub-block gives the account that it deploys.
const GIFT: u128 = 100_000_000_000_000_000_000;

fn udc() -> ContractAddress {
    address(0x0dc_u64)
}

/// A contract that replaces its class when asked to.
fn chameleon() -> ContractAddress {
    address(0xc4a_u64)
}

/// User 0 submits, users 1 to 3 are in sub-blocks, users 4 and 5 use the chain itself. All these chains are equal.
fn chain() -> TestChain {
    let chain = TestChain::extended(6, |genesis| {
        genesis.classes.extend([class::UDC.clone(), class::PROBE.clone(), class::BULK.clone()]);
        genesis.contracts.insert(udc(), class::UDC.0);
        genesis.contracts.insert(chameleon(), class::PROBE.0);
    });
    chain.advance(2);
    chain
}

/// Who gets an account.
fn newcomer(chain: &TestChain) -> User {
    User::undeployed(77, chain.executor.config().chain_id.clone())
}

/// Deploys the newcomer's account, whoever calls it.
fn deploy(newcomer: &User) -> Call {
    let (salt, not_from_zero) = (Felt::ZERO, Felt::ZERO);
    let calldata = vec![class::ACCOUNT.0.0, salt, not_from_zero, Felt::ONE, newcomer.public_key()];
    Call { to: udc(), entry_point: "deployContract", calldata }
}

fn upgrade() -> Call {
    Call { to: chameleon(), entry_point: "upgrade", calldata: vec![class::BULK.0.0] }
}

/// What only the chameleon's new class can do.
fn fill() -> Call {
    let calldata = [1_u64, 2, 3].map(Felt::from).to_vec();
    Call { to: chameleon(), entry_point: "fill", calldata }
}

/// A sub-block that deploys the newcomer's account, gives it some STRK, fails to give it more ETH than there is, and
/// replaces the chameleon's class.
fn first(chain: &mut TestChain) -> Package {
    let (submitter, newcomer) = (chain.users[0].address, newcomer(chain));
    let transactions = vec![
        chain.users[1].inner(&[deploy(&newcomer)]),
        chain.users[2].inner(&[transfer(strk(), newcomer.address, GIFT)]),
        chain.users[3].inner(&[transfer(eth(), newcomer.address, 2 * INITIAL_BALANCE)]),
        chain.users[3].inner(&[upgrade()]),
    ];
    let executed = sub_block(chain, submitter, transactions);
    assert!(executed.left_out.is_empty(), "{:?}", executed.left_out);
    package(&executed, Vec::new())
}

/// A sub-block in which the newcomer, deployed by the first one, spends some of what it got.
fn second(chain: &TestChain, newcomer: &mut User) -> Package {
    let to = chain.users[4].address;
    let spend = newcomer.inner(&[transfer(strk(), to, 5)]);
    package(&sub_block(chain, ContractAddress::default(), vec![spend]), Vec::new())
}

fn thread(chain: &mut TestChain, user: usize, package: &Package) -> Submission {
    chain.users[user].thread(ECHO_PROGRAM.hash().0, package.encode(), &[])
}

/// Makes a block: a thread, then ordinary transactions that need what it did. They are not admitted first, since the state that
/// would admit them is made by that block.
fn put(chain: &mut TestChain, newcomer: &mut User, thread: Submission) -> Sealed {
    let to = chain.users[4].address;
    let ordinary = [newcomer.invoke(&[transfer(strk(), to, 7)]), chain.users[4].invoke(&[fill()])];
    let submissions = [thread].into_iter().chain(ordinary);
    let prepare = |submission| chain.executor.prepare(submission, false).expect("prepared");
    let block = chain.put(submissions.map(prepare).collect());
    block.receipts.iter().for_each(assert_succeeded);
    block
}

fn class_hash(chain: &TestChain, contract: ContractAddress) -> ClassHash {
    chain.state().get_class_hash_at(contract).expect("reads")
}

#[test]
fn prove_once_and_settle_class_changes_everywhere() {
    let mut first = first(&mut chain());
    says_what_it_did(&first);
    prove_any(&mut first);

    settles_among_ordinary_transactions(&first);
    costs_what_an_ordinary_transaction_would(&first);
    conflicts_where_somebody_was_faster(&first);
    is_refused_once_changed(&first);
    is_seen_by_the_next_thread_of_its_block(&first);
}

fn says_what_it_did(package: &Package) {
    let chain = chain();
    let statement = &package.segments[0].statement;
    let reverted: Vec<bool> = statement.inner_transactions.iter().map(|outcome| outcome.reverted).collect();
    assert_eq!(reverted, [false, false, true, false]);
    let reasons: Vec<_> = package.segments[0]
        .inner_transactions
        .iter()
        .map(|included| included.revert_reason.as_deref())
        .collect();
    assert!(reasons[2].is_some_and(|reason| reason.contains("insufficient balance")), "{reasons:?}");
    assert_eq!(reasons.iter().flatten().count(), 1);

    let changes: Vec<_> = statement
        .contracts
        .iter()
        .filter(|contract| contract.changes_class())
        .map(|contract| (contract.address, contract.class_hash_before, contract.class_hash_after))
        .collect();
    let mut expected = vec![
        (newcomer(&chain).address, ClassHash::default(), class::ACCOUNT.0),
        (chameleon(), class::PROBE.0, class::BULK.0),
    ];
    expected.sort();
    assert_eq!(changes, expected);
}

fn settles_among_ordinary_transactions(package: &Package) {
    let mut chain = chain();
    let mut newcomer = newcomer(&chain);
    let account = newcomer.address;
    assert_eq!(class_hash(&chain, account), ClassHash::default());

    let thread = thread(&mut chain, 0, package);
    let block = put(&mut chain, &mut newcomer, thread);

    let number = block.header.block_header_without_hash.block_number;
    let diff = chain.executor.storage().state_diff(number).unwrap().unwrap();
    let mut classes: Vec<_> = diff.deployed_contracts.into_iter().collect();
    classes.sort();
    let mut expected = vec![(account, class::ACCOUNT.0), (chameleon(), class::BULK.0)];
    expected.sort();
    assert_eq!(classes, expected);

    let chain = chain.reopen();
    assert_eq!(class_hash(&chain, account), class::ACCOUNT.0);
    assert_eq!(class_hash(&chain, chameleon()), class::BULK.0);
    // The deployed account has sent one transaction, the reverted one cost its sender a nonce only.
    assert_eq!((chain.nonce(account), chain.nonce(chain.users[3].address)), (1, 2));
    assert_eq!(chain.balance(strk(), account), GIFT - 7 - block.receipts[1].actual_fee.0);
    assert_eq!(chain.balance(eth(), account), 0);
}

/// The class changes of a thread are written, published and paid for as everybody's.
fn costs_what_an_ordinary_transaction_would(package: &Package) {
    let mut without = package.clone();
    for contract in &mut without.segments[0].statement.contracts {
        contract.class_hash_after = contract.class_hash_before;
    }
    prove_any(&mut without);
    let [with, without] = [package, &without].map(|package| {
        let mut chain = chain();
        let thread = thread(&mut chain, 0, package);
        let receipt = chain.block(vec![thread]).receipts.remove(0);
        assert_succeeded(&receipt);
        (receipt.gas.l1_data_gas.0, diff_entry_count(&package.segments[0].statement))
    });
    // Two class hashes are published, and the chameleon's address and summary, since nothing else of it changes; each
    // a word of 32 bytes.
    assert_eq!(with.0 - without.0, (2 + 2) * 32);
    assert_eq!(with.1 - without.1, 2);
}

fn conflicts_where_somebody_was_faster(package: &Package) {
    let mut chain = chain();
    let newcomer = newcomer(&chain);
    let faster = [chain.users[4].invoke(&[deploy(&newcomer)]), chain.users[5].invoke(&[upgrade()])];
    let thread = thread(&mut chain, 0, package);
    let block = chain.block([faster.to_vec(), vec![thread]].concat());
    let SettleError::Conflicts(conflicts) = settle_error(&block.receipts[2]) else { panic!("another error") };
    let class_conflict = |contract, expected: ClassHash, found: ClassHash| Conflict {
        contract,
        cell: StateCell::ClassHash,
        expected: expected.0,
        found: found.0,
    };
    assert!(conflicts.contains(&class_conflict(newcomer.address, ClassHash::default(), class::ACCOUNT.0)));
    assert!(conflicts.contains(&class_conflict(chameleon(), class::PROBE.0, class::BULK.0)));
    // And what the account's constructor wrote.
    let written =
        |it: &&Conflict| it.contract == newcomer.address && matches!(it.cell, StateCell::Storage(_));
    assert_eq!(conflicts.iter().filter(written).count(), conflicts.len() - 2, "{conflicts:?}");
}

fn is_refused_once_changed(package: &Package) {
    let mut chain = chain();
    let mut other_class = package.clone();
    let contract =
        other_class.segments[0].statement.contracts.iter_mut().find(|it| it.is_deployed()).expect("deployed");
    contract.class_hash_after = class::STRK.0;
    let listed = other_class.segments[0].statement.classes.iter().any(|it| it.class_hash == class::STRK.0);
    assert!(listed, "its code ran");
    let mut other_outcome = package.clone();
    other_outcome.segments[0].statement.inner_transactions[2].reverted = false;
    other_outcome.segments[0].inner_transactions[2].revert_reason = None;
    for changed in [other_class, other_outcome] {
        let thread = thread(&mut chain, 0, &changed);
        let receipt = chain.block(vec![thread]).receipts.remove(0);
        assert!(matches!(settle_error(&receipt), SettleError::Proof { .. }));
    }

    let mut unlisted = package.clone();
    unlisted.segments[0].statement.classes.retain(|it| it.class_hash != class::BULK.0);
    let unlisted = thread(&mut chain, 0, &unlisted);
    let refused = chain.executor.admit(unlisted);
    let Err(AdmitError::Envelope(EnvelopeError::Package(PackageError::Statement(error)))) = refused else {
        panic!("{refused:?}")
    };
    assert!(error.to_string().contains("not listed"), "{error}");
}

/// A second sub-block is by the account that the first one deploys; both settle in one block.
fn is_seen_by_the_next_thread_of_its_block(package: &Package) {
    let mut second = {
        let mut fork = chain();
        let mut newcomer = newcomer(&fork);
        let thread = thread(&mut fork, 0, package);
        assert_succeeded(&fork.block(vec![thread]).receipts[0]);
        self::second(&fork, &mut newcomer)
    };
    second.segments[0].statement.base_block = package.segments[0].statement.base_block;
    prove_any(&mut second);

    let mut chain = chain();
    let account = newcomer(&chain).address;
    let too_early =
        chain.executor.check_thread(chain.users[5].address, ECHO_PROGRAM.hash(), &second.encode()).unwrap();
    let errors = errors_of(&too_early);
    let [SettleError::Conflicts(conflicts)] = errors.as_slice() else { panic!("{:?}", too_early.errors) };
    let deployed_later = Conflict {
        contract: account,
        cell: StateCell::ClassHash,
        expected: class::ACCOUNT.0.0,
        found: Felt::ZERO,
    };
    assert!(conflicts.contains(&deployed_later), "{conflicts:?}");

    let (first, last) = (thread(&mut chain, 0, package), thread(&mut chain, 5, &second));
    chain.forced_block(vec![first, last]).receipts.iter().for_each(assert_succeeded);
    assert_eq!(chain.nonce(account), 1);
    assert_eq!(class_hash(&chain, account), class::ACCOUNT.0);
}

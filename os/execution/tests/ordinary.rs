//! Ordinary transactions: admitted, executed, sealed, committed.

use std::sync::Arc;

use crate::support::chain::assert_succeeded;
use crate::support::{INITIAL_BALANCE, TestChain, User, bounds, class, eth, sequencer, strk, transfer};
use blockifier::state::state_api::StateReader;
use starknet_api::block::BlockNumber;
use starknet_api::contract_class::compiled_class_hash::{HashVersion, HashableCompiledClass};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_execution::class::compile;
use zkthreads_execution::{AdmitError, PendingBody, Submission};
use zkthreads_storage::{ClassDefinition, ExecutionStatus};

#[test]
fn transfers_move_tokens_and_pay_the_sequencer() {
    let mut chain = TestChain::new(2);
    let (alice, bob) = (chain.users[0].address, chain.users[1].address);
    let submissions = vec![
        chain.users[0].invoke(&[transfer(eth(), bob, 7)]),
        chain.users[0].invoke(&[transfer(eth(), bob, 5)]),
        chain.users[1].invoke(&[transfer(eth(), alice, 1)]),
    ];
    let block = chain.block(submissions);

    assert_eq!(block.receipts.len(), 3);
    block.receipts.iter().for_each(assert_succeeded);
    assert_eq!(chain.balance(eth(), bob), INITIAL_BALANCE + 12 - 1);
    assert_eq!((chain.nonce(alice), chain.nonce(bob)), (2, 1));
    let fees: u128 = block.receipts.iter().map(|receipt| receipt.actual_fee.0).sum();
    assert!(fees > 0);
    assert_eq!(chain.balance(strk(), sequencer()), fees);
    let paid = INITIAL_BALANCE - chain.balance(strk(), alice);
    assert_eq!(paid, block.receipts[0].actual_fee.0 + block.receipts[1].actual_fee.0);
    // The transfer's event, then the fee transfer's.
    assert_eq!(block.receipts[0].events.len(), 2);

    let header = &block.header;
    assert_eq!(header.block_header_without_hash.block_number, BlockNumber(1));
    assert_eq!((header.n_transactions, header.n_events), (3, 6));
    assert_eq!(chain.executor.latest_header().unwrap(), *header);
    let stored = chain.executor.storage().transactions(BlockNumber(1)).unwrap().unwrap();
    assert_eq!(stored[2].receipt, block.receipts[2]);

    let chain = chain.reopen();
    assert_eq!(chain.executor.latest_header().unwrap().block_hash, block.header.block_hash);
    assert_eq!(chain.balance(eth(), bob), INITIAL_BALANCE + 11);
}

#[test]
fn a_failing_call_reverts_and_pays() {
    let mut chain = TestChain::new(2);
    let (alice, bob) = (chain.users[0].address, chain.users[1].address);
    let too_much = chain.users[0].invoke(&[transfer(eth(), bob, INITIAL_BALANCE + 1)]);
    let receipt = chain.block(vec![too_much]).receipts.remove(0);
    let ExecutionStatus::Reverted { reason } = receipt.status else { panic!("succeeded") };
    assert!(reason.contains("insufficient balance"), "{reason}");
    assert_eq!(chain.nonce(alice), 1);
    assert_eq!(chain.balance(eth(), bob), INITIAL_BALANCE);
    assert_eq!(chain.balance(strk(), alice), INITIAL_BALANCE - receipt.actual_fee.0);
}

#[test]
fn the_same_blocks_have_the_same_roots() {
    let run = || {
        let mut chain = TestChain::new(3);
        let addresses: Vec<_> = chain.users.iter().map(|user| user.address).collect();
        let mut headers = vec![chain.executor.latest_header().unwrap()];
        for round in 1..=3_u128 {
            let submissions = (0..3)
                .map(|index| chain.users[index].invoke(&[transfer(eth(), addresses[(index + 1) % 3], round)]))
                .collect();
            headers.push(chain.block(submissions).header);
        }
        headers
    };
    let (first, second) = (run(), run());
    assert_eq!(first, second);
    let roots: std::collections::HashSet<Felt> =
        first.iter().map(|header| header.block_header_without_hash.state_root.0).collect();
    assert_eq!(roots.len(), 4);
}

#[test]
fn a_class_is_declared_once_and_only_under_its_own_compiled_hash() {
    let mut chain = TestChain::new(1);
    chain.users[0].bounds = bounds(1_500_000_000, 100_000);
    let probe = class::probe();
    let compiled = compile(probe.clone()).expect("compiles");
    let ClassDefinition::Sierra { casm, .. } = &compiled.definition else { panic!("not a Sierra class") };
    let poseidon_hash = casm.hash(&HashVersion::V1);
    assert_ne!(compiled.compiled_class_hash, poseidon_hash);

    let mut stranger = chain.users[0].clone();
    let wrong = stranger.declare(probe.clone(), poseidon_hash.0);
    assert!(matches!(chain.executor.admit(wrong), Err(AdmitError::CompiledClassHashMismatch { .. })));

    let mut newer = probe.clone();
    newer.sierra_program[1] = Felt::from(99);
    let refused = chain.executor.admit(stranger.clone().declare(newer, Felt::ONE));
    assert!(matches!(refused, Err(AdmitError::UnsupportedClassVersion(_))), "{refused:?}");
    let mut unknown = probe.clone();
    unknown.contract_class_version = "0.2.0".to_owned();
    let refused = chain.executor.admit(stranger.clone().declare(unknown, Felt::ONE));
    assert!(matches!(refused, Err(AdmitError::UnsupportedClassVersion(_))), "{refused:?}");
    let mut broken = probe.clone();
    broken.sierra_program.truncate(100);
    let refused = chain.executor.admit(stranger.clone().declare(broken.clone(), Felt::ONE));
    assert!(matches!(refused, Err(AdmitError::CompilationFailed(_))), "{refused:?}");
    let mut large = probe.clone();
    large.sierra_program.resize(100_000, Felt::ZERO);
    let refused = chain.executor.admit(stranger.declare(large, Felt::ONE));
    assert!(matches!(refused, Err(AdmitError::ClassTooLarge(_))), "{refused:?}");

    // Whoever has not signed has nothing compiled.
    let mut unsigned = chain.users[0].clone().declare(broken, Felt::ONE);
    let Submission::Declare { tx, .. } = &mut unsigned else { unreachable!() };
    tx.signature = chain.users[0].signature(Default::default());
    let refused = chain.executor.admit(unsigned);
    assert!(matches!(refused, Err(AdmitError::Validation(_))), "{refused:?}");

    let declare = chain.users[0].declare(probe.clone(), compiled.compiled_class_hash.0);
    // Whoever asks what it costs and then sends it has it compiled once.
    let prepared = [(); 2].map(|()| chain.executor.prepare(declare.clone(), false).expect("prepared").body);
    let [PendingBody::Declare { class: first, .. }, PendingBody::Declare { class: second, .. }] = &prepared
    else {
        unreachable!()
    };
    assert!(Arc::ptr_eq(first, second));
    let block = chain.block(vec![declare]);
    assert_succeeded(&block.receipts[0]);
    let class_hash = probe.calculate_class_hash();
    let stored = chain.executor.storage().class(class_hash).unwrap().expect("stored");
    assert_eq!(stored.declared_at, BlockNumber(1));
    assert_eq!(stored.compiled_class_hash, compiled.compiled_class_hash);
    assert!(chain.state().get_compiled_class(class_hash).is_ok());
    assert!(chain.executor.state_after(BlockNumber(0)).get_compiled_class(class_hash).is_err());

    let again = chain.users[0].declare(probe, compiled.compiled_class_hash.0);
    let refused = chain.executor.admit(again);
    assert!(matches!(refused, Err(AdmitError::ClassAlreadyDeclared(_))), "{refused:?}");
}

#[test]
fn an_account_is_deployed_and_used_in_one_block() {
    let mut chain = TestChain::new(1);
    let mut newcomer = User::undeployed(77, chain.executor.config().chain_id.clone());

    let poor = chain.executor.admit(newcomer.clone().deploy_account());
    assert!(matches!(poor, Err(AdmitError::InsufficientBalance(_))), "{poor:?}");

    let fund = chain.users[0].invoke(&[
        transfer(strk(), newcomer.address, INITIAL_BALANCE / 2),
        transfer(eth(), newcomer.address, 50),
    ]);
    chain.block(vec![fund]);
    let deploy = newcomer.deploy_account();
    // Its account does not exist yet: the signature is checked when the block includes it.
    let first = newcomer.invoke(&[transfer(eth(), chain.users[0].address, 20)]);
    let block = chain.block(vec![deploy.clone(), first]);
    block.receipts.iter().for_each(assert_succeeded);
    assert_eq!(block.receipts[0].deployed, Some(newcomer.address));
    assert_eq!(chain.balance(eth(), newcomer.address), 30);
    assert_eq!(chain.nonce(newcomer.address), 2);

    let again = chain.executor.admit(deploy);
    assert!(matches!(again, Err(AdmitError::InvalidNonce { .. })), "{again:?}");
}

#[test]
fn admission_refuses_what_no_block_would_take() {
    let mut chain = TestChain::new(2);
    let bob = chain.users[1].address;
    let call = [transfer(eth(), bob, 1)];
    let admit = |submission| chain.executor.admit(submission);

    let mut unsigned = chain.users[0].clone().signed_invoke(&call, None);
    unsigned.signature = chain.users[0].signature(Default::default());
    assert!(matches!(admit(Submission::Invoke(unsigned)), Err(AdmitError::Validation(_))));

    let mut ahead = chain.users[0].clone();
    ahead.nonce = 201;
    assert!(matches!(admit(ahead.invoke(&call)), Err(AdmitError::InvalidNonce { .. })));
    ahead.nonce = 200;
    assert!(admit(ahead.invoke(&call)).is_ok());

    let mut stingy = chain.users[0].clone();
    stingy.bounds = bounds(0, 0);
    assert!(matches!(admit(stingy.invoke(&call)), Err(AdmitError::InsufficientResources(_))));
    stingy.bounds = bounds(1_000, 1_000);
    assert!(matches!(admit(stingy.invoke(&call)), Err(AdmitError::InsufficientResources(_))));
    stingy.bounds = bounds(u64::MAX, 1_000);
    assert!(matches!(admit(stingy.invoke(&call)), Err(AdmitError::InsufficientBalance(_))));

    let mut nobody = User::new(99, chain.executor.config().chain_id.clone());
    let refused = admit(nobody.invoke(&call));
    assert!(
        matches!(refused, Err(AdmitError::InsufficientBalance(_) | AdmitError::Validation(_))),
        "{refused:?}"
    );

    let mut long = chain.users[0].clone();
    let calls = vec![call[0].clone(); 1_000];
    assert!(matches!(admit(long.invoke(&calls)), Err(AdmitError::Malformed(_))));

    // A block refuses a used nonce too, and is not the worse for it.
    let first = chain.users[0].invoke(&call);
    let mut open = chain.open();
    let first = chain.executor.admit(first).unwrap();
    open.execute(first.clone()).unwrap();
    assert!(open.execute(first).is_err());
    let second = chain.executor.admit(chain.users[0].invoke(&call)).unwrap();
    open.execute(second).unwrap();
    assert_eq!(open.len(), 2);
    chain.executor.commit(open.seal().unwrap()).unwrap();
    assert_eq!(chain.balance(eth(), bob), INITIAL_BALANCE + 2);
}

#[test]
fn old_block_hashes_are_stored_in_contract_one() {
    let chain = TestChain::new(1);
    chain.advance(11);
    let hash =
        |number: u64| chain.executor.storage().header(BlockNumber(number)).unwrap().unwrap().block_hash.0;
    let stored = |number: u64| chain.state().get_storage_at(1_u128.into(), StorageKey::from(number)).unwrap();
    assert_eq!((stored(0), stored(1)), (hash(0), hash(1)));
    assert_eq!(stored(2), Felt::ZERO);
}

//! A block while it is open: what others see of it, what it was told to change, and what it was opened with.

use std::time::Duration;

use crate::support::chain::{GENESIS, assert_succeeded};
use crate::support::{INITIAL_BALANCE, TestChain, User, address, bounds, class, eth, strk, transfer};
use starknet_api::abi::abi_utils::{get_fee_token_var_address, get_storage_var_address, selector_from_name};
use starknet_api::block::{
    BlockNumber, BlockTimestamp, GasPrice, GasPricePerToken, GasPriceVector, GasPrices,
};
use starknet_api::core::ContractAddress;
use starknet_api::transaction::fields::{Calldata, Fee};
use starknet_types_core::felt::Felt;
use zkthreads_execution::{AdmitError, BlockEnv, Executor, SimulationFlags, StateAt};

/// Ample time for a validation.
const LIMIT: Duration = Duration::from_secs(60);

const ESTIMATE: SimulationFlags =
    SimulationFlags { skip_validate: false, skip_fee_charge: true, nonces_may_be_ahead: true };

fn balance(executor: &Executor, at: impl Into<StateAt>, owner: ContractAddress) -> Felt {
    let calldata = Calldata(vec![*owner.0.key()].into());
    executor.call(at, eth(), selector_from_name("balance_of"), calldata).unwrap()[0]
}

fn prices(fri: u128, wei: u128) -> GasPrices {
    let all = |price: u128| {
        let price = GasPrice(price).try_into().unwrap();
        GasPriceVector { l1_gas_price: price, l1_data_gas_price: price, l2_gas_price: price }
    };
    GasPrices { eth_gas_prices: all(wei), strk_gas_prices: all(fri) }
}

#[test]
fn what_it_holds_is_seen_at_once_and_never_changes() {
    let mut chain = TestChain::new(2);
    let (alice, bob) = (chain.users[0].address, chain.users[1].address);
    let mut open = chain.open();
    let empty = open.pre_confirmed();
    let first = chain.executor.admit(chain.users[0].invoke(&[transfer(eth(), bob, 7)])).unwrap();
    let executed = open.execute(first.clone()).unwrap();
    let one = open.pre_confirmed();
    // The second builds on the first: nonce and signature hold on the open block's state only with it.
    let second = chain.users[0].invoke(&[transfer(eth(), bob, 5)]);
    let second = chain.executor.admit_at(&one.clone().into(), second).unwrap();
    open.execute(second).unwrap();
    let two = open.pre_confirmed();

    assert_eq!([empty.len(), one.len(), two.len()], [0, 1, 2]);
    assert_eq!(two.number(), BlockNumber(1));
    assert_eq!(two.parent_hash(), chain.executor.latest_header().unwrap().block_hash);
    assert_eq!(
        two.find(first.hash).map(|(index, found)| (index, found.transaction.hash)),
        Some((0, first.hash))
    );
    assert_eq!(two.transaction(0).unwrap().trace, executed.trace);
    assert!(one.transaction(1).is_none() && one.find(Default::default()).is_none());

    let at = |block: &zkthreads_execution::PreConfirmed| balance(&chain.executor, block.clone(), bob);
    let expected = [0, 7, 12].map(|more| Felt::from(INITIAL_BALANCE + more));
    assert_eq!([at(&empty), at(&one), at(&two)], expected);
    assert_eq!(balance(&chain.executor, BlockNumber(0), bob), expected[0]);
    let state = chain.executor.state(&two.clone().into());
    assert_eq!(state.nonce(alice).unwrap().0, Felt::TWO);
    assert_eq!(state.class_hash(alice).unwrap(), class::ACCOUNT.0);
    let cell = get_fee_token_var_address(bob);
    assert_eq!(state.storage(eth(), cell).unwrap(), expected[2]);
    assert_eq!(state.storage_changed_at(eth(), cell).unwrap(), Some(BlockNumber(1)));
    assert_eq!(state.stored().storage(eth(), cell).unwrap(), expected[0]);

    let diff = two.state_diff().unwrap();
    let sealed = open.seal().unwrap();
    // Closing a block gives its new keys short names, in a contract of the protocol's own.
    let mut sealed_diff = sealed.state_diff().clone();
    assert!(sealed_diff.storage_diffs.shift_remove(&address(2_u64)).is_some());
    assert_eq!(sealed_diff, diff);
    chain.executor.commit(sealed).unwrap();
    // What was shown of it stays as it was.
    assert_eq!([at(&empty), at(&one), at(&two)], expected);
}

#[test]
fn simulations_and_estimates_build_on_it() {
    let mut chain = TestChain::new(2);
    let bob = chain.users[1].address;
    let mut open = chain.open();
    let all = chain.users[0].invoke(&[transfer(eth(), bob, INITIAL_BALANCE)]);
    open.execute(chain.executor.admit(all).unwrap()).unwrap();
    let shown = open.pre_confirmed();

    let next = chain.users[0].clone().invoke(&[transfer(eth(), bob, 1)]);
    let next = chain.executor.prepare(next, false).unwrap();
    let simulate = |at: StateAt| chain.executor.simulate(at, vec![next.clone()], ESTIMATE).unwrap().remove(0);
    let (before, after) = (simulate(BlockNumber(0).into()), simulate(shown.clone().into()));
    assert_succeeded(&before.receipt);
    assert_ne!(after.receipt.status, before.receipt.status);
    assert_eq!(shown.len(), 1);
    assert_eq!(open.len(), 1);
}

#[test]
fn a_class_and_an_account_can_be_used_in_the_block_that_makes_them() {
    let mut chain = TestChain::new(1);
    chain.users[0].bounds = bounds(1_500_000_000, 100_000);
    let mut newcomer = User::undeployed(77, chain.executor.config().chain_id.clone());
    let mut open = chain.open();
    let fund = transfer(strk(), newcomer.address, INITIAL_BALANCE / 2);
    let declared = class::PROBE.1.compiled_class_hash.0;
    let submissions = [chain.users[0].invoke(&[fund]), chain.users[0].declare(class::probe(), declared)];
    for submission in submissions {
        let at = StateAt::from(open.pre_confirmed());
        open.execute(chain.executor.admit_at(&at, submission).unwrap()).unwrap();
    }
    let deploy = newcomer.deploy_account();
    assert!(matches!(chain.executor.admit(deploy.clone()), Err(AdmitError::InsufficientBalance(_))));
    let at = StateAt::from(open.pre_confirmed());
    open.execute(chain.executor.admit_at(&at, deploy).unwrap()).unwrap();

    let at = StateAt::from(open.pre_confirmed());
    let state = chain.executor.state(&at);
    assert_eq!(state.class_hash(newcomer.address).unwrap(), class::ACCOUNT.0);
    let record = state.class(class::PROBE.0).unwrap().unwrap();
    assert_eq!(record.declared_at, BlockNumber(1));
    assert!(chain.state().class(class::PROBE.0).unwrap().is_none());
    let again = chain.users[0].declare(class::probe(), declared);
    let again = chain.executor.admit_at(&at, again);
    assert!(matches!(again, Err(AdmitError::ClassAlreadyDeclared(_))), "{again:?}");
    let sealed = open.seal().unwrap();
    assert_eq!(sealed.commit.classes.len(), 1);
    chain.executor.commit(sealed).unwrap();
    assert!(chain.state().class(class::PROBE.0).unwrap().is_some());
}

#[test]
fn storage_can_be_written_without_a_transaction() {
    let mut chain = TestChain::new(2);
    let bob = chain.users[1].address;
    let (cell, nowhere) = (get_fee_token_var_address(bob), address(0xdead_u64));
    let mut open = chain.open();
    assert!(open.is_empty());
    open.write_storage(eth(), cell, 5.into()).unwrap();
    open.write_storage(nowhere, cell, 1.into()).unwrap();
    open.write_storage(nowhere, cell, 0.into()).unwrap();
    assert!(!open.is_empty() && open.pre_confirmed().is_empty());
    assert_eq!(balance(&chain.executor, open.pre_confirmed(), bob), Felt::from(5));
    let invoke = chain.users[0].invoke(&[transfer(eth(), bob, 2)]);
    let executed = open.execute(chain.executor.admit(invoke).unwrap()).unwrap();
    assert_eq!(executed.trace.state_diff.storage_diffs[&eth()][&cell], Felt::from(7));

    let sealed = open.seal().unwrap();
    assert_eq!(sealed.state_diff().storage_diffs[&eth()][&cell], Felt::from(7));
    assert!(!sealed.state_diff().storage_diffs.contains_key(&nowhere));
    chain.executor.commit(sealed).unwrap();
    assert_eq!(balance(&chain.executor, BlockNumber(1), bob), Felt::from(7));
}

#[test]
fn each_block_has_its_own_prices_and_time_and_so_have_questions_about_it() {
    let mut chain = TestChain::new(2);
    let bob = chain.users[1].address;
    let mut put = |fri: u128, seconds: u64| {
        let env = BlockEnv {
            timestamp: BlockTimestamp(GENESIS.0 + seconds),
            may_be_older: false,
            gas_prices: prices(fri, 3 * fri),
        };
        let mut open = chain.executor.open_block(env.clone()).unwrap();
        assert_eq!(open.env(), env);
        let invoke = chain.users[0].invoke(&[transfer(eth(), bob, 1)]);
        let invoke = chain.executor.admit_at(&open.pre_confirmed().into(), invoke).unwrap();
        let executed = open.execute(invoke).unwrap();
        let header = chain.executor.commit(open.seal().unwrap()).unwrap();
        (header, executed.transaction.receipt.clone())
    };
    let (cheap_header, cheap) = put(1_000_000_000, 10);
    let (dear_header, dear) = put(2_000_000_000, 20);
    assert_eq!((cheap.gas, Fee(2 * cheap.actual_fee.0)), (dear.gas, dear.actual_fee));
    let price =
        GasPricePerToken { price_in_fri: GasPrice(2_000_000_000), price_in_wei: GasPrice(6_000_000_000) };
    let header = &dear_header.block_header_without_hash;
    assert_eq!([header.l1_gas_price, header.l1_data_gas_price, header.l2_gas_price], [price; 3]);
    assert_eq!(BlockEnv::of(&cheap_header).unwrap().gas_prices, prices(1_000_000_000, 3_000_000_000));
    // A block is never older than its parent.
    let early = chain
        .executor
        .open_block(BlockEnv { timestamp: GENESIS, may_be_older: false, gas_prices: prices(1, 1) })
        .unwrap();
    assert_eq!(early.env().timestamp, header.timestamp);

    let query = chain.users[0].clone().invoke(&[transfer(eth(), bob, 1)]);
    let query = chain.executor.prepare(query, false).unwrap();
    let fee = |at: u64| {
        let estimate = chain.executor.simulate(BlockNumber(at), vec![query.clone()], ESTIMATE);
        estimate.unwrap().remove(0).fee
    };
    assert_eq!(fee(1).prices, prices(1_000_000_000, 1).strk_gas_prices);
    assert_eq!(fee(2).prices, prices(2_000_000_000, 1).strk_gas_prices);
    assert_eq!(fee(2).overall_fee, Fee(2 * fee(1).overall_fee.0));

    // Who offers less than the block's price is told at the door.
    let dear = chain
        .executor
        .open_block(BlockEnv { timestamp: GENESIS, may_be_older: false, gas_prices: prices(1 << 40, 1) })
        .unwrap();
    let refused = chain.executor.admit_at(&dear.pre_confirmed().into(), chain.users[0].invoke(&[]));
    assert!(matches!(refused, Err(AdmitError::FeeBelowMinimum(_))), "{refused:?}");
}

#[test]
fn anyone_may_speak_for_an_impersonated_account() {
    let mut chain = TestChain::new(2);
    let (alice, bob) = (chain.users[0].address, chain.users[1].address);
    let unsigned = |chain: &mut TestChain| {
        let mut tx = chain.users[0].signed_invoke(&[transfer(eth(), bob, 1)], None);
        tx.signature = Default::default();
        zkthreads_execution::Submission::Invoke(tx)
    };
    let executor = chain.executor.clone();
    let impersonation = executor.impersonation();
    let first = unsigned(&mut chain);
    assert!(matches!(executor.admit(first.clone()), Err(AdmitError::Validation(_))));
    impersonation.start(alice);
    let admitted = executor.admit(first).unwrap();
    assert!(admitted.impersonated);
    let flags = SimulationFlags::default();
    let simulated = executor.simulate(BlockNumber(0), vec![admitted.clone()], flags).unwrap().remove(0);
    assert_succeeded(&simulated.receipt);
    let receipt = chain.put(vec![admitted]).receipts.remove(0);
    assert_succeeded(&receipt);
    assert!(receipt.actual_fee > Fee(0));
    assert_eq!(chain.nonce(alice), 1);
    let trace = executor.storage().trace(BlockNumber(1), 0).unwrap().unwrap();
    assert!(trace.validate.is_none() && trace.fee_transfer.is_some());

    impersonation.stop(alice);
    let second = unsigned(&mut chain);
    assert!(executor.admit(second.clone()).is_err());
    impersonation.set_all(true);
    assert!(executor.admit(second.clone()).is_ok() && impersonation.covers(bob));
    impersonation.set_all(false);
    assert!(executor.admit(second).is_err());
}

#[test]
fn a_validation_holds_while_a_block_shows_it_the_same() {
    let mut chain = TestChain::new(2);
    let bob = chain.users[1].address;
    let submission = chain.users[0].invoke(&[transfer(eth(), bob, 7)]);
    let prepared = chain.executor.prepare(submission.clone(), false).unwrap();
    let admitted = chain.executor.admit(submission).unwrap();
    let open = |hours: u64| {
        let env = chain.executor.config().block_env(BlockTimestamp(GENESIS.0 + hours * 3600));
        chain.executor.open_block(env).unwrap()
    };
    assert!(!open(0).is_validated(&prepared).unwrap(), "nobody has validated it");
    assert!(open(0).is_validated(&admitted).unwrap());

    // Time goes on.
    let later = open(1);
    assert!(!later.is_validated(&admitted).unwrap());
    let again =
        chain.executor.validate_again(&later.pre_confirmed().into(), admitted.clone(), LIMIT).unwrap();
    assert!(later.is_validated(&again).unwrap());

    // What somebody else holds makes no difference; the account's key does.
    let public_key = get_storage_var_address("Account_public_key", &[]);
    let mut changed = open(0);
    changed.write_storage(bob, public_key, Felt::ONE).unwrap();
    assert!(changed.is_validated(&admitted).unwrap());
    changed.write_storage(admitted.sender(), public_key, Felt::ONE).unwrap();
    assert!(!changed.is_validated(&admitted).unwrap());
    let refused = chain.executor.validate_again(&changed.pre_confirmed().into(), admitted, LIMIT);
    assert!(matches!(refused, Err(AdmitError::Validation(_))), "{refused:?}");
}

#[test]
fn a_new_account_is_validated_until_time_goes_on() {
    let chain = TestChain::new(1);
    let mut newcomer = User::undeployed(77, chain.executor.config().chain_id.clone());
    let mut open = chain.open();
    let balance = get_fee_token_var_address(newcomer.address);
    open.write_storage(strk(), balance, Felt::from(INITIAL_BALANCE)).unwrap();
    let deploy = newcomer.deploy_account();
    let first = newcomer.invoke(&[]);
    let deploy = chain.executor.admit_at(&open.pre_confirmed().into(), deploy).unwrap();
    let first = chain.executor.admit_at(&open.pre_confirmed().into(), first).unwrap();
    assert!(open.is_validated(&deploy).unwrap());
    let env = chain.executor.config().block_env(BlockTimestamp(GENESIS.0 + 3600));
    assert!(!chain.executor.open_block(env).unwrap().is_validated(&deploy).unwrap());
    assert!(!open.is_validated(&first).unwrap(), "nobody could ask an account that is not there");
    open.execute(deploy).unwrap();
    let first = chain.executor.validate_again(&open.pre_confirmed().into(), first, LIMIT).unwrap();
    assert!(open.is_validated(&first).unwrap());
}

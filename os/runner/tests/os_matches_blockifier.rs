//! The thread OS states exactly what blockifier did: one test per thing an inner transaction can do.

use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::InnerTransaction;

use crate::sub_block_support::{Call, TestState, address, classes, probe, transfer};

/// Executes `transactions` on blockifier, runs the OS on the recording, compares the statements.
fn check(world: &TestState, transactions: impl IntoIterator<Item = InnerTransaction>) {
    let executed = world.execute(transactions);
    let reasons: Vec<String> = executed.left_out.iter().map(|left_out| left_out.reason.to_string()).collect();
    assert!(reasons.is_empty(), "left out: {reasons:?}");
    let run = zkthreads_runner::run(&executed.input).unwrap_or_else(|error| panic!("the OS fails: {error}"));
    println!(
        "{} transactions: {} steps, builtins {:?}",
        executed.statement.inner_transactions.len(),
        run.steps,
        run.builtins
    );
    assert_eq!(run.statement, executed.statement);
}

/// One transaction of one user, making `calls`.
fn check_calls(calls: &[Call]) {
    let mut world = TestState::new(2);
    let transaction = world.users[0].sign(calls);
    check(&world, [transaction]);
}

fn probe_a(entry_point: &str, calldata: &[u128]) -> Call {
    probe(crate::sub_block_support::probe_a(), entry_point, calldata)
}

#[test]
fn one_transfer() {
    let mut world = TestState::new(2);
    let to = world.users[1].address;
    let call = transfer(world.strk(), to, 7);
    let transaction = world.users[0].sign(&[call]);
    check(&world, [transaction]);
}

#[test]
fn twelve_transfers_by_five_users() {
    let mut world = TestState::new(5);
    let transactions: Vec<_> = (0..12_usize)
        .map(|index| {
            let to = world.users[(index + 2) % 5].address;
            let call = transfer(world.strk(), to, 1000 + index as u128);
            world.users[index % 5].sign(&[call])
        })
        .collect();
    check(&world, transactions);
}

#[test]
fn a_multicall_in_both_tokens() {
    let mut world = TestState::new(3);
    let (b, c) = (world.users[1].address, world.users[2].address);
    let (strk, eth) = (world.strk(), world.eth());
    let calls = [transfer(strk, b, 1), transfer(eth, c, 2), transfer(strk, c, 3), transfer(eth, b, 0)];
    let first = world.users[0].sign(&calls);
    let call = transfer(eth, world.users[0].address, 1);
    let back = world.users[1].sign(&[call]);
    check(&world, [first, back]);
}

#[test]
fn a_transfer_to_oneself_and_to_a_fresh_address() {
    let mut world = TestState::new(1);
    let me = world.users[0].address;
    let strk = world.strk();
    let calls = [transfer(strk, me, 5), transfer(strk, address(0xf4e5_u64), 6)];
    let first = world.users[0].sign(&calls);
    let second = world.users[0].sign(&[]);
    check(&world, [first, second]);
}

#[test]
fn approvals_and_views() {
    let mut world = TestState::new(2);
    let (a, b) = (world.users[0].address, world.users[1].address);
    let strk = world.strk();
    let approve = Call::new(strk, "approve", vec![*b.0.key(), Felt::from(100), Felt::ZERO]);
    let take = Call::new(strk, "transfer_from", vec![*a.0.key(), *b.0.key(), Felt::from(60), Felt::ZERO]);
    let view = Call::new(strk, "balance_of", vec![*a.0.key()]);
    let name = Call::new(strk, "name", vec![]);
    let first = world.users[0].sign(&[approve, view, name]);
    let second = world.users[1].sign(&[take]);
    check(&world, [first, second]);
}

#[test]
fn storage() {
    check_calls(&[
        probe_a("put", &[1, 5]),
        probe_a("get", &[1]),
        probe_a("put", &[1, 5]),
        probe_a("put", &[2, 0]),
        probe_a("get", &[3]),
        probe_a("add", &[4, 3, 20]),
    ]);
}

#[test]
fn a_cell_that_returns_to_its_first_value() {
    let mut world = TestState::new(1);
    let there = world.users[0].sign(&[probe_a("put", &[1, 5])]);
    let back = world.users[0].sign(&[probe_a("put", &[1, 0])]);
    check(&world, [there, back]);
}

#[test]
fn many_events() {
    check_calls(&[
        probe_a("emit", &[25, 3, 1, 2, 3, 4, 10, 11, 12, 13]),
        probe_a("emit", &[2, 0, 0]),
        probe_a("emit", &[1, 1, 9, 0]),
    ]);
}

#[test]
fn nested_calls() {
    let other = *crate::sub_block_support::probe_b().0.key();
    check_calls(&[Call::new(crate::sub_block_support::probe_a(), "recurse", vec![other, Felt::from(6)])]);
}

#[test]
fn a_call_through_a_call() {
    let (a, b) = (crate::sub_block_support::probe_a(), crate::sub_block_support::probe_b());
    let inner = [*b.0.key(), selector_from_name("get").0, Felt::ONE, Felt::from(8)];
    let mut outer = vec![*b.0.key(), selector_from_name("call").0, Felt::from(4)];
    outer.extend(inner);
    let caught = vec![*b.0.key(), selector_from_name("put").0, Felt::TWO, Felt::ONE, Felt::TWO];
    check_calls(&[Call::new(a, "call", outer), Call::new(a, "call_and_catch", caught)]);
}

#[test]
fn library_calls() {
    let a = crate::sub_block_support::probe_a();
    let delegate = |class: starknet_api::core::ClassHash, entry_point: &str, calldata: &[u128]| {
        let mut felts = vec![class.0, selector_from_name(entry_point).0, calldata.len().into()];
        felts.extend(calldata.iter().map(|value| Felt::from(*value)));
        Call::new(a, "delegate", felts)
    };
    check_calls(&[
        delegate(classes::strk().hash, "decimals", &[]),
        delegate(classes::probe().hash, "put", &[3, 4]),
        delegate(classes::probe().hash, "get", &[3]),
        delegate(classes::probe().hash, "remember_context", &[]),
    ]);
}

#[test]
fn messages() {
    check_calls(&[
        probe_a("send", &[0xe1, 3, 5, 6, 7]),
        probe_a("send", &[0xe2, 0]),
        probe(crate::sub_block_support::probe_b(), "send", &[0xe1, 1, 8]),
    ]);
}

#[test]
fn the_execution_info() {
    let mut world = TestState::new(2);
    let first = world.users[1].sign(&[probe_a("remember_context", &[])]);
    let other = world.other_probe();
    let second = world.users[0].sign(&[probe(other, "remember_context", &[])]);
    check(&world, [first, second]);
}

#[test]
fn block_hashes() {
    let mut world = TestState::new(1);
    let cell = (address(1_u64), StorageKey::from(1000_u128));
    world.state.storage.insert(cell, Felt::from(0xb10c));
    let known = probe_a("remember_block_hash", &[1000]);
    let unknown = probe_a("remember_block_hash", &[7]);
    let last = probe_a("remember_block_hash", &[world.context.base_block.number.0 as u128 - 10]);
    let transaction = world.users[0].sign(&[known, unknown, last]);
    check(&world, [transaction]);
}

#[test]
fn hashes() {
    check_calls(&[probe_a("pedersen", &[5]), probe_a("poseidon", &[7])]);
}

#[test]
fn wide_arithmetic() {
    check_calls(&[
        probe_a("bitwise", &[0xf0f0_f0f0, 0x1234_5678_9abc]),
        probe_a("wide", &[u128::MAX, 3, 12345, 0]),
        probe_a("wide", &[u128::MAX, u128::MAX, u128::MAX, 1]),
    ]);
}

#[test]
fn the_curve() {
    check_calls(&[probe_a("curve", &[1]), probe_a("curve", &[u128::MAX])]);
}

#[test]
fn dictionaries() {
    check_calls(&[probe_a("dictionary", &[1]), probe_a("dictionary", &[12])]);
}

#[test]
fn anyone_may_submit() {
    let mut world = TestState::new(2);
    world.context.submitter = Default::default();
    let call = transfer(world.strk(), world.users[1].address, 7);
    let transaction = world.users[0].sign(&[call]);
    check(&world, [transaction]);
}

#[test]
fn class_hashes() {
    let mut world = TestState::new(1);
    let asking = address(0xcccc_u64);
    world.state.deploy(asking, classes::class_hash_probe());
    let calls = [0xaaaa, 0xcccc, 0xdead, 0].map(|of| probe(asking, "remember_block_hash", &[of]));
    let transaction = world.users[0].sign(&calls);
    check(&world, [transaction]);
}

/// Accounts of Sierra 1.7 and later are metered in gas, so their gas counter really runs down.
#[test]
fn an_account_metered_in_gas() {
    let mut world = TestState::new(2);
    for user in &world.users {
        let (address, key) = (user.address, user.public_key());
        world.state.deploy(address, classes::cairo_account());
        world.state.set_variable(address, "public_key", &[], key);
    }
    let (a, b) = (world.users[0].address, world.users[1].address);
    let calls = [transfer(world.strk(), b, 7), transfer(world.eth(), b, 8), probe_a("recurse", &[0xbbbb, 3])];
    let first = world.users[0].sign(&calls);
    let second = world.users[1].sign(&[transfer(calls[0].to, a, 1)]);
    check(&world, [first, second]);
}

#[test]
fn circuits() {
    for account in [classes::account(), classes::cairo_account()] {
        let mut world = TestState::new(1);
        let (user, key) = (world.users[0].address, world.users[0].public_key());
        world.state.deploy(user, account);
        world.state.set_variable(user, "public_key", &[], key);
        let circuit = address(0xc1c_u64);
        world.state.deploy(circuit, classes::cairo_circuit());
        let calls =
            [Call::new(circuit, "circuit_builtins", vec![]), Call::new(circuit, "circuit_builtins", vec![])];
        let transaction = world.users[0].sign(&calls);
        check(&world, [transaction]);
    }
}

#[test]
fn the_compilers_test_contract() {
    let mut world = TestState::new(1);
    let contract = address(0x7e57_u64);
    world.state.deploy(contract, classes::cairo_test());
    let felts = |values: &[u64]| values.iter().map(|value| Felt::from(*value)).collect::<Vec<_>>();
    let calls = [
        Call::new(contract, "test", felts(&[1, 2, 3])),
        Call::new(contract, "segment_arena_builtin", vec![]),
        Call::new(contract, "fixed_sized_array_usage", felts(&[1, 2, 3, 4, 5])),
        Call::new(contract, "ret_3", vec![]),
    ];
    let transaction = world.users[0].sign(&calls);
    check(&world, [transaction]);
}

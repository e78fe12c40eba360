//! A sub-block changes the state exactly as its transactions would on the chain, sent one by one through blockifier's
//! own account flow (the fee left aside), and tells of each what the chain would tell.

use starknet_api::abi::abi_utils::selector_from_name;
use starknet_types_core::felt::Felt;
use zkthreads_program::input::RecordedCall;
use zkthreads_sub_block::{AbortCause, ExecutedSubBlock, LeftOutReason, SubBlockError};

use crate::chain::actor::{self, Act, Op, Program};
use crate::chain::{Chain, compare};
use crate::sub_block_support::{Call, TestState, address, classes, probe, probe_a, probe_b, transfer};

fn program() -> Program {
    Program::default()
}

/// Runs each program in a transaction of its own; all are included.
fn act(programs: impl IntoIterator<Item = Program>) -> ExecutedSubBlock {
    let world = actor::world();
    let transactions: Vec<_> =
        (0..).zip(programs).map(|(nonce, program)| Act::new(program).transaction(nonce)).collect();
    let executed = compare(&world, transactions).expect("a sub-block");
    assert!(executed.left_out.is_empty(), "{:?}", executed.left_out);
    executed
}

/// Why a transaction that runs `program` is left out.
fn left_out(program: Program) -> LeftOutReason {
    match compare(&actor::world(), vec![Act::new(program).transaction(0)]) {
        Err(SubBlockError::Empty { left_out }) => left_out[0].reason.clone(),
        other => panic!("included: {other:?}"),
    }
}

fn reverted(executed: &ExecutedSubBlock) -> Vec<bool> {
    executed.statement.inner_transactions.iter().map(|outcome| outcome.reverted).collect()
}

/// Writes, emits and sends.
fn effects(seed: u64) -> Program {
    program().act(Op::Write, &[seed, seed + 1]).act(Op::Emit, &[1, seed, 5]).act(Op::Send, &[0xe1, seed])
}

#[test]
fn transactions_that_succeed() {
    let mut world = TestState::new(4);
    let addresses: Vec<_> = world.users.iter().map(|user| user.address).collect();
    let (strk, eth, a, b) = (world.strk(), world.eth(), world.probe(), world.other_probe());
    let recurse = Call::new(a, "recurse", vec![*b.0.key(), Felt::from(3)]);
    let calls = [
        vec![transfer(strk, addresses[1], 5), transfer(eth, addresses[2], 6)],
        vec![transfer(strk, addresses[0], 5), probe(a, "put", &[1, 2]), recurse],
        vec![probe(b, "add", &[1, 2, 3]), probe(a, "remember_context", &[])],
        vec![probe(a, "put", &[1, 0]), transfer(eth, addresses[0], 1)],
        vec![],
    ];
    let transactions: Vec<_> =
        calls.iter().enumerate().map(|(index, calls)| world.users[index % 4].sign(calls)).collect();
    let executed = compare(&world, transactions).expect("a sub-block");
    assert!(executed.left_out.is_empty());
    assert_eq!(reverted(&executed), [false; 5]);
}

#[test]
fn a_panic_reverts_the_transaction() {
    let executed = act([effects(1), effects(2).act(Op::Panic, &[7, 8]), effects(3)]);
    assert_eq!(reverted(&executed), [false, true, false]);
    assert_eq!(executed.events.iter().map(|event| event.transaction_index).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(executed.statement.messages.len(), 2);
}

#[test]
fn a_revert_of_a_contract_whose_steps_are_counted() {
    let mut world = TestState::new(2);
    let to = world.users[1].address;
    let too_much = transfer(world.strk(), to, u128::MAX);
    let fails = [probe(probe_a(), "put", &[1, 2]), probe(probe_b(), "fail", &[3])];
    let transactions = vec![
        world.users[0].sign(&[too_much]),
        world.users[0].sign(&fails),
        world.users[0].sign(&[probe(probe_a(), "put", &[2, 2])]),
        world.users[0].sign(&[Call::new(probe_a(), "no_such_entry_point", vec![])]),
    ];
    let executed = compare(&world, transactions).expect("a sub-block");
    assert_eq!(reverted(&executed), [true, true, false, true]);
}

#[test]
fn what_validate_does_stays_when_execute_reverts() {
    let mut failing = Act::new(program().act(Op::Write, &[2, 2]).act(Op::Panic, &[1]));
    failing.validate = effects(1).act(Op::Context, &[]);
    let executed = compare(&actor::world(), vec![failing.transaction(0)]).expect("a sub-block");
    assert_eq!(reverted(&executed), [true]);
    assert_eq!((executed.events.len(), executed.statement.messages.len()), (1, 1));
    let account = &executed.statement.contracts[0];
    let changed: Vec<_> = account.storage.iter().map(|cell| cell.is_write()).collect();
    assert_eq!(changed, [true, false]);
}

#[test]
fn calls_that_fail_and_are_caught() {
    let fails = |seed| effects(seed).act(Op::Panic, &[seed]);
    let twice = program().call(true, *actor::prop().0.key(), fails(5)).act(Op::Read, &[5]);
    let executed = act([
        effects(1).call(true, *actor::prop().0.key(), fails(2)).act(Op::Read, &[2]),
        effects(1).call(false, *actor::prop().0.key(), fails(2)),
        effects(3).call(true, *actor::prop().0.key(), twice.clone()),
        effects(3).call(true, *actor::prop().0.key(), twice.act(Op::Panic, &[9])),
        program().call(true, *actor::actor().0.key(), fails(1)).act(Op::Write, &[1, 7]),
        program().call_of(true, *actor::prop().0.key(), Felt::from(99), vec![]),
        program().call_of(false, *actor::prop().0.key(), Felt::from(99), vec![]),
        program().call_of(true, *probe_a().0.key(), selector_from_name("fail").0, vec![Felt::ONE]),
    ]);
    assert_eq!(reverted(&executed), [false, true, false, false, false, false, true, false]);
    assert!(executed.input.transactions[0].execute.inner_calls[0].failed);
}

#[test]
fn syscalls_that_fail_and_are_caught() {
    let execute = selector_from_name("__execute__").0;
    let executed = act([
        program().act(Op::BlockHash, &[1, 1230]).act(Op::BlockHash, &[1, 7]),
        program().act(Op::BlockHash, &[0, 1225]),
        program().call_of(true, *actor::prop().0.key(), execute, effects(1).as_calldata()),
        program().call_of(false, *actor::prop().0.key(), execute, effects(1).as_calldata()),
    ]);
    assert_eq!(reverted(&executed), [false, true, false, true]);
    assert!(executed.input.transactions[2].execute.inner_calls.is_empty());
}

#[test]
fn deploys_and_class_replacements() {
    let class = actor::class().hash.0;
    let deploy = |catch: u64, salt: u64, from_zero: u64, constructor: Program| {
        let mut args = vec![catch.into(), class, salt.into(), from_zero.into()];
        args.extend(constructor.as_calldata());
        program().act_on(Op::Deploy, &args)
    };
    let replace = |to: Felt| program().act_on(Op::ReplaceClass, &[Felt::ZERO, to]);
    let then = |mut first: Program, second: Program| {
        first.0.extend(second.0);
        first
    };
    let probe_class = classes::probe().hash.0;
    let empty_probe = program().act_on(Op::Deploy, &[Felt::ZERO, probe_class, Felt::ONE, Felt::ZERO]);
    let executed = act([
        deploy(0, 1, 0, effects(1)).call(false, 0, effects(2)),
        then(deploy(0, 2, 1, program()), program().act(Op::Panic, &[1])),
        deploy(0, 2, 1, program()),
        empty_probe,
        program().call(false, *actor::prop().0.key(), replace(probe_class)),
        program().call_of(
            false,
            *actor::prop().0.key(),
            selector_from_name("put").0,
            vec![1.into(), 2.into()],
        ),
        program().call(
            true,
            *actor::actor().0.key(),
            then(replace(probe_class), program().act(Op::Panic, &[1])),
        ),
    ]);
    assert_eq!(reverted(&executed), [false, true, false, false, false, false, false]);
    let given: Vec<_> =
        executed.statement.contracts.iter().filter(|contract| contract.changes_class()).collect();
    assert_eq!(given.len(), 4);
    for contract in given {
        let class_hash = contract.class_hash_after;
        assert!(executed.statement.classes.iter().any(|class| class.class_hash == class_hash));
    }
}

#[test]
fn hashes_and_curves() {
    let executed = act([
        program().act(Op::Keccak, &[0]).act(Op::Keccak, &[[0].as_slice(), &[3; 17]].concat()),
        program().act(Op::Keccak, &[1, 2, 3]),
        program().act(Op::Sha256, &[1, 2, 3]),
        program().act(Op::SecpMul, &[0, 1, 0, 1, 77, 5]).act(Op::SecpMul, &[1, 9, 0, 0, 1, 1]),
        program().act(Op::SecpNew, &[0, 1, 1, 2, 3, 4]).act(Op::SecpNew, &[1, 1, 0, 0, 0, 0]),
    ]);
    assert_eq!(reverted(&executed), [false; 5]);
}

#[test]
fn meta_transactions() {
    let meta = |catch: bool, to: Felt, program: Program| {
        let mut args = vec![Felt::from(catch), to];
        args.extend(program.as_calldata());
        Program::default().act_on(Op::Meta, &args)
    };
    let prop = *actor::prop().0.key();
    let executed = act([
        meta(false, prop, effects(1).act(Op::Context, &[])),
        meta(true, prop, effects(1).act(Op::Panic, &[1])),
        meta(false, prop, effects(1).act(Op::Panic, &[1])),
        program().act(Op::Context, &[]).act(Op::ClassAt, &[0xdead]),
    ]);
    assert_eq!(reverted(&executed), [false, false, true, false]);
    let nowhere = executed.statement.contracts.iter().find(|it| it.address == address(0xdead_u64));
    assert_eq!(nowhere.expect("asked for").class_hash_before.0, Felt::ZERO);
}

/// What becomes of `program` with more and more gas: left out by `__validate__`, reverted or not.
fn with_rising_gas(program: &Program, step: u64, steps: u64) -> Vec<Option<bool>> {
    let world = actor::world();
    let with_gas = |l2_gas: u64| {
        let transaction = Act { l2_gas, ..Act::new(program.clone()) }.transaction(0);
        match compare(&world, vec![transaction.clone()]) {
            Ok(executed) => Some(reverted(&executed)[0]),
            Err(SubBlockError::Empty { left_out }) => {
                assert!(matches!(left_out[0].reason, LeftOutReason::Validate { .. }), "{left_out:?}");
                assert!(Chain::new(&world).send(&transaction).is_err());
                None
            }
            Err(error) => panic!("{error}"),
        }
    };
    (1..steps).map(|index| with_gas(index * step)).collect()
}

/// The contract runs out of gas at every point of its way.
#[test]
fn gas_runs_out() {
    let callee = effects(4).act(Op::Loop, &[20]).act(Op::Context, &[]);
    let program = effects(1).call(true, *actor::prop().0.key(), callee).act(Op::Read, &[1]);
    let outcomes = with_rising_gas(&program, 20_011, 60);
    for outcome in [None, Some(true), Some(false)] {
        assert!(outcomes.contains(&outcome), "{outcomes:?}");
    }
}

#[test]
fn gas_runs_out_while_hashing() {
    let program = program().act(Op::Keccak, &[[1].as_slice(), &[3; 34]].concat()).act(Op::Sha256, &[1]);
    let outcomes = with_rising_gas(&program, 100_003, 24);
    for outcome in [None, Some(true), Some(false)] {
        assert!(outcomes.contains(&outcome), "{outcomes:?}");
    }
}

#[test]
fn validate_has_less_gas_than_execute() {
    let world = actor::world();
    let long = || program().act(Op::Loop, &[300_000]);
    let mut act = Act { l2_gas: 2_000_000_000, ..Act::new(long()) };
    let executed = compare(&world, vec![act.transaction(0)]).expect("a sub-block");
    assert_eq!(reverted(&executed), [false]);
    assert!(executed.input.transactions[0].execute.gas_consumed > 100_000_000);
    act = Act { l2_gas: 2_000_000_000, ..Act::new(program()) };
    act.validate = long();
    let transaction = act.transaction(0);
    assert!(Chain::new(&world).send(&transaction).is_err());
    assert!(compare(&world, vec![transaction]).is_err());
}

/// The first aborted call, in the order of calls.
fn aborted(call: &RecordedCall) -> Option<&RecordedCall> {
    if call.aborted { Some(call) } else { call.inner_calls.iter().find_map(aborted) }
}

#[test]
fn a_call_of_nothing_reverts_the_transaction() {
    let nowhere = 0xdead_u64;
    let inner = effects(2).call(true, nowhere, program()).act(Op::Write, &[9, 9]);
    let meta = |catch: u64| {
        let args = [vec![catch.into(), nowhere.into()], effects(1).as_calldata()].concat();
        effects(1).act_on(Op::Meta, &args)
    };
    let again = program()
        .call(true, nowhere, program())
        .act(Op::ClassAt, &[0xbeef])
        .call(true, 0xbeef_u64, program())
        .act(Op::Write, &[3, 3])
        .call(true, *actor::prop().0.key(), effects(3));
    let executed = act([
        effects(1).call(false, nowhere, program()),
        effects(1).call(true, nowhere, program()).act(Op::Write, &[8, 8]),
        effects(1).act(Op::ClassAt, &[nowhere]).call(true, *actor::prop().0.key(), inner),
        meta(0),
        meta(1),
        again,
    ]);
    assert_eq!(reverted(&executed), [true; 6]);
    assert!(executed.events.is_empty());
    for recorded in &executed.input.transactions {
        let aborted = aborted(&recorded.execute).expect("is recorded");
        assert_eq!(aborted.address, address(nowhere));
        assert_eq!(aborted.class_hash.0, Felt::ZERO);
        assert!(aborted.failed);
        let reason = recorded.revert_reason.as_deref().unwrap_or_default();
        assert!(reason.contains("is not deployed"), "{reason}");
    }
    // What came after the abort left no trace.
    let touched = |contract: u64, key: u64| {
        let contract = executed.statement.contracts.iter().find(|it| it.address == address(contract));
        contract.is_some_and(|it| it.storage.iter().any(|cell| *cell.key.0.key() == Felt::from(key)))
    };
    assert!(touched(0xac70, 1) && touched(0x9209, 2));
    assert!(!touched(0xac70, 3) && !touched(0xac70, 8) && !touched(0x9209, 9) && !touched(0x9209, 3));
    assert!(!executed.statement.contracts.iter().any(|it| it.address == address(0xbeef_u64)));
    assert!(executed.statement.contracts.iter().any(|it| it.address == address(nowhere)));
}

#[test]
fn what_the_os_cannot_prove_to_fail() {
    let class = actor::class().hash.0;
    let cause = |program: Program| match left_out(program) {
        LeftOutReason::Abort { cause, reason } => {
            assert!(reason.starts_with("Transaction execution has failed:"), "{reason}");
            cause
        }
        other => panic!("{other}"),
    };
    let deploy = |salt: u64, class: Felt, constructor: Program| {
        let mut args = vec![Felt::ONE, class, salt.into(), Felt::ONE];
        args.extend(constructor.as_calldata());
        args
    };
    let twice = |args: Vec<Felt>| program().act_on(Op::Deploy, &args).act_on(Op::Deploy, &args);
    let undeclared = Felt::from(0x404);
    let is_undeclared = |cause| matches!(cause, AbortCause::UndeclaredClass(class) if class.0 == undeclared);
    let fails = program().act(Op::Panic, &[1]);
    assert!(matches!(cause(twice(deploy(1, class, program()))), AbortCause::AddressTaken(_)));
    assert_eq!(cause(program().act_on(Op::Deploy, &deploy(1, class, fails))), AbortCause::Constructor);
    let calls_nothing = program().call(false, 0xdead_u64, program());
    assert_eq!(
        cause(program().act_on(Op::Deploy, &deploy(1, class, calls_nothing))),
        AbortCause::Constructor
    );
    assert!(is_undeclared(cause(program().act_on(Op::Deploy, &deploy(1, undeclared, program())))));
    assert!(is_undeclared(cause(program().act_on(Op::ReplaceClass, &[Felt::ONE, undeclared]))));
    let library_call = [Felt::ONE, undeclared, selector_from_name("run").0, Felt::ZERO];
    assert!(is_undeclared(cause(program().act_on(Op::LibraryCall, &library_call))));
    assert_eq!(cause(program().act(Op::Recurse, &[50])), AbortCause::Depth);
    assert_eq!(reverted(&act([program().act(Op::Recurse, &[49])])), [false]);
    assert_eq!(cause(program().act(Op::Emit, &[[51].as_slice(), &[1; 51]].concat())), AbortCause::Events);
    assert_eq!(cause(program().act(Op::Domain, &[1, 1])), AbortCause::Other);
}

#[test]
fn what_validate_may_not_do() {
    let deploy = program().act_on(
        Op::Deploy,
        &[vec![Felt::ONE, actor::class().hash.0, Felt::ONE, Felt::ONE], program().as_calldata()].concat(),
    );
    let programs = [
        program().act(Op::Panic, &[1]),
        program().act(Op::ClassAt, &[1]),
        program().call(true, *actor::prop().0.key(), program()),
        program().act(Op::BlockHash, &[1, 1230]),
        deploy,
    ];
    let world = actor::world();
    for validate in programs {
        let transaction = Act { validate, ..Act::new(program()) }.transaction(0);
        assert!(Chain::new(&world).send(&transaction).is_err());
        match compare(&world, vec![transaction]) {
            Err(SubBlockError::Empty { left_out }) => {
                assert!(matches!(left_out[0].reason, LeftOutReason::Validate { .. }), "{left_out:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    let itself = program().call(true, *actor::actor().0.key(), effects(1).act(Op::Panic, &[1]));
    let may = Act { validate: itself.act(Op::BlockHash, &[0, 1224]), ..Act::new(program()) };
    let executed = compare(&world, vec![may.transaction(0)]).expect("a sub-block");
    assert_eq!(reverted(&executed), [false]);
}

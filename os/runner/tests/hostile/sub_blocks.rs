//! Sub-blocks to lie about. Together they execute every hint of the OS.

use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{BaseBlock, InnerTransaction};
use zkthreads_sub_block::SubBlockContext;

use super::honest::Honest;
use super::programs::{CATCH, Op, act, call, let_run, plain, span, transaction, with_gas};
use crate::sub_block_support::classes::{self, Class};
use crate::sub_block_support::{MemoryState, TestState, address, chain_id, probe, probe_a, transfer};

/// Two accounts that do what they are told, by whom ever.
pub fn first() -> ContractAddress {
    address(0xe0_u64)
}

pub fn second() -> ContractAddress {
    address(0xe1_u64)
}

/// Where nothing is deployed.
pub fn nowhere() -> ContractAddress {
    address(0xdead_u64)
}

/// The Universal Deployer.
pub fn deployer() -> ContractAddress {
    address(0xde_u64)
}

pub fn everything() -> Class {
    static CLASS: std::sync::LazyLock<Class> =
        std::sync::LazyLock::new(|| classes::load("contracts/metered/everything.sierra.json"));
    CLASS.clone()
}

/// A state with the two accounts.
pub fn stage() -> MemoryState {
    let mut state = MemoryState::default();
    state.deploy(first(), everything());
    state.deploy(second(), everything());
    state
}

pub fn context() -> SubBlockContext {
    let base_block = BaseBlock {
        number: BlockNumber(1234),
        timestamp: BlockTimestamp(1_700_000_123),
        sequencer: address(0x5e9_u64),
    };
    SubBlockContext::new(chain_id(), base_block, address(0x50b_u64))
}

/// Executes `transactions`, none of which is left out.
pub fn execute(state: MemoryState, transactions: Vec<InnerTransaction>) -> Honest {
    let executed =
        zkthreads_sub_block::execute(state.clone(), &context(), transactions).expect("a sub-block");
    let reasons: Vec<_> = executed.left_out.iter().map(|left_out| left_out.reason.to_string()).collect();
    assert!(reasons.is_empty(), "left out: {reasons:?}");
    Honest { state, executed }
}

/// One transaction that does `program`.
pub fn one(program: &[Vec<Felt>]) -> Honest {
    execute(stage(), vec![transaction(first(), 0, program)])
}

/// Two signed transactions: a transfer; then a write, an event, a message and a block hash.
pub fn signed() -> Honest {
    let mut world = TestState::new(2);
    let (strk, to) = (world.strk(), world.users[1].address);
    let transfer = world.users[0].sign(&[transfer(strk, to, 7)]);
    let probes = world.users[1].sign(&[
        probe(probe_a(), "put", &[1, 5]),
        probe(probe_a(), "emit", &[1, 1, 9, 1, 3]),
        probe(probe_a(), "send", &[0xe1, 1, 8]),
        probe(probe_a(), "remember_block_hash", &[1000]),
    ]);
    let executed = world.execute([transfer, probes]);
    Honest { state: world.state, executed }
}

/// Failures: a call that is caught, one of an entry point that is not there, a panic, a call of nobody, out of gas.
pub fn failures() -> Honest {
    let doomed = [
        act(Op::Write, [1_u64, 5]),
        act(Op::Emit, [1_u64, 9, 3]),
        act(Op::Send, [0xe1_u64, 8]),
        act(Op::Panic, [9_u64]),
    ];
    let caught = [
        act(Op::Write, [1_u64, 3]),
        let_run(second(), &doomed),
        call(second(), "nobody_answers_this", &[]),
        act(Op::Emit, [1_u64, 1, 2]),
    ];
    let panics = [act(Op::Write, [1_u64, 4]), act(Op::Send, [0xe2_u64]), act(Op::Panic, [7_u64])];
    let calls_nobody = [
        act(Op::Write, [1_u64, 6]),
        let_run(second(), &[act(Op::Write, [2_u64, 6])]),
        call(nowhere(), "run", &span(&[])),
    ];
    let writes: Vec<_> = (0..20_u64).map(|value| act(Op::Write, [3, value])).collect();
    let after =
        [act(Op::Write, [1_u64, 8]), act(Op::Read, [3_u64]), let_run(second(), &[act(Op::Read, [1_u64])])];
    execute(
        stage(),
        vec![
            transaction(first(), 0, &caught),
            transaction(first(), 1, &panics),
            transaction(first(), 2, &calls_nobody),
            with_gas(first(), 3, &writes, 1_000_000),
            transaction(first(), 4, &after),
        ],
    )
}

/// Deploys by itself and through the Universal Deployer, with constructors and without; a replaced class; code run by
/// library call; class hashes.
pub fn deployments() -> Honest {
    let mut state = stage();
    let everything = everything().hash.0;
    let probe = classes::probe();
    let bare = probe.hash.0;
    state.classes.insert(probe.hash, probe);
    state.deploy(deployer(), classes::load("target/third-party/contracts/udc_2.sierra"));
    let construction = span(&act(Op::Write, [1_u64, 2]));
    let mut made = vec![Felt::from(CATCH), everything, Felt::from(5), Felt::ONE];
    made.extend(&construction);
    let mut ordered = vec![everything, Felt::from(6), Felt::ZERO];
    ordered.extend(span(&construction));
    let library = [Felt::from(CATCH), everything, starknet_api::abi::abi_utils::selector_from_name("run").0];
    let delegated: Vec<Felt> = library.into_iter().chain(span(&act(Op::Write, [4_u64, 4]))).collect();
    let program = [
        act(Op::Deploy, made),
        act(Op::Deploy, [Felt::from(CATCH), bare, Felt::ZERO, Felt::ZERO]),
        call(deployer(), "deploy_contract", &ordered),
        act(Op::LibraryCall, delegated),
        act(Op::ClassAt, [*second().0.key()]),
        let_run(second(), &[act(Op::ReplaceClass, [Felt::from(CATCH), bare])]),
        act(Op::ClassAt, [*second().0.key()]),
    ];
    execute(state, vec![transaction(first(), 0, &program)])
}

/// Dictionaries of numbers and of variants, whose values matches decide on; the keys of one are variants' numbers, too.
pub fn variants() -> Honest {
    let variants = address(0x7a_u64);
    let mut state = stage();
    state.deploy(variants, classes::load("contracts/metered/variants.sierra.json"));
    let felts = |numbers: [u64; 3]| numbers.map(Felt::from);
    let program = [
        call(variants, "dictionaries", &felts([9, 12, 0])[..2]),
        call(variants, "held", &felts([3, 4, 5])),
        call(variants, "held", &felts([1000, 6, 1])),
    ];
    execute(state, vec![transaction(first(), 0, &program)])
}

/// The syscalls that answer with digests, points and context, and a transaction in the transaction.
pub fn answers() -> Honest {
    const GENERATOR: [&str; 4] = [
        "0x29bfcdb2dce28d959f2815b16f81798",
        "0x79be667ef9dcbbac55a06295ce870b07",
        "0xfd17b448a68554199c47d08ffb10d4b8",
        "0x483ada7726a3c4655da4fbfc0e1108a8",
    ];
    let point: Vec<Felt> =
        [Felt::ZERO, Felt::ONE].into_iter().chain(GENERATOR.map(Felt::from_hex_unchecked)).collect();
    let mut meta = vec![Felt::from(CATCH), *second().0.key()];
    meta.extend(span(&plain(Op::Context)));
    let program = [
        act(Op::Keccak, std::iter::once(CATCH).chain(0..17)),
        act(Op::Keccak, [CATCH, 1]),
        act(Op::Sha256, [1_u64, 2, 3]),
        act(Op::SecpNew, point),
        act(Op::SecpNew, [1_u64, CATCH, 1, 0, 1, 0]),
        act(Op::BlockHash, [CATCH, 1000]),
        act(Op::BlockHash, [CATCH, 1230]),
        plain(Op::Context),
        act(Op::Dictionary, [2_u64]),
        act(Op::Meta, meta),
    ];
    let mut state = stage();
    let cell = (address(1_u64), starknet_api::state::StorageKey::from(1000_u128));
    state.storage.insert(cell, Felt::from(0xb10c));
    execute(state, vec![transaction(first(), 0, &program)])
}

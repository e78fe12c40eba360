//! Random programs for `contracts/metered/everything.cairo`.

use starknet_api::abi::abi_utils::selector_from_name;
use starknet_types_core::felt::Felt;

use super::abi::Values;
use super::random::Random;
use super::scene::Scene;
use crate::sub_block_support::Call;
use crate::sub_block_support::everything::{Op, act};

/// How often `__execute__` and calls do what.
const ACTIONS: &[(usize, Op)] = &[
    (120, Op::Write),
    (80, Op::Read),
    (60, Op::Emit),
    (30, Op::Send),
    (150, Op::Call),
    (60, Op::LibraryCall),
    (35, Op::Deploy),
    (20, Op::ReplaceClass),
    (40, Op::Context),
    (30, Op::ClassAt),
    (20, Op::BlockHash),
    (20, Op::Keccak),
    (15, Op::Sha256),
    (6, Op::SecpMul),
    (10, Op::SecpNew),
    (20, Op::Pedersen),
    (20, Op::Poseidon),
    (20, Op::Bitwise),
    (8, Op::Curve),
    (15, Op::Dictionary),
    (20, Op::Wide),
    (20, Op::Narrow),
    (8, Op::Panic),
    (10, Op::Recurse),
    (20, Op::Loop),
    (1, Op::Domain),
    (4, Op::Meta),
];

/// What `__validate__` does: mostly what it may.
const VALIDATION: &[(usize, Op)] = &[
    (100, Op::Write),
    (100, Op::Read),
    (40, Op::Emit),
    (20, Op::Send),
    (100, Op::Context),
    (20, Op::Keccak),
    (20, Op::Pedersen),
    (20, Op::Poseidon),
    (10, Op::Curve),
    (20, Op::Wide),
    (10, Op::Sha256),
    (2, Op::Call),
    (6, Op::LibraryCall),
    (2, Op::ClassAt),
    (2, Op::BlockHash),
    (2, Op::Deploy),
    (2, Op::ReplaceClass),
    (2, Op::Panic),
];

/// Deepest nesting of programs in programs.
const DEPTH: usize = 3;

/// A program for `__execute__` or `run`.
pub fn program(scene: &Scene, random: &mut Random) -> Vec<Felt> {
    let length = random.between(1, 6);
    actions(scene, random, ACTIONS, length, 0)
}

/// A program for `__validate__`.
pub fn validation(scene: &Scene, random: &mut Random) -> Vec<Felt> {
    let length = random.below(4);
    actions(scene, random, VALIDATION, length, DEPTH)
}

/// A program for a constructor, which had better not fail: no caller survives that.
pub fn construction(scene: &Scene, random: &mut Random) -> Vec<Felt> {
    let length = random.below(3);
    actions(scene, random, &VALIDATION[..5], length, DEPTH)
}

fn actions(
    scene: &Scene,
    random: &mut Random,
    choice: &[(usize, Op)],
    length: usize,
    depth: usize,
) -> Vec<Felt> {
    let mut felts = Vec::new();
    for _ in 0..length {
        let op = random.weighted(choice);
        felts.extend(act(op, arguments(op, scene, random, depth)));
    }
    felts
}

fn arguments(op: Op, scene: &Scene, random: &mut Random, depth: usize) -> Vec<Felt> {
    match op {
        Op::Write => vec![key(random), scene.felt(random)],
        Op::Read => vec![key(random)],
        Op::Emit => emit(random),
        Op::Send => {
            let length = random.below(5);
            let mut felts = vec![random.number(160)];
            felts.extend((0..length).map(|_| random.felt()));
            felts
        }
        Op::Call => call(scene, random, depth),
        Op::LibraryCall => library_call(scene, random, depth),
        Op::Deploy => deploy(scene, random),
        Op::ReplaceClass => {
            // Mostly by a class that goes on understanding programs.
            let class = if random.chance(700) { scene.everything(random) } else { scene.class_hash(random) };
            vec![catch(random), class]
        }
        Op::Context => vec![],
        Op::ClassAt => vec![scene.address(random)],
        Op::BlockHash => {
            let number = scene.context.base_block.number.0;
            let block = if random.chance(800) { number - 10 - random.next() % 40 } else { number - 9 };
            vec![catch(random), block.into()]
        }
        Op::Keccak => {
            let words = if random.chance(900) { 17 * random.below(4) } else { random.below(20) };
            let mut felts = vec![catch(random)];
            felts.extend((0..words).map(|_| Felt::from(random.next())));
            felts
        }
        Op::Sha256 => (0..random.below(40)).map(|_| Felt::from(random.next() >> 32)).collect(),
        Op::SecpMul => {
            let mut felts = vec![Felt::from(random.below(2))];
            felts.extend(coordinate(random));
            felts.push(Felt::from(random.below(2)));
            felts.extend([random.number(128), random.number(128)]);
            felts
        }
        Op::SecpNew => secp_new(random),
        Op::Pedersen => vec![scene.felt(random), random.felt()],
        Op::Poseidon => vec![random.below(20).into()],
        Op::Bitwise => vec![random.number(128), random.number(128)],
        Op::Curve => vec![if random.chance(300) { random.number(8) } else { random.felt() }],
        Op::Dictionary => vec![random.below(20).into()],
        Op::Wide => {
            vec![random.number(128), random.number(128), random.number(128), random.number(128)]
        }
        Op::Narrow => {
            let bits = if random.chance(950) { 64 } else { 250 };
            vec![random.number(bits)]
        }
        Op::Panic => (0..random.below(4)).map(|_| scene.felt(random)).collect(),
        Op::Recurse => vec![if random.chance(30) { 60 } else { random.below(8) }.into()],
        Op::Loop => vec![if random.chance(30) { 20_000 } else { random.below(300) }.into()],
        Op::Domain => vec![random.below(2).into(), key(random)],
        Op::Meta => {
            let program = actions(scene, random, VALIDATION, 2, DEPTH);
            let mut felts = vec![catch(random), scene.programmable(random), program.len().into()];
            felts.extend(program);
            felts
        }
    }
}

/// Whether a failure is survived.
fn catch(random: &mut Random) -> Felt {
    Felt::from(u64::from(random.chance(880)))
}

/// Few keys, so that they meet.
fn key(random: &mut Random) -> Felt {
    if random.chance(50) { random.number(250) } else { random.below(6).into() }
}

fn emit(random: &mut Random) -> Vec<Felt> {
    // Starknet admits 50 keys and 300 felts of data.
    let (keys, data) = match random.below(200) {
        0 => (51, 0),
        1 => (50, 300),
        2 => (0, 301),
        _ => (random.below(4), random.below(5)),
    };
    let mut felts = vec![keys.into()];
    felts.extend((0..keys + data).map(|_| random.felt()));
    felts
}

fn call(scene: &Scene, random: &mut Random, depth: usize) -> Vec<Felt> {
    let mut felts = vec![catch(random)];
    if depth < DEPTH && random.chance(600) {
        // Zero means the contract that was deployed last, if there is one.
        let to = if random.chance(100) { Felt::ZERO } else { scene.programmable(random) };
        felts.extend([to, selector_from_name("run").0]);
        felts.extend(nested(scene, random, depth));
    } else {
        let call = scene.call(None, random);
        felts.extend([*call.to.0.key(), call.selector]);
        felts.extend(call.calldata);
    }
    felts
}

fn library_call(scene: &Scene, random: &mut Random, depth: usize) -> Vec<Felt> {
    let mut felts = vec![catch(random)];
    if depth < DEPTH && random.chance(500) {
        felts.extend([scene.everything(random), selector_from_name("run").0]);
        felts.extend(nested(scene, random, depth));
    } else {
        let (class_hash, selector, calldata) = scene.class_call(random);
        felts.extend([class_hash, selector]);
        felts.extend(calldata);
    }
    felts
}

/// The calldata of `run`.
fn nested(scene: &Scene, random: &mut Random, depth: usize) -> Vec<Felt> {
    let length = random.between(1, 4);
    let mut program = actions(scene, random, ACTIONS, length, depth + 1);
    if random.chance(180) {
        // What was done so far is undone, and the caller told why.
        let data = arguments(Op::Panic, scene, random, depth);
        program.extend([Felt::from(Op::Panic as u64), data.len().into()]);
        program.extend(data);
    }
    let mut felts = vec![program.len().into()];
    felts.extend(program);
    felts
}

fn deploy(scene: &Scene, random: &mut Random) -> Vec<Felt> {
    let salt = if random.chance(20) { Felt::ONE } else { random.felt() };
    let mut felts = vec![catch(random)];
    let (class_hash, calldata) = if random.chance(600) {
        let program = construction(scene, random);
        let mut calldata = vec![program.len().into()];
        calldata.extend(program);
        (scene.everything(random), calldata)
    } else {
        scene.construction(random)
    };
    felts.extend([class_hash, salt, Felt::from(random.below(2))]);
    felts.extend(calldata);
    felts
}

/// A 256-bit number, low half first.
fn coordinate(random: &mut Random) -> [Felt; 2] {
    let high = if random.chance(30) { Felt::from(u128::MAX) } else { Felt::from(random.next()) };
    [Felt::from(random.next()), high]
}

/// On a curve, beside it, or beyond its field.
fn secp_new(random: &mut Random) -> Vec<Felt> {
    const GENERATOR: [&str; 4] = [
        "0x29bfcdb2dce28d959f2815b16f81798",
        "0x79be667ef9dcbbac55a06295ce870b07",
        "0xfd17b448a68554199c47d08ffb10d4b8",
        "0x483ada7726a3c4655da4fbfc0e1108a8",
    ];
    let mut felts = vec![Felt::from(random.below(2)), catch(random)];
    if random.chance(400) {
        felts.extend(GENERATOR.map(Felt::from_hex_unchecked));
    } else {
        felts.extend(coordinate(random));
        felts.extend(coordinate(random));
    }
    felts
}

/// A program that deploys, from no one's address.
pub fn deployment(class_hash: Felt, calldata: &[Felt]) -> Vec<Felt> {
    let arguments = [Felt::ONE, class_hash, Felt::ZERO, Felt::ONE];
    act(Op::Deploy, [&arguments, calldata].concat())
}

/// A program that makes `calls`, none of which may fail.
pub fn calling(calls: &[Call]) -> Vec<Felt> {
    let mut felts = Vec::new();
    for call in calls {
        let callee = [Felt::ZERO, *call.to.0.key(), call.selector];
        felts.extend(act(Op::Call, [&callee, call.calldata.as_slice()].concat()));
    }
    felts
}

//! `check_instances` of `cairo/thread_os/ec_op.cairo`, called by itself.

use cairo_vm::types::builtin_name::BuiltinName;
use num_bigint::BigUint;
use proptest::prelude::*;
use starknet_types_core::curve::ProjectivePoint;
use starknet_types_core::felt::Felt;

use super::{Call, empty_input};
use crate::fault_injector::{FaultInjector, Lie};
use crate::hints::OsHints;

const GENERATOR_X: Felt =
    Felt::from_hex_unchecked("0x1ef15c18599971b7beced415a40f0c7deacfd9b0d1819e03d723d8bc943cfca");
const GENERATOR_Y: Felt =
    Felt::from_hex_unchecked("0x5668060aa49730b7be4801df46ec62de53ecd11abe43a32873000c36e8dc1f");
const ORDER: Felt =
    Felt::from_hex_unchecked("0x800000000000010ffffffffffffffffb781126dcae7b2321e66a241adc64d2f");

fn generator() -> ProjectivePoint {
    ProjectivePoint::from_affine(GENERATOR_X, GENERATOR_Y).expect("on the curve")
}

/// A multiple of the generator.
fn multiple(factor: u64) -> ProjectivePoint {
    &generator() * Felt::from(factor)
}

/// A point that does not repeat.
fn point(seed: u64) -> ProjectivePoint {
    &generator() * power_of_two(200).mul_mod(&Felt::from(2 * seed + 1), &ORDER.try_into().unwrap())
}

/// One instance of the builtin.
#[derive(Clone, Debug)]
struct Instance {
    p: ProjectivePoint,
    q: ProjectivePoint,
    m: Felt,
    r: ProjectivePoint,
}

impl Instance {
    fn new(p: ProjectivePoint, q: ProjectivePoint, m: Felt) -> Self {
        let r = &p + &(&q * m);
        Self { p, q, m, r }
    }

    /// An instance that differs for every seed.
    fn example(seed: u64) -> Self {
        Self::new(point(3 * seed), point(3 * seed + 1), power_of_two(249) + Felt::from(seed).pow(9u64))
    }

    fn cells(&self) -> [Felt; 7] {
        let point = |point: &ProjectivePoint| {
            let affine = point.to_affine().expect("not the identity");
            (affine.x(), affine.y())
        };
        let ((px, py), (qx, qy), (rx, ry)) = (point(&self.p), point(&self.q), point(&self.r));
        [px, py, qx, qy, self.m, rx, ry]
    }
}

/// The three instances of an ECDSA signature by a key: they share p, and one q is the generator.
fn signature(seed: u64, key: u64) -> [Instance; 3] {
    let p = point(1000 + seed);
    let m = |index| power_of_two(248) * Felt::from(3u8) + Felt::from(3 * seed + index).pow(11u64);
    [(point(seed), 0), (generator(), 1), (multiple(key), 2)]
        .map(|(q, index)| Instance::new(p.clone(), q, m(index)))
}

fn check(instances: &[Instance]) -> Result<usize, String> {
    check_lying(instances, &[])
}

fn check_lying(instances: &[Instance], lies: &[Lie]) -> Result<usize, String> {
    check_cells(&instances.iter().flat_map(Instance::cells).collect::<Vec<_>>(), lies)
}

/// Runs `check_instances`; returns its number of steps.
fn check_cells(cells: &[Felt], lies: &[Lie]) -> Result<usize, String> {
    let input = empty_input();
    let mut hints = OsHints::new(&input, None);
    hints.faults = Box::new(FaultInjector::telling(lies));
    Call::new()
        .with_builtin(BuiltinName::range_check)
        .with_builtin(BuiltinName::poseidon)
        .with_array(cells)
        .run_with("ec_op.check_instances", &mut hints)
        .map(|returned| returned.steps)
}

/// Two raised to `power`, below the field's prime.
fn power_of_two(power: u32) -> Felt {
    Felt::TWO.pow(power)
}

fn examples(count: u64) -> Vec<Instance> {
    (0..count).map(Instance::example).collect()
}

fn signatures(count: u64, keys: u64) -> Vec<Instance> {
    (0..count).flat_map(|seed| signature(seed, 1000 + seed % keys)).collect()
}

fn felt() -> impl Strategy<Value = Felt> {
    any::<[u8; 32]>().prop_map(|bytes| Felt::from_bytes_be(&bytes))
}

fn instance() -> impl Strategy<Value = Instance> {
    (felt(), felt(), felt()).prop_filter_map("the identity", |(a, b, m)| {
        let instance = Instance::new(&generator() * a, &generator() * b, m);
        [&instance.p, &instance.q, &instance.r].iter().all(|point| !point.is_identity()).then_some(instance)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn true_batches_pass_and_others_do_not(
        batch in (1usize..8).prop_flat_map(|count| proptest::collection::vec(instance(), count)),
        index in any::<prop::sample::Index>(),
        other in felt(),
    ) {
        prop_assert_eq!(check(&batch).map(|_| ()), Ok(()));
        let altered = |alter: &dyn Fn(&mut Instance)| {
            let mut altered = batch.clone();
            alter(index.get_mut(&mut altered));
            altered
        };
        prop_assume!(index.get(&batch).m != other);
        prop_assert!(check(&altered(&|instance| instance.m = other)).is_err());
        prop_assert!(check(&altered(&|instance| instance.r = -&instance.r)).is_err());
        prop_assert!(check(&altered(&|instance| instance.r = instance.p.clone())).is_err());
    }
}

#[test]
fn batches_of_any_size_pass() {
    for count in [0, 1, 2, 3, 7, 40] {
        let steps = check(&examples(count)).unwrap_or_else(|error| panic!("{count}: {error}"));
        println!("{count} instances: {steps} steps");
    }
}

#[test]
fn signatures_pass() {
    for (count, keys) in [(1, 1), (10, 10), (10, 1), (40, 40), (40, 4), (100, 100)] {
        let steps = check(&signatures(count, keys)).unwrap();
        println!("{count} signatures by {keys} keys: {steps} steps, {} each", steps as u64 / count);
    }
}

/// An instance costs no more than this.
#[test]
fn steps_are_within_the_budget() {
    let steps = |instances: &[Instance]| check(instances).unwrap();
    assert!(steps(&signatures(10, 10)) < 10 * 5_300);
    assert!(steps(&signatures(10, 1)) < 10 * 4_300);
}

#[test]
fn edge_scalars_pass() {
    let edges = [
        Felt::ZERO,
        Felt::ONE,
        Felt::TWO,
        power_of_two(250),
        power_of_two(251) - Felt::ONE,
        power_of_two(251),
        ORDER - Felt::ONE,
        ORDER,
        ORDER + Felt::ONE,
        -Felt::TWO,
        -Felt::ONE,
    ];
    let instances = edges.map(|m| Instance::new(multiple(77), multiple(2), m));
    for instance in &instances {
        check(std::slice::from_ref(instance)).unwrap_or_else(|error| panic!("{:#x}: {error}", instance.m));
    }
    check(&instances).unwrap();
}

/// The builtin itself fails where the sum meets the doubled point. What it would have to say is not in doubt.
#[test]
fn points_that_meet_pass() {
    let q = generator();
    let batch = [
        Instance::new(q.clone(), q.clone(), Felt::ONE),
        Instance::new(-&q, q.clone(), Felt::THREE),
        Instance::new(multiple(2), q.clone(), Felt::TWO),
        // r = -p.
        Instance::new(-&multiple(3), q.clone(), Felt::from(6)),
        // r = q.
        Instance::new(multiple(5), q.clone(), -Felt::from(4) + (ORDER)),
        Instance::new(multiple(5), -&q, Felt::from(4)),
    ];
    for instance in &batch {
        assert_eq!(check(std::slice::from_ref(instance)).map(|_| ()), Ok(()));
    }
    check(&batch).unwrap();
    let twice: Vec<_> = batch.iter().chain(&batch).cloned().collect();
    check(&twice).unwrap();
    let falsehood = Instance { r: multiple(5), ..batch[0].clone() };
    assert!(check(&[falsehood]).is_err());
}

#[test]
fn every_altered_cell_is_refused() {
    let mut batch = signature(1, 1).to_vec();
    batch.extend([Instance::new(multiple(7), point(9), Felt::ZERO), Instance::example(3)]);
    let cells: Vec<Felt> = batch.iter().flat_map(Instance::cells).collect();
    check_cells(&cells, &[]).unwrap();
    for cell in 0..cells.len() {
        let alterations: [fn(Felt) -> Felt; 3] = [|felt| felt + Felt::ONE, |felt| -felt, |_| Felt::ZERO];
        for alter in alterations {
            let mut altered = cells.clone();
            altered[cell] = alter(altered[cell]);
            // Of the instance with m = 0, -q is as true as q.
            let as_true = cell == 3 * 7 + 3 && altered[cell] == -cells[cell];
            if altered != cells && !as_true {
                assert!(check_cells(&altered, &[]).is_err(), "cell {cell}");
            }
        }
    }
}

/// With m = 0, nothing but the curve's equation speaks against them.
#[test]
fn points_off_the_curve_are_refused() {
    let cells = Instance::new(multiple(2), generator(), Felt::ZERO).cells();
    check_cells(&cells, &[]).unwrap();
    for cell in 0..4 {
        let mut wrong = cells;
        wrong[cell] += Felt::ONE;
        (wrong[5], wrong[6]) = (wrong[0], wrong[1]);
        assert!(check_cells(&wrong, &[]).is_err(), "cell {cell}");
    }
    assert!(check_cells(&[Felt::ZERO; 7], &[]).is_err());
}

#[test]
fn errors_that_cancel_are_refused() {
    let (first, second) = (Instance::example(1), Instance::example(2));
    let error = multiple(5);
    let shifted =
        |instance: &Instance, by: &ProjectivePoint| Instance { r: &instance.r + by, ..instance.clone() };
    check(&[first.clone(), second.clone()]).unwrap();
    assert!(check(&[shifted(&first, &error), shifted(&second, &-&error)]).is_err());
    // The same in what the other cells say: m, p, q.
    let twin = Instance::new(point(50), first.q.clone(), Felt::from(9));
    check(&[first.clone(), twin.clone()]).unwrap();
    let (more, less) = (first.m + Felt::ONE, twin.m - Felt::ONE);
    assert!(check(&[Instance { m: more, ..first.clone() }, Instance { m: less, ..twin.clone() }]).is_err());
    let swapped = [
        Instance { r: second.r.clone(), ..first.clone() },
        Instance { r: first.r.clone(), ..second.clone() },
    ];
    assert!(check(&swapped).is_err());
    let twins = [shifted(&first, &error), shifted(&first, &-&error)];
    assert!(check(&twins).is_err());
}

/// The integers `m` and `m + ORDER` name one multiple, `m` and `m + PRIME` two.
#[test]
fn another_integer_for_the_same_scalar_is_refused() {
    let instance = Instance::new(multiple(77), multiple(2), Felt::from(12345));
    let prime_modulo_order = Felt::from(&(Felt::prime() % ORDER.to_biguint()));
    let other = Instance { r: &instance.r + &(&instance.q * prime_modulo_order), ..instance.clone() };
    assert!(check(std::slice::from_ref(&other)).is_err());
    // 12345 + PRIME, split into halves.
    let sum = Felt::prime() + 12345u32;
    let (high, low) = (&sum >> 128u32, &sum % (BigUint::from(1u8) << 128u32));
    assert_eq!((high, low), ((BigUint::from(1u8) << 123u32) + (17u128 << 64), BigUint::from(12346u32)));
    let lies = [
        Lie { hint: "ec_op_split", execution: 1, cell: 0, bend: |low| low + Felt::ONE },
        Lie { hint: "ec_op_split", execution: 1, cell: 1, bend: |_| -(power_of_two(128).inverse().unwrap()) },
        Lie { hint: "ec_op_split", execution: 1, cell: 2, bend: |_| Felt::ZERO },
    ];
    assert!(check_lying(&[other], &lies).is_err());
}

/// Each hint that supplies a value: how often it runs for two instances with one q, and how many cells it writes.
const HINTS: [(&str, usize, usize); 7] = [
    ("ec_op_split", 4, 3),
    ("ec_op_halves", 2, 3),
    ("ec_op_group", 2, 2),
    ("ec_op_scalar", 1, 1),
    ("ec_op_carries", 1, 8),
    ("ec_sum_offset", 1, 2),
    ("ec_sum_digit", 64 + 2 * 33, 4),
];

#[test]
fn every_lie_is_refused() {
    let first = Instance::example(1);
    let second = Instance::new(point(100), first.q.clone(), Felt::from(77));
    let batch = [first, second];
    check(&batch).unwrap();
    let flip: fn(Felt) -> Felt = |truth| Felt::ONE - truth;
    let bends: [fn(Felt) -> Felt; 4] =
        [flip, |truth| truth + Felt::ONE, |truth| truth - Felt::ONE, |truth| truth + power_of_two(64)];
    for (hint, executions, cells) in HINTS {
        // A bit is zero or not; another number for it is no lie.
        let bends = if hint == "ec_sum_digit" { &bends[..1] } else { &bends[..] };
        for (execution, cell) in
            (0..executions).flat_map(|execution| (0..cells).map(move |cell| (execution, cell)))
        {
            // The second instance's previous sum is a pointer, which stays true.
            if (hint, execution, cell) == ("ec_op_group", 1, 1) {
                continue;
            }
            for &bend in bends {
                let verdict = check_lying(&batch, &[Lie { hint, execution, cell, bend }]);
                assert!(verdict.is_err(), "{hint} {execution} {cell}");
            }
        }
    }
}

/// What hints may choose freely does not matter.
#[test]
fn other_truths_pass() {
    let batch = [Instance::example(1), Instance::example(2)];
    let choices = [
        // Another number for a point, the offset's negative.
        Lie { hint: "ec_op_group", execution: 1, cell: 0, bend: |_| Felt::from(5) },
        Lie { hint: "ec_sum_offset", execution: 0, cell: 1, bend: |y| -y },
    ];
    for choice in choices {
        assert_eq!(check_lying(&batch, &[choice]).map(|_| ()), Ok(()), "{}", choice.hint);
    }
}

/// The slope of two equal points would be free.
#[test]
fn an_offset_that_meets_a_column_is_refused() {
    let offset = [
        Lie { hint: "ec_sum_offset", execution: 0, cell: 0, bend: |_| GENERATOR_X },
        Lie { hint: "ec_sum_offset", execution: 0, cell: 1, bend: |_| GENERATOR_Y },
    ];
    check_lying(&examples(3), &offset).unwrap();
    // The columns begin as 15 times the generator, and q and p - r are that divided by a digit. The digit or its
    // negative is among the scalars' 95 digits.
    for digit in 1u8..8 {
        let inverse = Felt::from(digit).mod_inverse(&ORDER.try_into().unwrap()).unwrap();
        let q = &multiple(15) * inverse;
        let instance = Instance::new(q.double(), q, ORDER - Felt::ONE);
        check(std::slice::from_ref(&instance)).unwrap();
        assert!(check_lying(&[instance], &offset).is_err(), "{digit}");
    }
}

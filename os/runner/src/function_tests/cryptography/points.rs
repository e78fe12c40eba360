//! The syscalls on points of secp256k1 and secp256r1.

use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field, PrimeField};
use num_bigint::BigUint;
use num_traits::One;
use proptest::prelude::*;
use starknet_types_core::felt::Felt;

use super::{Answered, Cell, MUCH_GAS, Served};

/// A curve and the prefix of its syscalls' names.
pub(super) trait Curve: SWCurveConfig<BaseField: PrimeField> {
    const NEW: &'static str;
    const GET_POINT_FROM_X: &'static str;
    const ADD: &'static str;
    const MUL: &'static str;
    const GET_XY: &'static str;
}

impl Curve for ark_secp256k1::Config {
    const NEW: &'static str = "Secp256k1New";
    const GET_POINT_FROM_X: &'static str = "Secp256k1GetPointFromX";
    const ADD: &'static str = "Secp256k1Add";
    const MUL: &'static str = "Secp256k1Mul";
    const GET_XY: &'static str = "Secp256k1GetXy";
}

impl Curve for ark_secp256r1::Config {
    const NEW: &'static str = "Secp256r1New";
    const GET_POINT_FROM_X: &'static str = "Secp256r1GetPointFromX";
    const ADD: &'static str = "Secp256r1Add";
    const MUL: &'static str = "Secp256r1Mul";
    const GET_XY: &'static str = "Secp256r1GetXy";
}

type K1 = ark_secp256k1::Config;
type R1 = ark_secp256r1::Config;

fn prime<C: Curve>() -> BigUint {
    C::BaseField::MODULUS.into()
}

fn order<C: Curve>() -> BigUint {
    C::ScalarField::MODULUS.into()
}

fn coordinates<C: Curve>(point: &Affine<C>) -> (BigUint, BigUint) {
    point.xy().map(|(x, y)| (x.into(), y.into())).unwrap_or_default()
}

/// The three limbs of a number.
fn limbs(value: &BigUint) -> Vec<Felt> {
    let mask = (BigUint::one() << 86) - BigUint::one();
    [value & &mask, (value >> 86) & &mask, value >> 172].map(Felt::from).to_vec()
}

/// The halves of a 256-bit number.
fn halves(value: &BigUint) -> Vec<Cell> {
    let mask = (BigUint::one() << 128) - BigUint::one();
    [value & &mask, value >> 128].map(|half| Cell::Felt(half.into())).to_vec()
}

fn pointer<C: Curve>(point: &Affine<C>) -> Cell {
    let (x, y) = coordinates(point);
    Cell::Array([limbs(&x), limbs(&y)].concat())
}

fn some<C: Curve>(point: &Affine<C>) -> Vec<Cell> {
    vec![Cell::Felt(Felt::ZERO), pointer(point)]
}

fn none() -> Vec<Cell> {
    vec![Cell::Felt(Felt::ONE), Cell::Felt(Felt::ZERO)]
}

pub(super) fn new<C: Curve>(x: &BigUint, y: &BigUint) -> Answered {
    Answered::honestly(C::NEW, MUCH_GAS, [halves(x), halves(y)].concat())
}

pub(super) fn from_x<C: Curve>(x: &BigUint, odd: bool) -> Answered {
    let parity = Cell::Felt(odd.into());
    Answered::honestly(C::GET_POINT_FROM_X, MUCH_GAS, [halves(x), vec![parity]].concat())
}

pub(super) fn add<C: Curve>(p: &Affine<C>, q: &Affine<C>) -> Answered {
    let answered = Answered::honestly(C::ADD, MUCH_GAS, vec![pointer(p), pointer(q)]);
    assert_eq!(answered.response(), [pointer(&(*p + q).into_affine())]);
    answered
}

pub(super) fn mul<C: Curve>(p: &Affine<C>, scalar: &BigUint) -> Answered {
    let answered = Answered::honestly(C::MUL, MUCH_GAS, [vec![pointer(p)], halves(scalar)].concat());
    assert_eq!(answered.response(), [pointer(&p.mul_bigint(scalar.to_u64_digits()).into_affine())]);
    answered
}

fn get_xy<C: Curve>(p: &Affine<C>) -> Answered {
    let answered = Answered::honestly(C::GET_XY, MUCH_GAS, vec![pointer(p)]);
    let (x, y) = coordinates(p);
    assert_eq!(answered.response(), [halves(&x), halves(&y)].concat());
    answered
}

/// A multiple of the generator.
pub(super) fn multiple<C: Curve>(scalar: &BigUint) -> Affine<C> {
    Affine::<C>::generator().mul_bigint(scalar.to_u64_digits()).into_affine()
}

/// A point of secp256r1 whose x is zero.
pub(super) fn zero_x() -> Affine<R1> {
    let y = R1::COEFF_B.sqrt().expect("a square");
    let point = Affine::new_unchecked(ark_secp256r1::Fq::ZERO, y);
    assert!(point.is_on_curve());
    point
}

/// The point that `scalar` makes `point`.
fn divided<C: Curve>(point: &Affine<C>, scalar: u64) -> Affine<C> {
    let inverse = C::ScalarField::from(scalar).inverse().expect("not zero");
    (*point * inverse).into_affine()
}

fn u256() -> impl Strategy<Value = BigUint> {
    any::<[u8; 32]>().prop_map(|bytes| BigUint::from_bytes_be(&bytes))
}

fn random_requests<C: Curve>(a: &BigUint, b: &BigUint, odd: bool) {
    let (p, q) = (multiple::<C>(a), multiple::<C>(b));
    let (x, y) = coordinates(&p);
    assert_eq!(new::<C>(&x, &y).response(), some(&p));
    new::<C>(&x, &y).check();
    new::<C>(&x, &(b % prime::<C>())).check();
    from_x::<C>(&x, odd).check();
    from_x::<C>(&(b % prime::<C>()), odd).check();
    add(&p, &q).check();
    mul(&p, b).check();
    get_xy(&p).check();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn random_requests_are_answered(a in u256(), b in u256(), odd in any::<bool>()) {
        random_requests::<K1>(&a, &b, odd);
        random_requests::<R1>(&a, &b, odd);
    }
}

fn coordinates_make_points<C: Curve>() {
    let (zero, one, p) = (BigUint::ZERO, BigUint::one(), prime::<C>());
    let largest = (&one << 256) - &one;
    let generator = Affine::<C>::generator();
    let (x, y) = coordinates(&generator);

    assert_eq!(new::<C>(&zero, &zero).response(), some(&Affine::<C>::zero()));
    assert_eq!(new::<C>(&x, &(&p - &y)).response(), some(&-generator));
    assert_eq!(new::<C>(&x, &(&y + &one)).response(), none());
    assert_eq!(new::<C>(&x, &zero).response(), none());
    assert_eq!(new::<C>(&(&p - &one), &(&p - &one)).response(), none());
    for (x, y) in [(&zero, &zero), (&x, &(&p - &y)), (&x, &(&y + &one)), (&x, &zero), (&zero, &one)] {
        new::<C>(x, y).check();
    }
    for (x, y) in [(&p, &y), (&x, &p), (&p, &p), (&largest, &zero), (&zero, &largest), (&zero, &p)] {
        let answered = new::<C>(x, y);
        assert_eq!(answered.error().as_deref(), Some("Invalid argument"));
        answered.check();
    }

    let odd = y.bit(0);
    assert_eq!(from_x::<C>(&x, odd).response(), some(&generator));
    assert_eq!(from_x::<C>(&x, !odd).response(), some(&-generator));
    for x in [&p, &largest] {
        let answered = from_x::<C>(x, true);
        assert_eq!(answered.error().as_deref(), Some("Invalid argument"));
        answered.check();
    }
    let mut strays = 0;
    for x in 0..20_u8 {
        let answered = from_x::<C>(&x.into(), x % 2 == 0);
        strays += usize::from(answered.response() == none());
        answered.check();
    }
    assert!((3..17).contains(&strays));
}

#[test]
fn coordinates_make_points_or_none() {
    coordinates_make_points::<K1>();
    coordinates_make_points::<R1>();
}

fn sums<C: Curve>() {
    let (p, q, zero) = (multiple::<C>(&5_u8.into()), multiple::<C>(&7_u8.into()), Affine::<C>::zero());
    for (a, b) in [(p, q), (p, p), (p, -p), (p, zero), (zero, p), (zero, zero)] {
        add(&a, &b).check();
    }
}

#[test]
fn sums_of_any_two_points() {
    sums::<K1>();
    sums::<R1>();
}

fn products<C: Curve>() {
    let p = multiple::<C>(&0xabcdef_u32.into());
    let one = BigUint::one();
    let n = order::<C>();
    let small = (0..=17_u8).map(BigUint::from);
    let large = [&n - &one, n.clone(), &n + &one, &n + 16_u8, (&one << 256) - &one, &one << 255, &one << 128];
    for scalar in small.chain(large) {
        let served = mul(&p, &scalar).serve().unwrap();
        assert!(served.steps > 0);
        mul(&Affine::<C>::zero(), &scalar).serve().unwrap();
    }
    mul(&p, &(&n + 3_u8)).check();
    mul(&p, &n).check();
    get_xy(&Affine::<C>::zero()).check();
}

#[test]
fn products_with_any_scalar() {
    products::<K1>();
    products::<R1>();
}

/// On secp256r1 a point whose x is zero is a point like any other, wherever it turns up.
#[test]
fn a_point_whose_x_is_zero_is_not_the_identity() {
    let (stray, other, zero) = (zero_x(), multiple::<R1>(&9_u8.into()), Affine::<R1>::zero());
    let (x, y) = coordinates(&stray);
    assert_eq!(new::<R1>(&x, &y).response(), some(&stray));
    new::<R1>(&x, &y).check();
    from_x::<R1>(&x, y.bit(0)).check();
    get_xy(&stray).check();
    let difference = (stray - other).into_affine();
    for (a, b) in [
        (stray, other),
        (other, stray),
        (stray, stray),
        (stray, -stray),
        (-stray, zero),
        (zero, stray),
        (other, difference),
        (divided(&stray, 2), divided(&stray, 2)),
    ] {
        add(&a, &b).check();
    }
    for divisor in [1, 2, 3, 7, 15, 16, 17, 240, 0x1234_5678] {
        let point = divided(&stray, divisor);
        for scalar in [divisor, divisor * 2, divisor * 16 + 1, 0xfedc_ba98_7654_3210] {
            mul(&point, &scalar.into()).serve().unwrap();
        }
    }
    mul(&divided(&stray, 3), &((BigUint::from(3_u8) << 200) + 5_u8)).check();
}

/// No point of secp256k1 has x = 0, which the Cairo library relies on.
#[test]
fn secp256k1_has_no_point_whose_x_is_zero() {
    assert!(K1::COEFF_B.sqrt().is_none());
    assert_eq!(from_x::<K1>(&BigUint::ZERO, true).response(), none());
}

/// A coordinate in unreduced limbs can be shown to nobody, neither as it is nor reduced.
#[test]
fn coordinates_are_shown_below_the_prime() {
    // A point of secp256k1 with x = 1, so that x + p is below 2^256.
    let point = from_x::<K1>(&BigUint::one(), true);
    let [_, Cell::Array(reduced)] = point.response() else { panic!("a point") };
    let unreduced = BigUint::one() + prime::<K1>();
    let limbs = [limbs(&unreduced), reduced[3..].to_vec()].concat();
    for x in [BigUint::one(), unreduced] {
        let mut answered = Answered::honestly(K1::GET_XY, MUCH_GAS, vec![Cell::Array(limbs.clone())]);
        answered.answer.splice(2..4, halves(&x));
        assert!(answered.is_refused(), "{x}");
    }
}

#[test]
fn costs() {
    fn of(what: &str, served: Served) {
        println!("{what}: {} steps, {} range checks", served.steps, served.range_checks);
    }
    fn of_curve<C: Curve>() {
        let scalar = (BigUint::one() << 255) / 3_u8;
        let (p, q) = (multiple::<C>(&scalar), multiple::<C>(&5_u8.into()));
        let (x, y) = coordinates(&p);
        of(C::NEW, new::<C>(&x, &y).serve().unwrap());
        of(C::GET_POINT_FROM_X, from_x::<C>(&x, true).serve().unwrap());
        of(C::ADD, add(&p, &q).serve().unwrap());
        of(C::MUL, mul(&p, &scalar).serve().unwrap());
        of(C::GET_XY, get_xy(&p).serve().unwrap());
    }
    of_curve::<K1>();
    of_curve::<R1>();
}

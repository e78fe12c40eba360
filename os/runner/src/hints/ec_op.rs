//! Hints of the check of ec_op instances.

use std::collections::{HashMap, VecDeque};

use cairo_vm::hint_processor::builtin_hint_processor::hint_utils::get_relocatable_from_var_name;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::errors::hint_errors::HintError;
use num_bigint::{BigInt, BigUint};
use num_traits::Zero;
use starknet_types_core::curve::AffinePoint;
use starknet_types_core::felt::Felt;

use super::args::Args;
use super::{HintResult, broken};

/// The curve's order.
const ORDER: Felt =
    Felt::from_hex_unchecked("0x800000000000010ffffffffffffffffb781126dcae7b2321e66a241adc64d2f");

/// Digits to base 16 below the leading one, of a short and of a long scalar.
const SHORT_DIGITS: u32 = 32;
const LONG_DIGITS: u32 = 63;
/// The leading digit, 1, plus 8.
const LEADING_DIGIT: u8 = 9;

// Offsets in the Cairo structures `EcOpBuiltin`, `Sum` and `Term`.
const INSTANCE_Q: usize = 2;
const SUM_PARTS: usize = 2;
const TERM_SCALAR: usize = 2;
const TERM_SKIPPED: usize = 3;

/// What the hints of the check remember.
#[derive(Default)]
pub(super) struct EcOps {
    /// For every point q: its number and its latest sum.
    groups: HashMap<(Felt, Felt), (usize, Relocatable)>,
    /// What is to come of a scalar's digits, each plus 8.
    digits: VecDeque<u8>,
}

impl EcOps {
    /// The number of the instance's q and the sum before this one, to the log entry.
    pub(super) fn group(&mut self, args: &mut Args<'_>) -> HintResult {
        let q = (args.pointer("instance")? + INSTANCE_Q)?;
        let q = (args.integer_at(q)?, args.integer_at((q + 1)?)?);
        let sum = args.pointer("sums")?;
        let next = self.groups.len();
        let (number, previous): (usize, MaybeRelocatable) = match self.groups.get(&q) {
            Some((number, previous)) => (*number, (*previous).into()),
            None => (next, Felt::ZERO.into()),
        };
        self.groups.insert(q, (number, sum));
        args.write(args.pointer("log")?, [number.into(), previous])
    }

    /// Prepares the digits of a term's scalar.
    pub(super) fn digits(&mut self, args: &mut Args<'_>) -> HintResult {
        let term = args.pointer("term")?;
        let scalar = args.integer_at((term + TERM_SCALAR)?)?;
        let is_long = args.integer_at((term + TERM_SKIPPED)?)? == Felt::ZERO;
        let (scalar, count) =
            if is_long { (long_scalar(scalar), LONG_DIGITS) } else { (scalar.to_biguint(), SHORT_DIGITS) };
        let least = least_with(count);
        if scalar < least {
            return Err(broken("a scalar is too small"));
        }
        self.digits = (scalar - least).to_radix_le(16).into();
        self.digits.resize(count as usize, 0);
        self.digits.push_back(LEADING_DIGIT);
        Ok(())
    }

    /// The next digit's four bits, to `[ap]`.
    pub(super) fn digit(&mut self, args: &mut Args<'_>) -> HintResult {
        let digit = self.digits.pop_front().ok_or_else(|| broken("a scalar has no more digits"))?;
        let bits = [3, 2, 1, 0].map(|bit| Felt::from((digit >> bit) & 1).into());
        args.write(args.vm.get_ap(), bits)
    }
}

/// The least number with so many digits from -8 to 7 below a leading 1.
fn least_with(digits: u32) -> BigUint {
    let leading = BigUint::from(16u8).pow(digits);
    let eights = (&leading - 1u8) / 15u8 * 8u8;
    leading - eights
}

/// The integer that a long scalar stands for: the least of those that long scalars can be.
fn long_scalar(scalar: Felt) -> BigUint {
    let least = least_with(LONG_DIGITS);
    let scalar = scalar.to_biguint();
    if scalar < least { scalar + Felt::prime() } else { scalar }
}

/// Low part, high part, and how far the high part is from its maximum.
pub(super) fn split(args: &mut Args<'_>) -> HintResult {
    let (high, low) = halves(args.integer("value")?, 128);
    let (max_high, _) = halves(Felt::MAX, 128);
    let cells = args.pointer("range_check_ptr")?;
    args.write(cells, [low.into(), high.into(), (max_high - high).into()])
}

/// A coefficient's lower 64 bits, the same times 2^64, and what is above them.
pub(super) fn coefficient_halves(args: &mut Args<'_>) -> HintResult {
    let (high, low) = halves(args.integer("coefficient")?, 64);
    let cells = args.pointer("range_check_ptr")?;
    args.write(cells, [low.into(), (low * power_of_two(64)).into(), high.into()])
}

/// A scalar that is congruent to a sum modulo the curve's order.
pub(super) fn scalar(args: &mut Args<'_>) -> HintResult {
    let sum = sum(&parts(args)?);
    let least = least_with(LONG_DIGITS);
    let order = ORDER.to_biguint();
    let above = (sum + &order * (&least / &order + 1u8) - &least % &order) % &order;
    let scalar = Felt::from(&(least + above));
    args.write((args.pointer("terms")? + TERM_SCALAR)?, [scalar.into()])
}

/// The factor of the order in a sum less its scalar, and the carries.
pub(super) fn carries(args: &mut Args<'_>) -> HintResult {
    let scalar = args.integer_at((args.pointer("term")? + TERM_SCALAR)?)?;
    let parts = parts(args)?;
    let difference = BigInt::from(sum(&parts)) - BigInt::from(long_scalar(scalar));
    let factor = Felt::from(&(difference / BigInt::from(ORDER.to_biguint())));

    let inverse = power_of_two(64).inverse().ok_or_else(|| broken("no inverse"))?;
    let rests = ["rest_16", "rest_32", "rest_48"].map(|name| args.integer(name));
    let mut values = vec![factor];
    let (mut carry, mut rest_before) = (Felt::ZERO, scalar);
    for ((part, limb), rest) in parts.iter().zip(ORDER.to_le_digits()).zip(rests) {
        let rest = rest?;
        carry = (part + carry - factor * Felt::from(limb) - rest_before) * inverse + rest;
        rest_before = rest;
        values.push(carry);
    }
    let cells = values.into_iter().flat_map(|value| {
        let (high, low) = halves(value + power_of_two(147), 20);
        [low.into(), high.into()]
    });
    args.write(args.pointer("range_check_ptr")?, cells.collect::<Vec<_>>())
}

/// A point of the curve that nobody knows before all instances are fixed: the first whose x follows a coefficient.
pub(super) fn offset(args: &mut Args<'_>) -> HintResult {
    let mut x = args.integer_at((args.pointer("start")? + TERM_SCALAR)?)?;
    let point = loop {
        if let Some(point) = AffinePoint::new_from_x(&x, false) {
            break point;
        }
        x += Felt::ONE;
    };
    let address = get_relocatable_from_var_name("offset", args.vm, args.ids, args.ap_tracking)?;
    args.write(address, [point.x().into(), point.y().into()])
}

/// The four parts of the sum that a hint names.
fn parts(args: &Args<'_>) -> Result<[Felt; 4], HintError> {
    let parts = (args.pointer("sum")? + SUM_PARTS)?;
    let mut values = [Felt::ZERO; 4];
    for (index, value) in values.iter_mut().enumerate() {
        *value = args.integer_at((parts + index)?)?;
    }
    Ok(values)
}

/// The sum that the parts make.
fn sum(parts: &[Felt; 4]) -> BigUint {
    parts.iter().rev().fold(BigUint::zero(), |sum, part| (sum << 64u32) + part.to_biguint())
}

/// What is above the lower bits, and these.
fn halves(value: Felt, bits: u32) -> (Felt, Felt) {
    let value = value.to_biguint();
    let high = &value >> bits;
    let low = value - (&high << bits);
    (Felt::from(&high), Felt::from(&low))
}

fn power_of_two(power: u32) -> Felt {
    Felt::TWO.pow(power)
}

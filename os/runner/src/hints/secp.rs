//! The syscalls on points of secp256k1 and secp256r1.

use ark_ec::AffineRepr;
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ff::{AdditiveGroup, BigInteger, PrimeField};
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::errors::hint_errors::HintError;
use cairo_vm::vm::vm_core::VirtualMachine;
use num_bigint::BigUint;
use starknet_types_core::felt::Felt;

/// Bits of a limb, of which three make a coordinate.
const LIMB_BITS: usize = 86;

/// What a contract asks of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    New,
    GetPointFromX,
    Add,
    Mul,
    GetXy,
}

/// The response to the request at `request`, or `None` if an argument is invalid.
///
/// Points are pointers to the limbs of x and y; the identity's are zero.
pub(super) fn respond<C: SWCurveConfig<BaseField: PrimeField>>(
    vm: &mut VirtualMachine,
    operation: Operation,
    request: Relocatable,
) -> Result<Option<Vec<MaybeRelocatable>>, HintError> {
    let response = match operation {
        Operation::New => {
            let (x, y) = (read_u256(vm, request)?, read_u256(vm, (request + 2)?)?);
            let (Some(x), Some(y)) = (coordinate::<C>(x), coordinate::<C>(y)) else { return Ok(None) };
            write_option(vm, point::<C>(x, y))?
        }
        Operation::GetPointFromX => {
            let Some(x) = coordinate::<C>(read_u256(vm, request)?) else { return Ok(None) };
            let odd = integer(vm, (request + 2)?)? != Felt::ZERO;
            write_option(vm, point_from_x::<C>(x, odd))?
        }
        Operation::Add => {
            let sum = read_point::<C>(vm, request)? + read_point::<C>(vm, (request + 1)?)?;
            vec![write_point::<C>(vm, sum.into())?]
        }
        Operation::Mul => {
            let scalar = C::ScalarField::from(read_u256(vm, (request + 1)?)?);
            let product = read_point::<C>(vm, request)? * scalar;
            vec![write_point::<C>(vm, product.into())?]
        }
        Operation::GetXy => {
            let (x, y) = coordinates(&read_point::<C>(vm, request)?);
            [halves(&x), halves(&y)].concat()
        }
    };
    Ok(Some(response))
}

/// A coordinate below the field's prime.
fn coordinate<C: SWCurveConfig<BaseField: PrimeField>>(value: BigUint) -> Option<C::BaseField> {
    (value < C::BaseField::MODULUS.into()).then(|| value.into())
}

/// The point at `x` and `y`, if the curve has it; the identity at zeros.
fn point<C: SWCurveConfig<BaseField: PrimeField>>(x: C::BaseField, y: C::BaseField) -> Option<Affine<C>> {
    if x == C::BaseField::ZERO && y == C::BaseField::ZERO {
        return Some(Affine::zero());
    }
    Some(Affine::new_unchecked(x, y)).filter(Affine::is_on_curve)
}

fn point_from_x<C: SWCurveConfig<BaseField: PrimeField>>(x: C::BaseField, odd: bool) -> Option<Affine<C>> {
    let (one, other) = Affine::<C>::get_ys_from_x_unchecked(x)?;
    let y = if one.into_bigint().is_odd() == odd { one } else { other };
    Some(Affine::new_unchecked(x, y))
}

/// x and y; zeros for the identity.
fn coordinates<C: SWCurveConfig<BaseField: PrimeField>>(point: &Affine<C>) -> (BigUint, BigUint) {
    point.xy().map(|(x, y)| (x.into(), y.into())).unwrap_or_default()
}

/// Reads the point that the cell at `address` points to.
fn read_point<C: SWCurveConfig<BaseField: PrimeField>>(
    vm: &VirtualMachine,
    address: Relocatable,
) -> Result<Affine<C>, HintError> {
    let limbs = vm.get_relocatable(address).map_err(HintError::Memory)?;
    let x = read_limbs(vm, limbs)?;
    let y = read_limbs(vm, (limbs + 3)?)?;
    point(x.into(), y.into()).ok_or_else(|| super::broken("a point that is not on its curve"))
}

fn read_limbs(vm: &VirtualMachine, address: Relocatable) -> Result<BigUint, HintError> {
    let limbs = vm.get_integer_range(address, 3).map_err(HintError::Memory)?;
    Ok(limbs.iter().rev().fold(BigUint::ZERO, |value, limb| (value << LIMB_BITS) + limb.to_biguint()))
}

/// Writes a point to a segment of its own.
fn write_point<C: SWCurveConfig<BaseField: PrimeField>>(
    vm: &mut VirtualMachine,
    point: Affine<C>,
) -> Result<MaybeRelocatable, HintError> {
    let (x, y) = coordinates(&point);
    let limbs = [limbs(&x), limbs(&y)].concat();
    let segment = vm.add_memory_segment();
    vm.load_data(segment, &limbs).map_err(HintError::Memory)?;
    Ok(segment.into())
}

/// A flag that is set if there is no point, and the point.
fn write_option<C: SWCurveConfig<BaseField: PrimeField>>(
    vm: &mut VirtualMachine,
    point: Option<Affine<C>>,
) -> Result<Vec<MaybeRelocatable>, HintError> {
    Ok(match point {
        Some(point) => vec![Felt::ZERO.into(), write_point(vm, point)?],
        None => vec![Felt::ONE.into(), Felt::ZERO.into()],
    })
}

fn read_u256(vm: &VirtualMachine, address: Relocatable) -> Result<BigUint, HintError> {
    let low = integer(vm, address)?.to_biguint();
    let high = integer(vm, (address + 1)?)?.to_biguint();
    Ok((high << 128) + low)
}

fn limbs(value: &BigUint) -> Vec<MaybeRelocatable> {
    split(value, LIMB_BITS, 3)
}

fn halves(value: &BigUint) -> Vec<MaybeRelocatable> {
    split(value, 128, 2)
}

/// The lowest `count` groups of `bits` bits of a number.
fn split(value: &BigUint, bits: usize, count: usize) -> Vec<MaybeRelocatable> {
    let modulus = BigUint::from(1u8) << bits;
    (0..count).map(|group| Felt::from((value >> (group * bits)) % &modulus).into()).collect()
}

fn integer(vm: &VirtualMachine, address: Relocatable) -> Result<Felt, HintError> {
    vm.get_integer(address).map(|felt| *felt).map_err(HintError::Memory)
}

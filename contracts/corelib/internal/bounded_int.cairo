//! Integers of any range: what the compiler itself looks up.

use crate::RangeCheck;

pub extern type BoundedInt<const MIN: felt252, const MAX: felt252>;

pub trait AddHelper<Lhs, Rhs> {
    type Result;
}

pub trait SubHelper<Lhs, Rhs> {
    type Result;
}

pub trait MulHelper<Lhs, Rhs> {
    type Result;
}

pub trait DivRemHelper<Lhs, Rhs> {
    type DivT;
    type RemT;
}

pub trait ConstrainHelper<T, const BOUNDARY: felt252> {
    type LowT;
    type HighT;
}

pub trait TrimMinHelper<T> {
    type Target;
}

pub trait TrimMaxHelper<T> {
    type Target;
}

extern fn bounded_int_add<Lhs, Rhs, impl H: AddHelper<Lhs, Rhs>>(lhs: Lhs, rhs: Rhs) -> H::Result nopanic;

extern fn bounded_int_sub<Lhs, Rhs, impl H: SubHelper<Lhs, Rhs>>(lhs: Lhs, rhs: Rhs) -> H::Result nopanic;

extern fn bounded_int_mul<Lhs, Rhs, impl H: MulHelper<Lhs, Rhs>>(lhs: Lhs, rhs: Rhs) -> H::Result nopanic;

extern fn bounded_int_div_rem<Lhs, Rhs, impl H: DivRemHelper<Lhs, Rhs>>(
    lhs: Lhs, rhs: NonZero<Rhs>,
) -> (H::DivT, H::RemT) implicits(RangeCheck) nopanic;

extern fn bounded_int_constrain<T, const BOUNDARY: felt252, impl H: ConstrainHelper<T, BOUNDARY>>(
    value: T,
) -> Result<H::LowT, H::HighT> implicits(RangeCheck) nopanic;

extern fn bounded_int_trim_min<T, impl H: TrimMinHelper<T>>(
    value: T,
) -> crate::internal::OptionRev<H::Target> nopanic;

extern fn bounded_int_trim_max<T, impl H: TrimMaxHelper<T>>(
    value: T,
) -> crate::internal::OptionRev<H::Target> nopanic;

extern fn bounded_int_is_zero<T>(value: T) -> crate::zeroable::IsZeroResult<T> implicits() nopanic;

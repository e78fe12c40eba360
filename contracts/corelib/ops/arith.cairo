//! `a += b` and its kin.

pub trait AddAssign<Lhs, Rhs> {
    fn add_assign(ref self: Lhs, rhs: Rhs);
}

pub trait SubAssign<Lhs, Rhs> {
    fn sub_assign(ref self: Lhs, rhs: Rhs);
}

pub trait MulAssign<Lhs, Rhs> {
    fn mul_assign(ref self: Lhs, rhs: Rhs);
}

pub trait DivAssign<Lhs, Rhs> {
    fn div_assign(ref self: Lhs, rhs: Rhs);
}

pub trait RemAssign<Lhs, Rhs> {
    fn rem_assign(ref self: Lhs, rhs: Rhs);
}

impl AddAndAssign<T, +Add<T>, +Copy<T>, +Drop<T>> of AddAssign<T, T> {
    fn add_assign(ref self: T, rhs: T) {
        self = self + rhs;
    }
}

impl SubAndAssign<T, +Sub<T>, +Copy<T>, +Drop<T>> of SubAssign<T, T> {
    fn sub_assign(ref self: T, rhs: T) {
        self = self - rhs;
    }
}

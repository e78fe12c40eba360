//! Numbers.

pub mod zero {
    pub trait Zero<T> {
        fn zero() -> T;
        fn is_zero(self: @T) -> bool;
        fn is_non_zero(self: @T) -> bool;
    }
}

pub mod one {
    pub trait One<T> {
        fn one() -> T;
        fn is_one(self: @T) -> bool;
        fn is_non_one(self: @T) -> bool;
    }
}

pub use one::One;
pub use zero::Zero;

//! What can be called.

pub trait FnOnce<T, Args> {
    type Output;
    fn call(self: T, args: Args) -> Self::Output;
}

pub trait Fn<T, Args> {
    type Output;
    fn call(self: @T, args: Args) -> Self::Output;
}

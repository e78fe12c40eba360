//! Member access through a wrapper.

pub trait Deref<T> {
    type Target;
    fn deref(self: T) -> Self::Target;
}

#[unstable(feature: "deref_mut")]
pub trait DerefMut<T> {
    type Target;
    fn deref_mut(ref self: T) -> Self::Target;
}

/// A snapshot shows the members of what it is a snapshot of.
impl DerefSnapshot<T, +Copy<T>> of Deref<@T> {
    type Target = T;
    fn deref(self: @T) -> T {
        *self
    }
}

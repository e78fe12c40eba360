//! `a[i]`.

pub trait IndexView<C, I> {
    type Target;
    fn index(self: @C, index: I) -> Self::Target;
}

pub trait Index<C, I> {
    type Target;
    fn index(ref self: C, index: I) -> Self::Target;
}

#[feature("deprecated-index-traits")]
impl OfOldIndexView<C, I, V, impl Old: crate::traits::IndexView<C, I, V>> of IndexView<C, I> {
    type Target = V;
    fn index(self: @C, index: I) -> V {
        Old::index(self, index)
    }
}

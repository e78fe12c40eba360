//! Iteration.

pub mod iterator {
    pub trait Iterator<T> {
        type Item;
        fn next(ref self: T) -> Option<Self::Item>;
    }
}

pub mod collect {
    use super::iterator::Iterator;

    pub trait IntoIterator<T> {
        type IntoIter;
        impl Iterator: Iterator<Self::IntoIter>;
        fn into_iter(self: T) -> Self::IntoIter;
    }
}

pub use collect::IntoIterator;
pub use iterator::Iterator;

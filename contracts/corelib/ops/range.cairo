//! `a..b`.

pub struct Range<T> {
    pub start: T,
    pub end: T,
}

pub struct RangeInclusive<T> {
    pub start: T,
    pub end: T,
}

pub trait RangeOp<T> {
    fn range(start: T, end: T) -> Range<T>;
}

pub trait RangeInclusiveOp<T> {
    fn range_inclusive(start: T, end: T) -> RangeInclusive<T>;
}

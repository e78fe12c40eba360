//! The shape of a `match` of three variants or more that computes no jump: a tree of comparisons, a variant at each leaf.
//!
//! Both the code of a match and the number of cells that it takes follow this shape.

/// From so many variants on, the published compiler computes where to jump.
pub const WIDE: usize = 3;

/// Where the variants `from..to`, two at least, are parted in two: the index of the first one of the second part.
pub fn middle(from: usize, to: usize) -> usize {
    from + (to - from) / 2
}

/// How many comparisons lead to each of a match's variants. None if it has fewer than [`WIDE`].
pub fn depths(variants: usize) -> Vec<usize> {
    if variants < WIDE { vec![0; variants] } else { (0..variants).map(|variant| depth(variant, variants)).collect() }
}

fn depth(variant: usize, variants: usize) -> usize {
    let (mut from, mut to, mut depth) = (0, variants, 0);
    while to - from > 1 {
        let middle = middle(from, to);
        if variant < middle {
            to = middle;
        } else {
            from = middle;
        }
        depth += 1;
    }
    depth
}

//! Changes to bytes, collected first and made together.

use std::ops::Range;

/// Replacements of stretches that do not overlap.
#[derive(Debug, Default)]
pub(crate) struct Edits(Vec<(Range<usize>, Vec<u8>)>);

impl Edits {
    /// Adds replacements that belong together: all, or none if one of them overlaps an earlier one.
    pub(crate) fn add(&mut self, edits: impl IntoIterator<Item = (Range<usize>, Vec<u8>)>) {
        let edits: Vec<_> = edits.into_iter().collect();
        let overlaps = |(new, _): &(Range<usize>, Vec<u8>)| {
            self.0.iter().any(|(old, _)| new.start < old.end && old.start < new.end || new == old)
        };
        if !edits.iter().any(overlaps) {
            self.0.extend(edits);
        }
    }

    /// The bytes with all replacements made.
    pub(crate) fn apply(mut self, bytes: &[u8]) -> Vec<u8> {
        self.0.sort_by_key(|(span, _)| (span.start, span.end));
        let mut changed = Vec::with_capacity(bytes.len());
        let mut at = 0;
        for (span, replacement) in self.0 {
            changed.extend_from_slice(&bytes[at..span.start]);
            changed.extend_from_slice(&replacement);
            at = span.end;
        }
        changed.extend_from_slice(&bytes[at..]);
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_that_overlap_are_left_out_as_a_whole() {
        let mut edits = Edits::default();
        edits.add([(2..4, vec![9])]);
        edits.add([(0..1, vec![]), (3..5, vec![7])]);
        edits.add([(4..4, vec![8, 8])]);
        assert_eq!(edits.apply(&[0, 1, 2, 3, 4]), [0, 1, 9, 8, 8, 4]);
    }
}

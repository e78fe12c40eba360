//! Where a page of events ended, and the next one begins.

use std::fmt;

use starknet_api::block::BlockNumber;
use zkthreads_storage::EventPlace;

/// Where a page of events begins: what a continuation token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventCursor(pub(crate) EventPlace);

impl fmt::Display for EventCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EventPlace { block, transaction, event } = self.0;
        write!(f, "{block}-{transaction}-{event}")
    }
}

impl EventCursor {
    /// Reads a token, which is written in one way only.
    pub(crate) fn parse(token: &str) -> Option<Self> {
        let mut numbers = token.split('-');
        let block = BlockNumber(numbers.next()?.parse().ok()?);
        let transaction = numbers.next()?.parse().ok()?;
        let event = numbers.next()?.parse().ok()?;
        let cursor = Self(EventPlace { block, transaction, event });
        (cursor.to_string() == token).then_some(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_canonical() {
        let cursor = EventCursor(EventPlace { block: BlockNumber(12), transaction: 3, event: 4 });
        assert_eq!(cursor.to_string(), "12-3-4");
        assert_eq!(EventCursor::parse("12-3-4"), Some(cursor));
        let bad = [
            "",
            "-",
            "--",
            "12",
            "12-3",
            "12-3-",
            "+12-3-4",
            "012-3-4",
            "12-3-4-5",
            "a-b-c",
            "0-0-4294967296",
        ];
        for bad in bad {
            assert_eq!(EventCursor::parse(bad), None, "{bad}");
        }
    }
}

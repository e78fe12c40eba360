//! What became of a thread transaction, as its receipt keeps it.

use serde::{Deserialize, Serialize};
use zkthreads_protocol::{SegmentError, SettleError};

/// What became of a thread transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct ThreadOutcome {
    /// Why it did not settle, or not as a whole; `None` if it did.
    pub error: Option<SettleError>,
    /// The segment that `error` is about, counted from zero; `None` if it is about none of them.
    pub failed_segment: Option<u32>,
    /// Segments of the package.
    pub segments: u32,
    /// How many of them settled: the first ones.
    pub settled_segments: u32,
    /// Size of its package in bytes.
    pub package_bytes: u64,
    /// How long its proofs took to verify, in microseconds; `None` if they were not looked at or one is no proof.
    pub verify_micros: Option<u64>,
}

impl ThreadOutcome {
    /// Whether any of it settled.
    #[must_use]
    pub fn has_settled(&self) -> bool {
        self.settled_segments > 0
    }

    /// Why the transaction is reverted, if it is: the segment is named if there are several.
    #[must_use]
    pub fn revert_reason(&self) -> Option<String> {
        let error = self.error.as_ref().filter(|_| !self.has_settled())?;
        match self.failed_segment {
            Some(segment) if self.segments > 1 => {
                Some(SegmentError { segment, error: error.clone() }.to_string())
            }
            _ => Some(error.to_string()),
        }
    }

    /// [`Self::settled_segments`] as a length.
    #[must_use]
    pub fn settled(&self) -> usize {
        usize::try_from(self.settled_segments).unwrap_or(usize::MAX)
    }
}

/// As rows have it. Those that are older than segments do not count any: their packages have one.
#[derive(Deserialize)]
struct Stored {
    error: Option<SettleError>,
    #[serde(default)]
    failed_segment: Option<u32>,
    segments: Option<u32>,
    settled_segments: Option<u32>,
    package_bytes: u64,
    verify_micros: Option<u64>,
}

impl From<Stored> for ThreadOutcome {
    fn from(row: Stored) -> Self {
        let settled = u32::from(row.error.is_none());
        Self {
            failed_segment: row.failed_segment,
            segments: row.segments.unwrap_or(1),
            settled_segments: row.settled_segments.unwrap_or(settled),
            error: row.error,
            package_bytes: row.package_bytes,
            verify_micros: row.verify_micros,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use zkthreads_protocol::SettleError;

    use super::ThreadOutcome;

    #[test]
    fn rows_without_segments_are_of_one() {
        let settled = json!({ "error": null, "package_bytes": 9, "verify_micros": 7 });
        let settled: ThreadOutcome = serde_json::from_value(settled).unwrap();
        assert_eq!((settled.segments, settled.settled_segments, settled.failed_segment), (1, 1, None));

        let error = SettleError::Proof { reason: "weak".to_owned() };
        let reverted = json!({ "error": error, "package_bytes": 9, "verify_micros": null });
        let reverted: ThreadOutcome = serde_json::from_value(reverted).unwrap();
        assert_eq!((reverted.segments, reverted.settled_segments), (1, 0));
        assert!(!reverted.has_settled());
    }
}

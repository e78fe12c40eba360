//! How much a search may look at.

/// So many events in a row are as good as another row: a KiB, which takes about as long to read.
const EVENTS_AS_A_ROW: usize = 128;

/// How many rows of the index a search may still look at.
pub(super) struct Work {
    rows: usize,
}

impl Work {
    pub(super) fn new(rows: usize) -> Self {
        Self { rows }
    }

    /// Rows were looked for, be they there or not.
    pub(super) fn count_rows(&mut self, rows: usize) {
        self.rows = self.rows.saturating_sub(rows);
    }

    /// Events of rows that were counted were read.
    pub(super) fn count_events(&mut self, events: usize) {
        self.count_rows(events / EVENTS_AS_A_ROW);
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.rows == 0
    }
}

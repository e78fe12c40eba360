//! Going on after a write that failed.

use std::fs::File;
use std::io::Write;

use super::ThreadJournal;
use super::overlay::{Rows, put_rows};
use crate::StorageError;
use crate::db::Db;
use crate::db::tables::JOURNAL_TABLES;

/// The rows that a failed write changed, as they were before it.
pub(super) struct Undo(pub(super) Rows);

/// As much must fit on the disk before the database is closed to be opened anew, in bytes.
const PROBE_BYTES: usize = 1 << 20;
const PROBE: &str = "probe";

impl ThreadJournal {
    /// If the last write failed: opens the database anew, and makes sure that nothing of that write is in it.
    pub(super) fn recover(&self, failed: &mut Option<Undo>) -> Result<(), StorageError> {
        let Some(Undo(rows)) = failed else { return Ok(()) };
        // While it can be read, it is better than a closed one.
        self.probe().map_err(|error| self.unwritable(error.to_string()))?;
        let mut db = self.db.write();
        *db = Err("it is being opened anew".to_owned());
        let open_anew = || {
            let opened = Db::open(&self.path, JOURNAL_TABLES)?;
            let mut batch = opened.batch();
            put_rows(&mut batch, rows)?;
            batch.commit()?;
            Ok(opened)
        };
        *db = open_anew().map_err(|error: StorageError| error.to_string());
        match &*db {
            Ok(_) => {
                *failed = None;
                Ok(())
            }
            Err(reason) => Err(self.unwritable(reason.clone())),
        }
    }

    fn probe(&self) -> std::io::Result<()> {
        let path = self.path.join(PROBE);
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(&vec![0xa5; PROBE_BYTES])?;
            file.sync_all()
        });
        let removed = std::fs::remove_file(&path);
        written.and(removed)
    }
}

//! Where a dump of an earlier version is carried over.

use std::fs;
use std::path::{Path, PathBuf};

use crate::DumpError;

/// A directory beside a database, which goes when this does. Whoever opens the database next removes one that was left by a
/// program that was killed.
pub(crate) struct ScratchDirectory(pub(crate) PathBuf);

impl ScratchDirectory {
    /// Makes that of the database at `path`, empty.
    pub(super) fn make(path: &Path) -> Result<Self, DumpError> {
        remove_left(path);
        let directory = of(path);
        fs::create_dir(&directory).map_err(DumpError::Write)?;
        Ok(Self(directory))
    }
}

impl Drop for ScratchDirectory {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

/// Removes that of the database at `path`, if there is one. The caller has opened the database, so nobody uses it.
pub(crate) fn remove_left(path: &Path) {
    remove(&of(path));
}

fn of(path: &Path) -> PathBuf {
    path.with_added_extension("import")
}

fn remove(directory: &Path) {
    // Mostly there is none; and one that cannot be removed is in nobody's way but the next import's, which says so.
    let _ = fs::remove_dir_all(directory);
}

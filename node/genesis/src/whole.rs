//! Files that are there whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Writes a file of `directory` aside and renames it: it is there whole or not at all. The directory is made if it is missing.
///
/// # Errors
/// The file system's.
pub fn write_whole(directory: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let aside = path.with_extension("tmp");
    let mut file = fs::File::create(&aside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(aside, path)
}

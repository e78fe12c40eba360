//! Writing a dump.

use std::io::Write;

use sha2::Digest;
use zstd::stream::write::Encoder;

use super::{Checksummed, LEVEL, MAGIC, ROW, TABLE, tables};
use crate::db::versions::SCHEMA_VERSION;
use crate::{DumpError, Storage, StorageError};

impl Storage {
    /// Writes all rows, as they are at this moment, into `to`. Blocks may be committed meanwhile.
    ///
    /// # Errors
    /// If the database cannot be read or `to` cannot be written.
    pub fn export(&self, mut to: impl Write) -> Result<(), StorageError> {
        self.export_to(&mut to)
    }

    /// For any writer, so that it is compiled here, once.
    fn export_to(&self, to: &mut dyn Write) -> Result<(), StorageError> {
        let now = self.db().snapshot();
        let mut file = Checksummed::new(to);
        file.write_all(&MAGIC).map_err(DumpError::Write)?;
        file.write_all(&SCHEMA_VERSION.to_be_bytes()).map_err(DumpError::Write)?;
        let mut records = Encoder::new(file, LEVEL).map_err(DumpError::Write)?;
        for table in tables() {
            let mut rows = now.all_rows(table)?;
            if rows.valid() {
                write_table(&mut records, table.name).map_err(DumpError::Write)?;
            }
            while let Some((key, row)) = rows.item() {
                write_row(&mut records, key, row).map_err(DumpError::Write)?;
                rows.next();
            }
            rows.status()?;
        }
        let Checksummed { stream: to, digest } = records.finish().map_err(DumpError::Write)?;
        to.write_all(&digest.finalize()).map_err(DumpError::Write)?;
        Ok(to.flush().map_err(DumpError::Write)?)
    }
}

fn write_table(records: &mut impl Write, name: &str) -> std::io::Result<()> {
    records.write_all(&[TABLE, length(name.len())?])?;
    records.write_all(name.as_bytes())
}

fn write_row(records: &mut impl Write, key: &[u8], row: &[u8]) -> std::io::Result<()> {
    records.write_all(&[ROW, length(key.len())?])?;
    records.write_all(&length::<u32>(row.len())?.to_be_bytes())?;
    records.write_all(key)?;
    records.write_all(row)
}

fn length<N: TryFrom<usize>>(length: usize) -> std::io::Result<N> {
    N::try_from(length)
        .map_err(|_| std::io::Error::other(format!("{length} bytes are too many for the format")))
}

//! The dump of a devnet: one file with its settings and its database. Loading it executes nothing.
//!
//! ```text
//! "zkthreads dump 1\n" | length of the settings, u32 little-endian | settings, JSON | the database's export
//! ```

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use starknet_api::core::ContractAddress;
use zkthreads_producer::ClockState;
use zkthreads_rpc_api::devnet::GasPriceChange;

use crate::mailbox::Mailbox;
use crate::manifest::Manifest;

const MAGIC: &[u8] = b"zkthreads dump 1\n";

/// Largest settings that are read, bytes. Messages from L1 are most of them.
const MAX_SETTINGS: u32 = 64 << 20;

/// What a devnet's database does not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// What the chain began with.
    pub manifest: Manifest,
    /// The clock.
    pub clock: ClockState,
    /// Gas prices.
    pub gas_prices: GasPriceChange,
    /// Whether everyone is impersonated.
    pub impersonate_everyone: bool,
    /// Who is.
    pub impersonated: Vec<ContractAddress>,
    /// The devnet's L1.
    pub mailbox: Mailbox,
}

/// Why a dump is not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// The file system, or a file that ends too early.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is something else.
    #[error("this is no dump of this version of zkthreads")]
    NotADump,
    /// The settings do not parse.
    #[error("the settings do not parse: {0}")]
    Settings(#[from] serde_json::Error),
}

/// Writes what comes before the database's export.
pub(super) fn write_settings(settings: &Settings, mut out: impl Write) -> io::Result<()> {
    let json = serde_json::to_vec(settings)?;
    let length = u32::try_from(json.len()).map_err(io::Error::other)?;
    out.write_all(MAGIC)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(&json)
}

/// Reads what comes before the database's export.
pub(super) fn read_settings(mut input: impl Read) -> Result<Settings, ReadError> {
    let mut magic = [0; MAGIC.len()];
    let mut length = [0; 4];
    input.read_exact(&mut magic).map_err(|_| ReadError::NotADump)?;
    if magic != MAGIC {
        return Err(ReadError::NotADump);
    }
    input.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > MAX_SETTINGS {
        return Err(ReadError::NotADump);
    }
    let mut json = Vec::new();
    input.by_ref().take(length.into()).read_to_end(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}

/// Opens a dump.
pub(super) fn open(path: &Path) -> io::Result<BufReader<File>> {
    Ok(BufReader::new(File::open(path)?))
}

/// A file that replaces another one when it is complete, and only then: whatever happens, one of the two is there.
pub(super) struct Replacement {
    path: PathBuf,
    aside: PathBuf,
    file: BufWriter<File>,
}

impl Replacement {
    /// Begins to write what shall be at `path`.
    pub(super) fn begin(path: &Path) -> io::Result<Self> {
        let mut aside = path.as_os_str().to_owned();
        aside.push(".part");
        let aside = PathBuf::from(aside);
        let file = BufWriter::new(File::create(&aside)?);
        Ok(Self { path: path.to_owned(), aside, file })
    }

    /// Puts the file in its place.
    pub(super) fn finish(self) -> io::Result<()> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(&self.aside, &self.path)
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::DevnetRequest;

    fn settings() -> Settings {
        Settings {
            manifest: DevnetRequest { seed: Some(3), ..DevnetRequest::default() }.into_manifest(),
            clock: ClockState { ahead: -5, next: Some(7) },
            gas_prices: GasPriceChange { gas_price_fri: 9.try_into().ok(), ..GasPriceChange::default() },
            impersonate_everyone: true,
            impersonated: vec![5_u8.into()],
            mailbox: Mailbox::default(),
        }
    }

    #[test]
    fn settings_read_back_as_written() {
        let mut bytes = Vec::new();
        write_settings(&settings(), &mut bytes).unwrap();
        bytes.extend(b"rest");
        let mut input = bytes.as_slice();
        assert_eq!(read_settings(&mut input).unwrap(), settings());
        assert_eq!(input, b"rest");
    }

    #[test]
    fn other_files_and_stumps_are_refused() {
        let mut bytes = Vec::new();
        write_settings(&settings(), &mut bytes).unwrap();
        for stump in 0..bytes.len() {
            assert!(read_settings(&bytes[..stump]).is_err(), "{stump}");
        }
        assert!(matches!(read_settings(&b"[{\"method\": \"devnet_mint\"}]"[..]), Err(ReadError::NotADump)));
        bytes[MAGIC.len()..MAGIC.len() + 4].fill(0xff);
        assert!(matches!(read_settings(bytes.as_slice()), Err(ReadError::NotADump)));
    }

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("dump");
        fs::write(&path, b"old").unwrap();
        let mut unfinished = Replacement::begin(&path).unwrap();
        unfinished.write_all(b"ne").unwrap();
        unfinished.flush().unwrap();
        drop(unfinished);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let mut new = Replacement::begin(&path).unwrap();
        new.write_all(b"new").unwrap();
        new.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(!directory.path().join("dump.part").exists());
    }
}

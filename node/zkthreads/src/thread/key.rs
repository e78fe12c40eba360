//! The submitter's private key, in a file of its own.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use starknet_types_core::felt::Felt;

/// Longest file that is read: a key takes 66 bytes.
const MAX_BYTES: u64 = 256;
/// Everybody but the owner.
const OTHERS: u32 = 0o077;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read.
    #[error("the submitter's key file {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Others than its owner can read or write the file.
    #[error("the submitter's key file {path} is open to others (mode {mode:03o}): chmod 600 {path}")]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// What it holds is no private key.
    #[error("the submitter's key file {path} does not hold a private key in hexadecimal")]
    NoKey {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a private key from a file that only its owner can read.
///
/// # Errors
/// See [`KeyFileError`]. What the file holds is never part of it.
pub fn read_key(path: &Path) -> Result<Felt, KeyFileError> {
    let io = |source| KeyFileError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    let mode = file.metadata().map_err(io)?.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        return Err(KeyFileError::OpenToOthers { path: path.to_owned(), mode });
    }
    let mut text = String::new();
    let no_key = || KeyFileError::NoKey { path: path.to_owned() };
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => no_key(),
        _ => io(error),
    })?;
    Felt::from_hex(text.trim()).ok().filter(|key| *key != Felt::ZERO).ok_or_else(no_key)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    fn read(content: &[u8], mode: u32) -> Result<Felt, KeyFileError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        read_key(&path)
    }

    #[test]
    fn a_key_is_read_if_nobody_else_can() {
        assert_eq!(read(b"0x7\n", 0o600).unwrap(), Felt::from(7));
        assert_eq!(read(b" 7 ", 0o400).unwrap(), Felt::from(7));
        for mode in [0o644, 0o640, 0o602, 0o610] {
            let error = read(b"0x7", mode).unwrap_err();
            assert!(
                matches!(error, KeyFileError::OpenToOthers { mode: found, .. } if found == mode),
                "{error}"
            );
        }
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_repeated() {
        for content in [&b"secret"[..], b"", b"0x0", &[0xff; 8], &[b'1'; 1000]] {
            let error = read(content, 0o600).unwrap_err();
            assert!(matches!(error, KeyFileError::NoKey { .. }), "{error}");
            assert!(!error.to_string().contains("secret"));
        }
        assert!(matches!(read_key(Path::new("/nowhere/at/all")), Err(KeyFileError::Io { .. })));
    }
}

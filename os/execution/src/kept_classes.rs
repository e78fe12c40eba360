//! Compiled classes that are kept beside the program, so that one which is started again and again compiles once what every chain
//! of its begins with.
//!
//! They are kept in a folder of whoever owns the program or runs it, where nobody else can write, and count for this very build: other
//! code may compile otherwise. Where there can be no such folder, everything is compiled at every start.

use std::fs::{self, DirBuilder, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use starknet_api::core::ClassHash;
use zkthreads_storage::ClassRecord;

/// A class by its hash.
pub type Declared = (ClassHash, ClassRecord);

/// Who may write into the folder: its owner.
const MODE: u32 = 0o755;

/// Bytes of the digest that a kept class begins with.
const DIGEST_BYTES: usize = 32;

/// The class of a source, as `compile` makes it, unless this program has compiled the same source before.
///
/// # Errors
/// Those of `compile`. That nothing can be read or kept is no error.
pub fn kept<E>(source: &str, compile: impl FnOnce() -> Result<Declared, E>) -> Result<Declared, E> {
    match Shelf::beside_this_program() {
        Ok(shelf) => shelf.kept(source, compile),
        Err(_) => compile(),
    }
}

/// A folder of compiled classes.
struct Shelf {
    directory: PathBuf,
    /// What tells this build of the program from any other.
    build: String,
    /// Whose folder it may be.
    owners: [u32; 2],
}

#[derive(Serialize, Deserialize)]
struct Kept<R> {
    hash: ClassHash,
    record: R,
}

impl Shelf {
    fn beside_this_program() -> io::Result<Self> {
        let program = std::env::current_exe()?;
        let file = fs::metadata(&program)?;
        let modified = file.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let build = format!("{} {} {}", env!("CARGO_PKG_VERSION"), file.len(), modified.as_nanos());
        let owners = [file.uid(), rustix::process::geteuid().as_raw()];
        Ok(Self { directory: program.with_extension("classes"), build, owners })
    }

    /// Whether nobody else can have put anything there. Somebody may have made the folder before us where all may make files.
    fn is_ours(&self) -> bool {
        let is_ours = |it: Metadata| it.is_dir() && self.owners.contains(&it.uid()) && it.mode() & 0o022 == 0;
        fs::symlink_metadata(&self.directory).is_ok_and(is_ours)
    }

    fn kept<E>(&self, source: &str, compile: impl FnOnce() -> Result<Declared, E>) -> Result<Declared, E> {
        let path = self.directory.join(format!("{:x}.json", Sha256::digest(source)));
        if let Some(kept) = self.read(&path, source) {
            return Ok((kept.hash, kept.record));
        }
        let (hash, record) = compile()?;
        // Whoever cannot keep it compiles it again.
        if let Err(error) = self.write(&path, source, &Kept { hash, record: &record }) {
            tracing::debug!(path = %path.display(), %error, "a compiled class is not kept");
        }
        Ok((hash, record))
    }

    fn read(&self, path: &Path, source: &str) -> Option<Kept<ClassRecord>> {
        if !self.is_ours() {
            return None;
        }
        let bytes = fs::read(path).ok()?;
        let (digest, content) = bytes.split_first_chunk::<DIGEST_BYTES>()?;
        (*digest == self.digest(source, content)).then(|| serde_json::from_slice(content).ok()).flatten()
    }

    /// Makes the file whole or not at all.
    fn write(&self, path: &Path, source: &str, kept: &Kept<&ClassRecord>) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(MODE).create(&self.directory)?;
        if !self.is_ours() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the folder is somebody else's"));
        }
        let content = serde_json::to_vec(kept)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        file.write_all(&self.digest(source, &content))?;
        file.write_all(&content)?;
        file.persist(path)?;
        Ok(())
    }

    /// Binds what is kept to the build and to the source, and finds damage.
    fn digest(&self, source: &str, content: &[u8]) -> [u8; DIGEST_BYTES] {
        let parts = [self.build.as_bytes(), source.as_bytes(), content];
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(Sha256::digest(part));
        }
        digest.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::class::compile;

    const SOURCE: &str =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts/metered/variants.sierra.json"));

    fn shelf(directory: &Path, build: &str) -> Shelf {
        let owner = fs::metadata(std::env::current_exe().unwrap()).unwrap().uid();
        Shelf {
            directory: directory.to_owned(),
            build: build.to_owned(),
            owners: [owner, rustix::process::geteuid().as_raw()],
        }
    }

    fn nothing() -> Result<Declared, &'static str> {
        Ok((ClassHash::default(), crate::class::empty()))
    }

    /// Where all may make files, somebody may have made the folder first.
    #[test]
    fn what_somebody_else_can_write_is_not_believed() {
        let above = tempfile::tempdir().unwrap();
        let (ours, others) = (above.path().join("ours"), above.path().join("others"));
        shelf(&ours, "one").kept("source", nothing).unwrap();
        let kept = |shelf: Shelf| shelf.kept("source", || Err("compiled"));
        assert!(kept(shelf(&ours, "one")).is_ok());
        assert!(kept(Shelf { owners: [u32::MAX; 2], ..shelf(&ours, "one") }).is_err(), "of another owner");
        std::os::unix::fs::symlink(&ours, &others).unwrap();
        assert!(kept(shelf(&others, "one")).is_err(), "by a link");
        fs::set_permissions(&ours, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(kept(shelf(&ours, "one")).is_err(), "where all may write");
    }

    #[test]
    fn what_this_build_has_compiled_is_kept_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let compilations = Cell::new(0);
        let get = |build, source: &str| {
            let compiled = shelf(directory.path(), build).kept(source, || {
                compilations.set(compilations.get() + 1);
                let mut class: serde_json::Value = serde_json::from_str(source).unwrap();
                class["abi"] = class["abi"].to_string().into();
                let class: starknet_api::state::SierraContractClass = serde_json::from_value(class).unwrap();
                compile(class.clone()).map(|record| (class.calculate_class_hash(), record))
            });
            compiled.unwrap()
        };
        let first = get("one", SOURCE);
        assert_eq!((get("one", SOURCE), compilations.get()), (first.clone(), 1));
        assert_eq!((get("two", SOURCE), compilations.get()), (first.clone(), 2), "of another build");
        let spaced = format!(" {SOURCE}");
        assert_eq!((get("two", &spaced), compilations.get()), (first.clone(), 3), "of another source");

        let file = fs::read_dir(directory.path()).unwrap().next().unwrap().unwrap().path();
        let whole = fs::read(&file).unwrap();
        for damaged in [&whole[..whole.len() - 1], &whole[..7], &[]] {
            fs::write(&file, damaged).unwrap();
            assert_eq!(get("two", SOURCE), first);
            assert_eq!(get("two", &spaced), first);
        }
        assert_eq!(compilations.get(), 6, "what is damaged is compiled again");
        assert_eq!(fs::read(&file).unwrap(), whole);
    }

    #[test]
    fn where_nothing_can_be_kept_all_is_compiled() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let missing: Result<_, &str> = shelf(file.path(), "one").kept("source", || Err("no class"));
        assert_eq!(missing, Err("no class"));
        let made = shelf(file.path(), "one").kept("source", nothing);
        assert_eq!(made, nothing());
    }
}

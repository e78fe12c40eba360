//! The rows of packages. Each is written once, by its digest, whoever names it: the pool's transaction, and later the block's.
//! It goes with the last transaction that names it. Proofs are rows of their own, which only whoever wants proofs reads.
//!
//! Who changes these rows holds [`Storage::lock_packages`](crate::Storage::lock_packages) until they are written, since
//! whether a package is there, and who else names it, is read first.

use std::collections::BTreeSet;

use zkthreads_protocol::{Package, PackageContents, PackageDigest, ProofLength, ProofPart, SegmentContents};

use crate::db::keys::Holder;
use crate::db::table::{Key, Table};
use crate::db::tables::{PackageHolders, PackageProofs, PackageSegments, PackageSummaries};
use crate::db::{Batch, Read, decode_key};
use crate::{PackageSummary, StorageError};

/// A proof that can be written, or what stands in its place where a chain is followed.
pub(crate) trait StoredProof: ProofPart {
    /// The proof; `None` if it was left out.
    fn bytes(&self) -> Option<&Vec<u8>>;
}

impl StoredProof for Vec<u8> {
    fn bytes(&self) -> Option<&Vec<u8>> {
        Some(self)
    }
}

impl StoredProof for ProofLength {
    fn bytes(&self) -> Option<&Vec<u8>> {
        None
    }
}

/// Writes a package down, unless it is there.
pub(crate) fn put<P: StoredProof>(
    batch: &mut Batch<'_>,
    read: &impl Read,
    digest: PackageDigest,
    package: &Package<P>,
) -> Result<(), StorageError> {
    if read.has::<PackageSummaries>(&digest)? {
        return Ok(());
    }
    batch.put::<PackageSummaries>(&digest, &PackageSummary::of(package))?;
    for (index, segment) in (0..).zip(&package.segments) {
        batch.put::<PackageSegments>(&(digest, index), &segment.encode_contents())?;
        if let Some(proof) = segment.proof.bytes() {
            batch.put::<PackageProofs>(&(digest, index), proof)?;
        }
    }
    Ok(())
}

/// Says that a transaction names a package.
pub(crate) fn hold(batch: &mut Batch<'_>, digest: PackageDigest, holder: Holder) -> Result<(), StorageError> {
    batch.put::<PackageHolders>(&(digest, holder), &())
}

/// Says that these transactions are gone: all that one batch removes. Packages that no other one names go with them.
pub(crate) fn release(
    batch: &mut Batch<'_>,
    read: &impl Read,
    gone: &BTreeSet<(PackageDigest, Holder)>,
) -> Result<(), StorageError> {
    for holder in gone {
        batch.delete::<PackageHolders>(holder)?;
    }
    let digests: BTreeSet<_> = gone.iter().map(|(digest, _)| *digest).collect();
    for digest in digests {
        if !is_held(read, digest, gone)?
            && let Some(summary) = read.get::<PackageSummaries>(&digest)?
        {
            batch.delete::<PackageSummaries>(&digest)?;
            for (index, _) in (0..).zip(&summary.segments) {
                batch.delete::<PackageSegments>(&(digest, index))?;
                batch.delete::<PackageProofs>(&(digest, index))?;
            }
        }
    }
    Ok(())
}

/// Whether a transaction names the package that is none of these.
fn is_held(
    read: &impl Read,
    digest: PackageDigest,
    gone: &BTreeSet<(PackageDigest, Holder)>,
) -> Result<bool, StorageError> {
    let mut rows = read.rows_within::<PackageHolders>(&digest.encode())?;
    while let Some(key) = rows.key() {
        if !gone.contains(&decode_key::<PackageHolders>(key)?) {
            return Ok(true);
        }
        rows.next();
    }
    Ok(rows.status().map(|()| false)?)
}

/// The first `count` segments of a package, or all if it has fewer, without proofs; `None` if there is no such package.
pub(crate) fn contents(
    read: &impl Read,
    digest: PackageDigest,
    count: usize,
) -> Result<Option<PackageContents>, StorageError> {
    let Some(summary) = read.get::<PackageSummaries>(&digest)? else { return Ok(None) };
    let indices = (0..).zip(summary.segments.iter().take(count)).map(|(index, _)| index);
    let segments = indices.map(|index| {
        segment(read, digest, index)?.ok_or_else(|| missing(PackageSegments::NAME, digest, index))
    });
    Ok(Some(Package { segments: segments.collect::<Result<_, _>>()? }))
}

/// A segment of a package without its proof; `None` if there is no such segment.
pub(crate) fn segment(
    read: &impl Read,
    digest: PackageDigest,
    index: u32,
) -> Result<Option<SegmentContents>, StorageError> {
    let Some(row) = read.get::<PackageSegments>(&(digest, index))? else { return Ok(None) };
    let segment = SegmentContents::decode(&row).map_err(|error| StorageError::DamagedRow {
        table: PackageSegments::NAME,
        reason: error.to_string(),
    })?;
    Ok(Some(segment))
}

/// A package with its proofs; `None` if there is no such package, or it is of a followed chain, which keeps no proofs.
pub(crate) fn whole(read: &impl Read, digest: PackageDigest) -> Result<Option<Package>, StorageError> {
    let Some(contents) = contents(read, digest, usize::MAX)? else { return Ok(None) };
    let mut segments = Vec::with_capacity(contents.segments.len());
    for (index, segment) in (0..).zip(contents.segments) {
        let Some(proof) = read.get::<PackageProofs>(&(digest, index))? else { return Ok(None) };
        let whole = segment.with_proof(proof);
        segments.push(whole.ok_or_else(|| missing(PackageProofs::NAME, digest, index))?);
    }
    Ok(Some(Package { segments }))
}

/// A package that cannot be put together is as good as none: what was read of it, unless the database itself failed.
pub(crate) fn readable<T>(read: Result<Option<T>, StorageError>) -> Result<Option<T>, StorageError> {
    match read {
        Err(StorageError::DamagedRow { .. } | StorageError::Inconsistent { .. }) => Ok(None),
        read => read,
    }
}

fn missing(table: &str, digest: PackageDigest, index: u32) -> StorageError {
    StorageError::Inconsistent {
        reason: format!("table `{table}` lacks segment {index} of package {:#x}", digest.0),
    }
}

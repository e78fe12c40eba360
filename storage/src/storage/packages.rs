//! Packages of thread transactions, and what they settled.

use starknet_api::block::BlockNumber;
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::{Package, PackageContents, PackageDigest, SegmentContents};

use super::Storage;
use crate::db::Read;
use crate::db::tables::{InnerPlaces, PackageSummaries, SettledInners};
use crate::{PackageSummary, SettledInner, StorageError, packages};

impl Storage {
    /// How a package is made up; `None` if no transaction of the chain or the pool names it.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn package_summary(&self, digest: PackageDigest) -> Result<Option<PackageSummary>, StorageError> {
        self.db().get::<PackageSummaries>(&digest)
    }

    /// The first `count` segments of a package, or all if it has fewer, without proofs; `None` if no transaction of the chain or
    /// the pool names it.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn package_contents(
        &self,
        digest: PackageDigest,
        count: usize,
    ) -> Result<Option<PackageContents>, StorageError> {
        packages::contents(&self.db().snapshot(), digest, count)
    }

    /// The segment of a package that an inner transaction is in, without its proof, and the transaction's index there. `None` if
    /// no transaction of the chain or the pool names the package, or it has not so many inner transactions.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn segment_of(
        &self,
        digest: PackageDigest,
        transaction: u32,
    ) -> Result<Option<(SegmentContents, usize)>, StorageError> {
        let now = self.db().snapshot();
        let summary = now.get::<PackageSummaries>(&digest)?;
        let Some((segment, index)) = summary.and_then(|summary| summary.segment_of(transaction)) else {
            return Ok(None);
        };
        Ok(packages::segment(&now, digest, segment)?.map(|segment| (segment, index)))
    }

    /// A package with its proofs; `None` if no transaction of the chain or the pool names it. A followed chain keeps no proofs.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn package(&self, digest: PackageDigest) -> Result<Option<Package>, StorageError> {
        packages::whole(&self.db().snapshot(), digest)
    }

    /// Where an inner transaction settled: the thread transaction, and its index in the package.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn inner_place(&self, hash: TransactionHash) -> Result<Option<(TransactionHash, u32)>, StorageError> {
        Ok(self.db().get::<InnerPlaces>(&hash)?.map(|place| (place.thread, place.index)))
    }

    /// What the transaction at an index of a block settled; nothing if it is no thread, or failed.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn settled_inner(&self, block: BlockNumber, index: usize) -> Result<SettledInner, StorageError> {
        match u32::try_from(index) {
            Ok(index) => Ok(self.db().get::<SettledInners>(&(block, index))?.unwrap_or_default()),
            Err(_) => Ok(SettledInner::default()),
        }
    }
}

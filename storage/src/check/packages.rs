//! Packages: each is whole, and there because a transaction names it.

use std::collections::BTreeSet;

use zkthreads_protocol::{PackageDigest, Transaction};

use super::{Check, Problem};
use crate::db::keys::Holder;
use crate::db::rows::Beginning;
use crate::db::tables::{
    Beginnings, PackageHolders, PackageSummaries, PooledPackages, TransactionPlaces, Transactions,
};
use crate::db::{Read, Snapshot};
use crate::{ChainKind, StorageError, packages};

pub(super) fn check(now: &Snapshot<'_>, check: &mut Check) -> Result<(), StorageError> {
    let Beginning { kind, .. } = now.get::<Beginnings>(&())?.unwrap_or_default();
    let mut held = BTreeSet::new();
    now.each::<PackageHolders>(|(digest, holder), ()| {
        if names(now, holder)? != Some(digest) {
            check.found(Problem::PackageHolder { digest });
        }
        held.insert(digest);
        Ok(())
    })?;
    let mut there = BTreeSet::new();
    now.each::<PackageSummaries>(|digest, _| {
        there.insert(digest);
        Ok(())
    })?;
    for digest in held.union(&there) {
        let is_whole = match kind {
            ChainKind::Own => packages::readable(packages::whole(now, *digest))?.is_some(),
            ChainKind::Followed => {
                packages::readable(packages::contents(now, *digest, usize::MAX))?.is_some()
            }
        };
        if !is_whole || !held.contains(digest) {
            check.found(Problem::Package { digest: *digest });
        }
    }
    Ok(())
}

/// The package that a transaction names, if there is such a transaction.
fn names(now: &Snapshot<'_>, holder: Holder) -> Result<Option<PackageDigest>, StorageError> {
    match holder {
        Holder::Pool(hash) => now.get::<PooledPackages>(&hash),
        Holder::Block(hash) => {
            let Some(place) = now.get::<TransactionPlaces>(&hash)? else { return Ok(None) };
            let transaction = now.get::<Transactions>(&(place.block, place.index))?;
            Ok(transaction.and_then(|transaction| match transaction.body {
                Transaction::Thread { facts, .. } => Some(facts.package_digest),
                _ => None,
            }))
        }
    }
}

//! Carrying a database over to the next schema version, step by step.
//!
//! A step ends with the new version, and one which was interrupted is simply taken again. One that rewrites rows does so batch by
//! batch, since a database does not fit in memory; until it has ended, no program opens the database. A schema version comes
//! with the step from the one before it, and with a test that takes it.

mod packages_by_digest;

use std::path::Path;

use crate::StorageError;
use crate::db::Db;
use crate::db::open::other_version;
use crate::db::tables::Schema;
use crate::db::versions::{SCHEMA_VERSION, UNDER_WAY};

/// What it takes to come from one version to the next.
struct Step {
    /// The version before.
    from: u32,
    /// `None` if all rows stay as they are. (Tables that are new need nothing: opening makes them.)
    rewrite: Option<Rewrite>,
}

/// Changes rows, as often as need be: what was changed already stays so.
type Rewrite = fn(&mut Db) -> Result<(), StorageError>;

/// The steps, in order and without a gap.
const STEPS: &[Step] = &[
    // Version 5 knows when sub-blocks saw what they wrote. Of what was written before, the block's own time is known: it is old
    // enough for whatever is based on a newer block, and too new for anything else.
    Step { from: 4, rewrite: None },
    // Version 6 knows classes as threads run them. What is missing is made up for when the node is started, class by class.
    Step { from: 5, rewrite: None },
    // Version 7 has packages in rows of their own, by digest, and an index of events.
    Step { from: 6, rewrite: Some(packages_by_digest::rewrite) },
];

/// From which version to which a database was carried over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// The version that it had.
    pub from: u32,
    /// This program's version, which it has now. The same if there was nothing to do.
    pub to: u32,
}

/// Carries the database at `path` over to this program's schema version, be it a chain, a fork's cache or a thread's journal.
///
/// # Errors
/// [`StorageError::NoDatabase`] if there is none, [`StorageError::SchemaVersion`] if no step begins with its version; if it is
/// another program's, is in use, or cannot be read or written.
pub fn migrate(path: &Path) -> Result<Migrated, StorageError> {
    if !path.join("CURRENT").exists() {
        return Err(StorageError::NoDatabase { path: path.display().to_string() });
    }
    let (mut db, version) = Db::open_as_it_is(path)?;
    // One without a version has nothing in it yet: opening it makes one of this program's version.
    let from = version.unwrap_or(SCHEMA_VERSION) & !UNDER_WAY;
    if from > SCHEMA_VERSION {
        return Err(other_version(path, from));
    }
    for version in from..SCHEMA_VERSION {
        let step = step_from(version).ok_or_else(|| other_version(path, version))?;
        if let Some(rewrite) = step.rewrite {
            set_version(&db, version | UNDER_WAY)?;
            rewrite(&mut db)?;
        }
        set_version(&db, version + 1)?;
    }
    Ok(Migrated { from, to: SCHEMA_VERSION })
}

/// Sets it durably, and with it whatever was written before.
fn set_version(db: &Db, version: u32) -> Result<(), StorageError> {
    let mut batch = db.batch();
    batch.put::<Schema>(&(), &version)?;
    batch.commit()
}

fn step_from(version: u32) -> Option<&'static Step> {
    STEPS.iter().find(|step| step.from == version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::versions::is_carried_over;

    #[test]
    fn the_steps_lead_to_this_version_without_a_gap() {
        let versions: Vec<u32> = STEPS.iter().map(|step| step.from).collect();
        let carried_over: Vec<u32> =
            (0..=SCHEMA_VERSION).filter(|version| is_carried_over(*version)).collect();
        assert_eq!(versions, carried_over);
    }
}

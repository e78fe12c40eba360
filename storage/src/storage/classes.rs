//! Making up for what classes of an older database lack: what they are to threads.

use starknet_api::core::ClassHash;

use super::Storage;
use crate::db::Read;
use crate::db::table::Key;
use crate::db::tables::Classes;
use crate::{ClassDefinition, ClassRecord, Hardened, StorageError};

impl Storage {
    /// The first stored class behind `after`, in the order of their hashes, that is `wanted`. Each is read for that.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn next_class(
        &self,
        after: Option<ClassHash>,
        wanted: impl Fn(&ClassRecord) -> bool,
    ) -> Result<Option<(ClassHash, ClassRecord)>, StorageError> {
        let first = after.map(|hash| hash.encode()).unwrap_or_default();
        self.db().first_row_after::<Classes>(&first, wanted)
    }

    /// Keeps what a stored class is to threads by this way of hardening. Nothing is done if the class was reverted meanwhile.
    ///
    /// # Errors
    /// If the database cannot be read or written.
    pub fn keep_hardened(
        &self,
        hash: ClassHash,
        hardening: u32,
        hardened: Hardened,
    ) -> Result<(), StorageError> {
        let _one_at_a_time = self.lock_writer();
        let Some(mut class) = self.db().get::<Classes>(&hash)? else { return Ok(()) };
        if let ClassDefinition::Sierra { hardened: known, .. } = &mut class.definition {
            known.insert(hardening, hardened);
        }
        let mut batch = self.db().batch();
        batch.put::<Classes>(&hash, &class)?;
        batch.commit()?;
        self.forget_class(&hash);
        Ok(())
    }
}

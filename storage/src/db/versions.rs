//! Schema versions.

/// Version of the tables' meaning as a whole. A row's own encoding has its own version. Since version 2, classes have
/// one compiled class hash and packages are of their version 2; since version 3, classes say whether they are confined; since
/// version 4, blocks come with traces and tries with their history; since version 5, what sub-blocks wrote has their time; since
/// version 6, classes come with what they are to threads; since version 7, packages are found by their digest, and events by
/// contract and key.
/// What it takes to come from one version to the next is in [`migrate`](mod@crate::migrate).
pub(crate) const SCHEMA_VERSION: u32 = 7;

/// Set in the version of a database while a [step](mod@crate::migrate) rewrites its rows: no program reads it then.
pub(crate) const UNDER_WAY: u32 = 1 << 31;

/// The earliest version from which there are [steps](mod@crate::migrate) to this one.
const EARLIEST: u32 = 4;

/// Whether a database of this earlier version can be carried over.
pub(crate) fn is_carried_over(version: u32) -> bool {
    (EARLIEST..SCHEMA_VERSION).contains(&version)
}

//! File descriptors: each connection takes one, and so does each of the database's files.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::limits::RESERVED_DESCRIPTORS;

/// Raises the process's limit as far as it may, and says how many connections fit below it.
pub(super) fn for_connections() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // If the system refuses, the old limit stays.
    let current = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    match current {
        None => usize::MAX,
        // However few there are, connections get half of them.
        Some(current) => usize::try_from(current.saturating_sub(RESERVED_DESCRIPTORS).max(current / 2))
            .unwrap_or(usize::MAX),
    }
}

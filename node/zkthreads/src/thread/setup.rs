//! What every run of a thread has in common.

use std::path::PathBuf;

use super::ThreadDaemonConfig;
use super::connect::Connection;
use crate::metrics::ThreadSources;

/// What every run of a thread has in common.
pub(super) struct Setup {
    pub(super) config: ThreadDaemonConfig,
    pub(super) connection: Connection,
    /// The data directory.
    pub(super) directory: PathBuf,
    /// Who reads its figures.
    pub(super) sources: ThreadSources,
}

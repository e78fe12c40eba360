//! The executor: one chain's rules over one database.

use std::sync::Arc;

use zkthreads_storage::Storage;

use crate::config::ChainConfig;
use crate::verification::VerificationPool;

/// Executes blocks and answers questions about them. Cheap to clone.
#[derive(Clone)]
pub struct Executor {
    shared: Arc<Shared>,
}

struct Shared {
    storage: Storage,
    config: ChainConfig,
    pool: VerificationPool,
}

impl Executor {
    /// An executor of the chain described by `config` over `storage`.
    #[must_use]
    pub fn new(storage: Storage, config: ChainConfig) -> Self {
        let pool = VerificationPool::new(config.os_versions.iter().map(|version| version.program.clone()));
        Self {
            shared: Arc::new(Shared {
                storage,
                config,
                pool,
            }),
        }
    }

    /// The chain's constants.
    #[must_use]
    pub fn config(&self) -> &ChainConfig {
        &self.shared.config
    }

    /// The database.
    #[must_use]
    pub fn storage(&self) -> &Storage {
        &self.shared.storage
    }

    /// Where proofs are checked.
    #[must_use]
    pub fn verification(&self) -> &VerificationPool {
        &self.shared.pool
    }
}

//! The executor: one chain's rules over one database.

use std::sync::Arc;

use starknet_api::block::{BlockHeader, BlockNumber};
use zkthreads_storage::Storage;

use crate::busy::TimeLimits;
use crate::compiler::Compiler;
use crate::config::ChainConfig;
use crate::error::ExecutionError;
use crate::hardened::stored::Stored;
use crate::impersonation::Impersonation;
use crate::state::{ChainState, ClassCache};
use crate::verification::VerificationPool;

/// Executes blocks and answers questions about them. Cheap to clone.
#[derive(Clone)]
pub struct Executor {
    shared: Arc<Shared>,
}

struct Shared {
    storage: Storage,
    config: ChainConfig,
    time: TimeLimits,
    pool: VerificationPool,
    classes: ClassCache,
    compiler: Compiler,
    stored: Stored,
    impersonation: Impersonation,
}

impl Executor {
    /// An executor of the chain described by `config` over `storage`.
    #[must_use]
    pub fn new(storage: Storage, config: ChainConfig) -> Self {
        Self::with_time_limits(storage, config, TimeLimits::default())
    }

    /// The same with limits of time of its own. They are no rules of the chain: whoever makes blocks chooses them.
    #[must_use]
    pub fn with_time_limits(storage: Storage, config: ChainConfig, time: TimeLimits) -> Self {
        let programs = config.os_versions.iter().map(|version| version.program.clone());
        let pool = VerificationPool::new(config.chain_id.clone(), programs);
        let (classes, compiler) = (ClassCache::new(), Compiler::new());
        let impersonation = Impersonation::default();
        let stored = Stored::new();
        Self {
            shared: Arc::new(Shared {
                storage,
                config,
                time,
                pool,
                classes,
                compiler,
                stored,
                impersonation,
            }),
        }
    }

    /// The chain's constants.
    #[must_use]
    pub fn config(&self) -> &ChainConfig {
        &self.shared.config
    }

    /// How long a transaction may keep a processor busy.
    #[must_use]
    pub fn time_limits(&self) -> TimeLimits {
        self.shared.time
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

    pub(crate) fn stored(&self) -> &Stored {
        &self.shared.stored
    }

    pub(crate) fn compiler(&self) -> &Compiler {
        &self.shared.compiler
    }

    /// Whose signatures nobody asks for.
    #[must_use]
    pub fn impersonation(&self) -> &Impersonation {
        &self.shared.impersonation
    }

    /// The state after block `number`.
    #[must_use]
    pub fn state_after(&self, number: BlockNumber) -> ChainState {
        ChainState::new(self.storage(), number, self.shared.classes.clone())
    }

    /// The latest block's header.
    ///
    /// # Errors
    /// If there is no block yet, or the database fails.
    pub fn latest_header(&self) -> Result<BlockHeader, ExecutionError> {
        let latest = self.storage().latest()?.ok_or(ExecutionError::NoGenesis)?;
        self.storage().header(latest)?.ok_or(ExecutionError::MissingBlock(latest))
    }
}

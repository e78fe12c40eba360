//! From inner transactions to a package.

use std::sync::Arc;

use starknet_api::core::ContractAddress;
use tokio::task::{JoinError, spawn_blocking};
use zkthreads_client::{ClassCache, ForkClient, NodeClient, NodeError};
use zkthreads_protocol::{InnerTransaction, Package, PackageDigest, ThreadFacts};
use zkthreads_sub_block::{ExecutedSubBlock, SubBlockContext, SubBlockError};
use zkthreads_workers::{Proven, Stage, WorkError};

use crate::progress::{Listener, Progress};

/// Builds and proves sub-blocks on top of one node. Cheap to clone.
#[derive(Clone)]
pub struct SubBlockBuilder {
    node: NodeClient,
    submitter: ContractAddress,
    classes: ClassCache,
    listener: Listener,
}

/// A package, ready to be sent.
#[derive(Debug, Clone)]
pub struct ProvedSubBlock {
    /// What the envelope must sign.
    pub facts: ThreadFacts,
    /// The package.
    pub package: Package,
    /// The package's bytes, as the envelope's `proof` carries them.
    pub bytes: Vec<u8>,
    /// Cairo steps of the OS run.
    pub steps: usize,
}

/// Why there is no package.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The node cannot be forked.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The node stopped answering during the execution.
    #[error("the node's state cannot be read: {reason}")]
    Fork {
        /// The first failure.
        reason: String,
    },
    /// Nothing to prove.
    #[error(transparent)]
    SubBlock(#[from] SubBlockError),
    /// There is no proof.
    #[error(transparent)]
    Work(#[from] Box<WorkError>),
    /// The work was cancelled or panicked.
    #[error("interrupted: {0}")]
    Interrupted(#[from] JoinError),
}

impl SubBlockBuilder {
    /// Sub-blocks on top of `node` that only `submitter` may settle (zero: anyone).
    #[must_use]
    pub fn new(node: NodeClient, submitter: ContractAddress) -> Self {
        Self { node, submitter, classes: ClassCache::default(), listener: Arc::new(|_| {}) }
    }

    /// Tells `listener` of every step.
    #[must_use]
    pub fn with_listener(mut self, listener: Listener) -> Self {
        self.listener = listener;
        self
    }

    /// Executes `transactions` on the node's latest state. One whose `__execute__` fails is included as reverted, as on
    /// the chain, with the reason in its recording; what cannot be included is in `left_out`.
    ///
    /// # Errors
    /// If the node does not answer or nothing can be included.
    pub async fn execute(&self, transactions: Vec<InnerTransaction>) -> Result<ExecutedSubBlock, BuildError> {
        let fork = ForkClient::latest(self.node.clone(), self.classes.clone()).await?;
        (self.listener)(Progress::Forked { base_block: fork.base_block() });
        let context = SubBlockContext::new(fork.chain_id().clone(), fork.base_block(), self.submitter);
        let reader = fork.clone();
        let executed =
            spawn_blocking(move || zkthreads_sub_block::execute(reader, &context, transactions)).await?;
        if let Some(reason) = fork.failure() {
            return Err(BuildError::Fork { reason });
        }
        let executed = executed?;
        (self.listener)(Progress::Executed {
            included: executed.statement.inner_transactions.len(),
            reverted: executed.statement.reverted_count(),
            left_out: executed.left_out.len(),
        });
        Ok(executed)
    }

    /// Runs the thread OS on an executed sub-block, compares its statement with blockifier's, and proves it. Takes
    /// every core for a while.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub async fn prove(&self, executed: ExecutedSubBlock) -> Result<ProvedSubBlock, BuildError> {
        let builder = self.clone();
        // The finished run cannot move between threads: it is made and proven on one.
        spawn_blocking(move || builder.prove_blocking(executed)).await?
    }

    fn prove_blocking(&self, executed: ExecutedSubBlock) -> Result<ProvedSubBlock, BuildError> {
        let Proven { proof, steps } =
            zkthreads_workers::prove(&executed.input, &executed.statement, &|stage| match stage {
                Stage::RunningOs => {}
                Stage::OsRan { steps } => (self.listener)(Progress::OsRan { steps }),
                Stage::Proving(stage) => (self.listener)(Progress::Proving(stage)),
            })
            .map_err(Box::new)?;
        let proof_bytes = proof.len();
        let package = executed.into_package(proof);
        let bytes = package.encode();
        (self.listener)(Progress::Packed { proof_bytes, package_bytes: bytes.len() });
        Ok(ProvedSubBlock { facts: facts(&bytes), package, bytes, steps })
    }
}

/// What the envelope of a package that our OS made must sign.
pub(crate) fn facts(package: &[u8]) -> ThreadFacts {
    ThreadFacts {
        os_program_hash: zkthreads_program::os_program().hash(),
        package_digest: PackageDigest::of(package),
    }
}

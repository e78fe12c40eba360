//! The loop.

use std::time::Duration;

use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::ChainId;
use tokio::time::timeout;
use zkthreads_client::{NodeClient, NodeError};
use zkthreads_storage::{FollowedBlock, Storage, StorageError};

use super::ancestor::{Hashes, common_ancestor, first_kept};
use super::health::Health;
use crate::thread::{FollowError, NodeHealth, ThreadHandle};

/// How long a small question may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a block may take.
const BLOCK_TIMEOUT: Duration = Duration::from_secs(120);

/// Takes the node's blocks into a thread, one by one, and takes back those that the node takes back.
#[derive(Debug)]
pub struct ChainFollower {
    /// The node.
    pub node: NodeClient,
    /// The thread.
    pub thread: ThreadHandle,
    /// The database that the thread keeps the node's chain in.
    pub storage: Storage,
    /// The chain.
    pub chain_id: ChainId,
    /// How often the node is asked for its newest block.
    pub poll: Duration,
}

/// Why following has ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfollowed {
    /// It was to end.
    #[error("following was ended")]
    ShutDown,
    /// The thread has ended.
    #[error("the thread has stopped")]
    ThreadStopped,
    /// The node's chain has none of the blocks that are kept of it: the thread must fork it anew.
    #[error("the node's chain has left the one that was followed below block {first}")]
    Refork {
        /// The first block that is kept.
        first: BlockNumber,
    },
    /// The node serves another chain now.
    #[error("the node is of chain {found} now, not of {expected}")]
    OtherChain {
        /// The thread's chain.
        expected: ChainId,
        /// The node's.
        found: ChainId,
    },
}

/// Why a step was not made.
pub(super) enum Failure {
    /// The node cannot be asked.
    Node(NodeFailure),
    /// The thread does not take it now.
    Thread(String),
    /// There is no going on.
    End(Unfollowed),
}

/// What the node did.
#[derive(Debug, thiserror::Error)]
pub(super) enum NodeFailure {
    #[error("no answer within {} s", .0.as_secs())]
    Silent(Duration),
    #[error(transparent)]
    Answer(#[from] NodeError),
}

/// Whether there may be more to do at once.
#[derive(PartialEq)]
enum Step {
    Made,
    UpToDate,
}

impl ChainFollower {
    /// Follows until `shutdown` ends, or there is no going on.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Unfollowed {
        tokio::select! {
            ended = self.follow() => ended,
            () = shutdown => Unfollowed::ShutDown,
        }
    }

    async fn follow(&self) -> Unfollowed {
        // A node that was away may come back as another one.
        let mut is_known = false;
        let (mut node, mut thread) = (Health::new(self.poll), Health::new(self.poll));
        loop {
            let pause = match self.next_step(is_known).await {
                Ok(step) => {
                    if node.is_well() || !is_known {
                        tracing::info!("the node answers");
                        self.thread.node_is(NodeHealth::Reachable);
                    }
                    if thread.is_well() {
                        tracing::info!("the thread takes blocks again");
                    }
                    is_known = true;
                    if step == Step::Made {
                        continue;
                    }
                    node.pause()
                }
                Err(Failure::Node(failure)) => {
                    let reason = failure.to_string();
                    is_known = false;
                    if node.is_ill(&reason) {
                        tracing::warn!(reason, "the node does not answer");
                        self.thread.node_is(NodeHealth::Away { reason });
                    }
                    node.pause()
                }
                Err(Failure::Thread(reason)) => {
                    if thread.is_ill(&reason) {
                        tracing::error!(reason, "the thread does not take the node's blocks");
                    }
                    thread.pause()
                }
                Err(Failure::End(ended)) => return ended,
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn next_step(&self, is_known: bool) -> Result<Step, Failure> {
        if !is_known {
            self.check_chain().await?;
        }
        self.step().await
    }

    async fn check_chain(&self) -> Result<(), Failure> {
        let found = answer(self.node.chain_id()).await?;
        // A known chain may go by its name.
        if found.to_string() == self.chain_id.to_string() {
            return Ok(());
        }
        Err(Failure::End(Unfollowed::OtherChain { expected: self.chain_id.clone(), found }))
    }

    /// Takes in the next block, or takes back those that are the node's no more.
    async fn step(&self) -> Result<Step, Failure> {
        let (head, hash) = self.thread.head();
        let (latest, latest_hash) = answer(self.node.latest()).await?;
        if (latest, latest_hash) == (head, hash) {
            return Ok(Step::UpToDate);
        }
        if latest > head {
            let Some(block) = self.next(head).await? else { return Ok(Step::UpToDate) };
            if block.header.block_header_without_hash.parent_hash == hash {
                self.thread.follow(block).await?;
                return Ok(Step::Made);
            }
        }
        self.take_back().await
    }

    async fn next(&self, head: BlockNumber) -> Result<Option<FollowedBlock>, Failure> {
        let asked = self.node.export_block(head.unchecked_next());
        Ok(within(BLOCK_TIMEOUT, asked).await?)
    }

    async fn take_back(&self) -> Result<Step, Failure> {
        let Some(ancestor) = common_ancestor(&self.storage, self).await? else {
            return Err(Failure::End(self.refork()));
        };
        let (head, _) = self.thread.head();
        if ancestor >= head {
            // The node has gone on, or back, while it was asked.
            return Ok(Step::UpToDate);
        }
        tracing::warn!(from = head.0, to = ancestor.0, "the node has taken blocks back");
        match self.thread.revert_to(ancestor).await {
            // What was before it is forgotten.
            Err(FollowError::Storage(StorageError::Pruned { .. })) => Err(Failure::End(self.refork())),
            reverted => Ok(reverted.map(|()| Step::Made)?),
        }
    }

    fn refork(&self) -> Unfollowed {
        Unfollowed::Refork { first: BlockNumber(first_kept(&self.storage)) }
    }
}

impl Hashes for ChainFollower {
    type Error = Failure;

    async fn block_hash(&self, number: BlockNumber) -> Result<Option<BlockHash>, Failure> {
        answer(self.node.block_hash(number)).await
    }
}

/// The node's answer to a small question.
async fn answer<T>(asked: impl Future<Output = Result<T, NodeError>>) -> Result<T, Failure> {
    Ok(within(ANSWER_TIMEOUT, asked).await?)
}

async fn within<T>(
    time: Duration,
    asked: impl Future<Output = Result<T, NodeError>>,
) -> Result<T, NodeFailure> {
    Ok(timeout(time, asked).await.map_err(|_| NodeFailure::Silent(time))??)
}

impl From<NodeFailure> for Failure {
    fn from(failure: NodeFailure) -> Self {
        Self::Node(failure)
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::Thread(error.to_string())
    }
}

impl From<FollowError> for Failure {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Stopped(_) => Self::End(Unfollowed::ThreadStopped),
            error => Self::Thread(error.to_string()),
        }
    }
}

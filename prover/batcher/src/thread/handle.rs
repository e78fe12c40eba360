//! How the rest of the program reaches a thread's sequencer.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::Nonce;
use starknet_api::transaction::TransactionHash;
use tokio::sync::oneshot;
use zkthreads_protocol::InnerTransaction;
use zkthreads_rpc_api::{InnerRefusal, PoolStatus, ThreadControl, ThreadStatus};
use zkthreads_storage::FollowedBlock;
use zkthreads_workers::{Proven, Stage, WorkerError};

use super::error::{FollowError, Stopped};
use super::job::{Bundle, BundleFailure, Forward, ForwardRefused, InFlight, Job, NodeHealth};
use super::message::Message;
use super::sequencer::Sequencer;
use super::shared::Shared;
use super::writes::Writes;
use super::{SubBlockId, intake};

/// The way to a thread's sequencer. Cheap to clone.
#[derive(Clone)]
pub struct ThreadHandle {
    messages: Sender<Message<Sequencer>>,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for ThreadHandle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ThreadHandle")
    }
}

impl ThreadHandle {
    pub(super) fn new(messages: Sender<Message<Sequencer>>, shared: Arc<Shared>) -> Self {
        Self { messages, shared }
    }

    /// Executes a transaction in the open sub-block, or keeps it until those before it are there, and records it. Blocks
    /// until that is done: for threads that may block.
    ///
    /// # Errors
    /// See [`InnerRefusal`]; nothing of the transaction stays.
    pub fn submit(&self, transaction: InnerTransaction) -> Result<TransactionHash, InnerRefusal> {
        let send = |arrival| self.messages.send(Message::Submit(Box::new(arrival))).map_err(|_| Stopped);
        intake::submit(send, &self.shared, transaction)
    }

    /// Takes in the node's next block: settles what it settles, finds what it conflicts with.
    ///
    /// # Errors
    /// If it does not follow on [`Self::head`], or cannot be stored now.
    pub async fn follow(&self, block: FollowedBlock) -> Result<(), FollowError> {
        // Made here, so that no transaction waits for it.
        let writes = Writes::of(&block);
        self.ask(move |sequencer| sequencer.follow(block, &writes)).await?
    }

    /// Undoes every block after `number`. What they settled is to be settled again.
    ///
    /// # Errors
    /// If there is no such block here, or its state is not kept any more.
    pub async fn revert_to(&self, number: BlockNumber) -> Result<(), FollowError> {
        self.ask(move |sequencer| sequencer.revert_to(number)).await?
    }

    /// The node's newest block that the thread has.
    #[must_use]
    pub fn head(&self) -> (BlockNumber, BlockHash) {
        self.shared.head()
    }

    /// Tells whether the node answers.
    pub fn node_is(&self, health: NodeHealth) {
        self.tell(move |sequencer| sequencer.node_is(health));
    }

    /// The sub-block that is to be proven next. Waits until there is one.
    ///
    /// # Errors
    /// If the sequencer has ended.
    pub async fn take_job(&self) -> Result<Job, Stopped> {
        self.wait_for(|sequencer, taker| sequencer.want_job(taker)).await
    }

    /// Tells how far a proof has come.
    pub fn proving(&self, id: SubBlockId, attempt: u32, stage: Stage) {
        self.tell(move |sequencer| sequencer.proving(id, attempt, stage));
    }

    /// Tells how proving ended. A result of an attempt that is obsolete is dropped.
    pub fn proved(&self, id: SubBlockId, attempt: u32, result: Result<Proven, WorkerError>) {
        self.tell(move |sequencer| sequencer.proved(id, attempt, result));
    }

    /// The next proven sub-blocks that do not depend on any that are not on their way. Waits until there are any.
    ///
    /// # Errors
    /// If the sequencer has ended.
    pub async fn take_bundle(&self) -> Result<Bundle, Stopped> {
        self.wait_for(|sequencer, taker| sequencer.want_bundle(taker)).await
    }

    /// Records that the bundle is about to be sent as this thread transaction. `false` if it must not be: it is obsolete,
    /// or cannot be recorded.
    ///
    /// # Errors
    /// If the sequencer has ended.
    pub async fn submitting(
        &self,
        bundle: &Bundle,
        hash: TransactionHash,
        nonce: Nonce,
    ) -> Result<bool, Stopped> {
        let sub_blocks = bundle.sub_blocks.clone();
        self.ask(move |sequencer| sequencer.submitting(&sub_blocks, hash, nonce)).await
    }

    /// Tells that sub-blocks that were taken as a bundle, or were in flight, are not settled by it.
    pub fn bundle_failed(&self, sub_blocks: &[(SubBlockId, u32)], failure: BundleFailure) {
        let sub_blocks = sub_blocks.to_vec();
        self.tell(move |sequencer| sequencer.bundle_failed(&sub_blocks, &failure));
    }

    /// The bundles that were sent and that no block known here has, oldest first. `None` while the thread cannot go on from its
    /// journal.
    ///
    /// # Errors
    /// If the sequencer has ended.
    pub async fn in_flight(&self) -> Result<Option<Vec<InFlight>>, Stopped> {
        self.ask(|sequencer| sequencer.in_flight()).await
    }

    /// The next transaction to send to the node as it is. Waits until there is one.
    ///
    /// # Errors
    /// If the sequencer has ended.
    pub async fn take_forward(&self) -> Result<Forward, Stopped> {
        self.wait_for(|sequencer, taker| sequencer.want_forward(taker)).await
    }

    /// Tells whether the node has taken a transaction (`Ok`, also if it had it already), or refuses it for good.
    pub fn forwarded(&self, forward: &Forward, result: Result<(), ForwardRefused>) {
        let hash = forward.hash;
        self.tell(move |sequencer| sequencer.forwarded(hash, result));
    }

    /// Ends the sequencer. All that was acknowledged is in the journal.
    pub fn stop(&self) {
        // If it has ended, so much the better.
        let _ = self.messages.send(Message::Stop);
    }

    /// How the thread is.
    #[must_use]
    pub fn status(&self) -> ThreadStatus {
        self.shared.status()
    }

    fn tell(&self, command: impl FnOnce(&mut Sequencer) + Send + 'static) {
        // Nobody needs to know it if the sequencer has ended.
        let _ = self.messages.send(Message::Command(Box::new(command)));
    }

    async fn ask<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Sequencer) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        self.wait_for(move |sequencer, answer| {
            // Whoever asked may have gone.
            drop(answer.send(command(sequencer)));
        })
        .await
    }

    async fn wait_for<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Sequencer, oneshot::Sender<T>) + Send + 'static,
    ) -> Result<T, Stopped> {
        let (answer, result) = oneshot::channel();
        let command = Box::new(move |sequencer: &mut Sequencer| command(sequencer, answer));
        self.messages.send(Message::Command(command)).map_err(|_| Stopped)?;
        result.await.map_err(|_| Stopped)
    }
}

impl ThreadControl for ThreadHandle {
    fn submit(&self, transaction: InnerTransaction) -> Result<TransactionHash, InnerRefusal> {
        Self::submit(self, transaction)
    }

    fn status(&self) -> ThreadStatus {
        Self::status(self)
    }

    fn pool_status(&self, hash: TransactionHash) -> Option<PoolStatus> {
        self.shared.pool_status(hash)
    }

    fn waiting(&self, hash: TransactionHash) -> Option<InnerTransaction> {
        self.shared.waiting(hash)
    }
}

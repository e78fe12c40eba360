//! Transactions that go to the node as they are, because the chain keeps conflicting with them.

use zkthreads_client::NodeClient;

use super::look::{DUPLICATE_TRANSACTION, Unanswered, unanswered};
use super::pause::Pauses;
use crate::thread::{Forward, ForwardRefused, Stopped, ThreadHandle};

/// Sends what the thread gives up to the node.
pub struct Forwarder {
    thread: ThreadHandle,
    node: NodeClient,
}

impl Forwarder {
    /// From `thread` to `node`.
    #[must_use]
    pub fn new(thread: ThreadHandle, node: NodeClient) -> Self {
        Self { thread, node }
    }

    /// Runs until the thread has stopped.
    pub async fn run(self) {
        while self.next().await.is_ok() {}
    }

    async fn next(&self) -> Result<(), Stopped> {
        let forward = self.thread.take_forward().await?;
        let hash = format!("{:#x}", forward.hash.0);
        let result = self.send(&forward).await;
        match &result {
            Ok(()) => tracing::info!(hash, "forwarded to the node"),
            Err(ForwardRefused { reason, .. }) => {
                tracing::warn!(hash, reason, "the node refuses a forwarded transaction");
            }
        }
        self.thread.forwarded(&forward, result);
        Ok(())
    }

    /// Tries until the node has taken it, or refused it.
    async fn send(&self, forward: &Forward) -> Result<(), ForwardRefused> {
        let mut pauses = Pauses::default();
        loop {
            let reason = match self.ask(forward).await {
                Ok(result) => return result,
                Err(reason) => reason,
            };
            tracing::debug!(reason, "forwarding waits for the node");
            tokio::time::sleep(pauses.next()).await;
        }
    }

    /// What the node says to it; an error if it is away.
    async fn ask(&self, forward: &Forward) -> Result<Result<(), ForwardRefused>, String> {
        let Err(error) = self.node.add_invoke(forward.transaction.as_invoke(), None).await else {
            return Ok(Ok(()));
        };
        match unanswered(&error) {
            Unanswered::Refused { code: DUPLICATE_TRANSACTION, .. } => Ok(Ok(())),
            Unanswered::Refused { reason, .. } => {
                let (latest, _) = self.node.latest().await.map_err(|error| error.to_string())?;
                Ok(Err(ForwardRefused { reason, latest }))
            }
            Unanswered::Away(reason) => Err(reason),
        }
    }
}

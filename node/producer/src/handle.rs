//! How the rest of the node reaches the block producer.

use std::sync::mpsc::{Sender, sync_channel};

use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::{AdmitError, ExecutionError};
use zkthreads_storage::StorageError;

use crate::{Producer, ProducerError};

/// Something for the producer to see to.
pub(crate) enum Message {
    /// There may be something in the mempool.
    Look,
    /// Something to do between two transactions.
    Command(Box<dyn FnOnce(&mut Producer) + Send>),
}

/// Why a command was not carried out. The chain is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Nobody makes blocks any more.
    #[error("the node is stopping")]
    Stopped,
    /// There is no such block.
    #[error("block {0} does not exist")]
    UnknownBlock(BlockNumber),
    /// The very transaction is in a block already.
    #[error("transaction {0} is in a block already")]
    Known(TransactionHash),
    /// No block can hold the transaction.
    #[error("the transaction was refused: {0}")]
    Refused(Box<AdmitError>),
    /// No block has room for the transaction.
    #[error("the transaction does not fit into any block")]
    TooLarge,
    /// The node failed, or the database refuses.
    #[error(transparent)]
    Production(#[from] ProducerError),
}

impl From<StorageError> for CommandError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::NoSuchBlock { number } => Self::UnknownBlock(number),
            error => Self::Production(error.into()),
        }
    }
}

impl From<ExecutionError> for CommandError {
    fn from(error: ExecutionError) -> Self {
        Self::Production(error.into())
    }
}

/// A block that a command made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MadeBlock {
    /// Its hash.
    pub hash: BlockHash,
    /// Its number.
    pub number: BlockNumber,
}

/// Commands for the block producer. Each waits until it is carried out, so they are for threads that may block. Cheap
/// to clone.
#[derive(Debug, Clone)]
pub struct ProducerHandle {
    messages: Sender<Message>,
}

impl ProducerHandle {
    pub(crate) fn new(messages: Sender<Message>) -> Self {
        Self { messages }
    }

    /// Has the producer do something between two transactions, and waits for the result.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Producer) -> Result<T, CommandError> + Send + 'static,
    ) -> Result<T, CommandError> {
        let (answer, result) = sync_channel(1);
        let command = Box::new(move |producer: &mut Producer| {
            // Whoever asked may have gone.
            let _ = answer.send(command(producer));
        });
        self.messages.send(Message::Command(command)).map_err(|_| CommandError::Stopped)?;
        result.recv().map_err(|_| CommandError::Stopped)?
    }
}

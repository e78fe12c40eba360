//! What waits to be sent to one WebSocket's client: bounded in count and bytes.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::limits::WebSocketLimits;
use crate::memory::Share;

/// The sending end. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Outbox {
    messages: mpsc::Sender<Queued>,
    room: Arc<Semaphore>,
    bytes: usize,
}

/// A message, and the room it takes until it is sent.
pub(crate) struct Queued {
    pub(crate) text: String,
    _room: OwnedSemaphorePermit,
    _share: Option<Share>,
}

/// The connection is gone.
#[derive(Debug)]
pub(crate) struct Closed;

/// A queue within `limits`.
pub(crate) fn outbox(limits: &WebSocketLimits) -> (Outbox, mpsc::Receiver<Queued>) {
    let (messages, queue) = mpsc::channel(limits.queue_messages);
    let bytes = limits.queue_bytes;
    (Outbox { messages, room: Arc::new(Semaphore::new(bytes)), bytes }, queue)
}

impl Outbox {
    /// Queues a message once there is room for it. `share` is kept until it is sent.
    pub(crate) async fn send(&self, text: String, share: Option<Share>) -> Result<(), Closed> {
        // One larger than the whole queue waits until it has the queue to itself.
        let size = u32::try_from(text.len().min(self.bytes)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(size);
        let _room = tokio::select! {
            room = room => room.map_err(|_| Closed)?,
            () = self.messages.closed() => return Err(Closed),
        };
        self.messages.send(Queued { text, _room, _share: share }).await.map_err(|_| Closed)
    }
}

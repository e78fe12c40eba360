//! What a connection has subscribed to.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::Opening;
use crate::error::RpcError;
use crate::memory::Share;

/// A connection's subscriptions, as one message on it sees them. Changes that the message asks for are kept back
/// until it is answered ([`Session::answered`]): an id has to reach the client before the first notification does.
#[derive(Clone)]
pub(crate) struct Session {
    open: Arc<Mutex<HashSet<String>>>,
    most: usize,
    changes: Arc<Mutex<Vec<Change>>>,
}

/// A message's answer, with the changes that it tells of.
pub(crate) struct Answered {
    /// The answer, and the memory that it takes; none if nobody asked for one.
    pub(crate) answer: Option<(String, Share)>,
    /// The changes, in order.
    pub(crate) changes: Vec<Change>,
}

/// A change to what is told.
pub(crate) enum Change {
    /// A subscription begins.
    Open(String, Opening),
    /// One ends.
    Close(String),
}

impl Session {
    /// A connection without subscriptions, of which it may have `most`.
    pub(crate) fn new(most: usize) -> Self {
        Self { open: Arc::default(), most, changes: Arc::default() }
    }

    /// The same connection, for another message.
    pub(crate) fn for_message(&self) -> Self {
        Self { changes: Arc::default(), ..self.clone() }
    }

    /// Opens a subscription; the answer is its id.
    pub(crate) fn open(
        &self,
        opening: impl FnOnce() -> Result<Opening, RpcError>,
    ) -> Result<String, RpcError> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        {
            let mut open = self.open.lock();
            if open.len() >= self.most {
                return Err(RpcError::TooManySubscriptions { limit: self.most });
            }
            open.insert(id.clone());
        }
        match opening() {
            Ok(opening) => {
                self.changes.lock().push(Change::Open(id.clone(), opening));
                Ok(id)
            }
            Err(error) => {
                self.open.lock().remove(&id);
                Err(error)
            }
        }
    }

    /// Ends a subscription.
    pub(crate) fn close(&self, id: String) -> Result<(), RpcError> {
        if !self.open.lock().remove(&id) {
            return Err(RpcError::InvalidSubscriptionId);
        }
        self.changes.lock().push(Change::Close(id));
        Ok(())
    }

    /// Ends a subscription that is not told of any more.
    pub(crate) fn forget(&self, id: &str) {
        self.open.lock().remove(id);
    }

    /// Whether nobody has ended a subscription yet.
    pub(crate) fn is_open(&self, id: &str) -> bool {
        self.open.lock().contains(id)
    }

    /// The message's answer, with the changes that it asked for.
    pub(crate) fn answered(&self, answer: Option<(String, Share)>) -> Answered {
        Answered { answer, changes: std::mem::take(&mut self.changes.lock()) }
    }
}

//! What stands on the wire where the spec's shapes need our own types: everything that is read from a request
//! (strictly: canonical numbers, no unknown fields), and the answers that mix several parts.

pub(crate) mod amount;
pub(crate) mod block;
pub(crate) mod block_id;
pub(crate) mod broadcast;
pub(crate) mod event;
pub(crate) mod event_cursor;
pub(crate) mod flags;
pub(crate) mod inner;
pub(crate) mod place;
pub(crate) mod receipt;
pub(crate) mod thread;
pub(crate) mod transaction;

//! What the server allows, and why. What a client sees at each limit: `docs/rpc-limits.md`.

use std::time::Duration;

pub use zkthreads_rpc_api::{MAX_RESPONSE_BYTES, REQUEST_TIMEOUT};

mod lanes;

#[cfg(test)]
mod page_tests;

pub use lanes::{LaneLimits, LanesLimits};

/// Largest request by HTTP, bytes: the largest package, of 12 MiB, takes 16 MiB of base64, the rest is for the envelope
/// around it.
pub const MAX_REQUEST_BYTES: u32 = 20 * 1024 * 1024;

const _: () = assert!(
    MAX_REQUEST_BYTES as usize >= zkthreads_protocol::limits::MAX_PACKAGE_BYTES.div_ceil(3) * 4 + (2 << 20)
);

/// Most calls in one batch.
pub const MAX_BATCH: u32 = 100;

/// Default of [`ServerLimits::execution_time`]. A transaction takes ten seconds at most, and before it begins the others of its
/// request have had as much gas as one may use, which takes some five.
pub(crate) const EXECUTION_TIME: Duration = Duration::from_secs(20);

/// In what steps memory is counted, bytes.
pub(crate) const MEMORY_STEP: usize = 64 * 1024;

/// Largest head of a request, bytes.
pub(crate) const MAX_HEADERS_BYTES: usize = 32 * 1024;

/// How many file descriptors are left to everything but connections: the database's files above all.
pub(crate) const RESERVED_DESCRIPTORS: u64 = 1024;

/// How much of an oversized body is read and thrown away, bytes. A client reads the answer only once it has sent its
/// request: closing the connection earlier would show it a broken pipe instead of the error.
pub(crate) const MAX_DISCARDED_BYTES: usize = 128 * 1024 * 1024;

/// Most senders in a filter of transactions.
pub(crate) const MAX_SENDER_ADDRESSES: usize = 1024;

/// Furthest back that a subscription may begin, blocks before the latest.
pub(crate) const MAX_BLOCKS_BACK: u64 = 1024;

/// Most values in the `keys` of a filter of events, all positions together.
pub(crate) const MAX_EVENT_KEYS: usize = 256;

/// Most contracts in a filter of events.
pub(crate) const MAX_EVENT_ADDRESSES: usize = 256;

/// Most events in one page: the largest `chunk_size`.
pub(crate) const MAX_EVENTS: u64 = 1024;

/// Most blocks that one page without a filter looks through, or rows of the index that one with a filter does; the page may then
/// hold fewer events than asked for, and a token to go on.
pub(crate) const MAX_EVENT_ROWS: usize = 16 * 1024;

/// Events in receipts after which a page reads no further transaction, with the same consequence: a receipt is read as a whole.
pub(crate) const MAX_EVENTS_READ: usize = 64 * 1024;

/// Most leaves of one storage proof: classes, contracts and storage keys together.
pub(crate) const MAX_PROOF_LEAVES: usize = 1024;

/// Most transactions that one request simulates or estimates.
pub(crate) const MAX_SIMULATED: usize = 100;

/// Most threads in an answer.
pub(crate) const MAX_THREADS_LISTED: usize = 100;

/// Processor time in which nearly all transactions are validated: a signature takes some 2 to 5 ms, a class that was not used
/// for long some 50 more.
pub(crate) const QUICK_VALIDATION: Duration = Duration::from_millis(100);

/// The server's limits. The defaults suit a node that strangers reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerLimits {
    /// Most open connections, WebSockets included. Bounded by the process's file descriptors, too. At the limit, the
    /// connection that has been idle for longest makes room.
    pub connections: usize,
    /// The same for one address.
    pub connections_per_ip: usize,
    /// Longest that a connection may take to send a request's headers, from when it was opened or last answered: so
    /// idle connections are closed after this time.
    pub header_timeout: Duration,
    /// Longest that a request's body may take.
    pub body_timeout: Duration,
    /// Longest pause within a request's body.
    pub body_pause: Duration,
    /// Longest that a client may take to read a response.
    pub send_timeout: Duration,
    /// Most work for clients, by its kind.
    pub lanes: LanesLimits,
    /// Longest that one call may execute transactions or entry points, in its thread's processor time.
    pub execution_time: Duration,
    /// Longest that a call may take.
    pub request_timeout: Duration,
    /// Memory for requests on their way in, bytes. Each counts with what it holds beyond 64 KiB.
    pub request_memory: usize,
    /// Memory for responses on their way out, bytes. Each counts with what it holds beyond 64 KiB.
    pub response_memory: usize,
    /// ServerLimits of WebSockets.
    pub websocket: WebSocketLimits,
    /// Methods that nobody may call.
    pub forbidden_methods: Vec<String>,
}

/// ServerLimits of WebSockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSocketLimits {
    /// Most open WebSockets.
    pub connections: usize,
    /// The same for one address.
    pub connections_per_ip: usize,
    /// Most subscriptions of one connection.
    pub subscriptions: usize,
    /// Largest message from a client, bytes. Smaller than [`MAX_REQUEST_BYTES`], because each connection may hold one
    /// half-sent: send thread transactions and large classes by HTTP.
    pub message_bytes: usize,
    /// Most calls of one connection answered at once. Further messages are not read until one is answered.
    pub calls: usize,
    /// Most messages that wait for one client to read them.
    pub queue_messages: usize,
    /// The same in bytes. A larger message passes alone.
    pub queue_bytes: usize,
    /// Longest that a client may take to read one message.
    pub send_timeout: Duration,
    /// How often a client is pinged.
    pub ping_interval: Duration,
    /// Longest silence of a client, pongs counted, before its connection is closed.
    pub idle_timeout: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_ip: 2048,
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(60),
            body_pause: Duration::from_secs(10),
            send_timeout: Duration::from_secs(120),
            lanes: LanesLimits::default(),
            execution_time: EXECUTION_TIME,
            request_timeout: REQUEST_TIMEOUT,
            request_memory: 256 * 1024 * 1024,
            response_memory: 512 * 1024 * 1024,
            websocket: WebSocketLimits::default(),
            forbidden_methods: Vec::new(),
        }
    }
}

impl Default for WebSocketLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_per_ip: 512,
            subscriptions: 64,
            message_bytes: 2 * 1024 * 1024,
            calls: 16,
            queue_messages: 256,
            queue_bytes: 1024 * 1024,
            send_timeout: Duration::from_secs(20),
            ping_interval: Duration::from_secs(20),
            idle_timeout: Duration::from_secs(60),
        }
    }
}

//! How much the pool may hold, and for how long.

use std::time::Duration;

use zkthreads_execution::admit::MAX_NONCE_GAP;

/// How much the pool may hold. Thread transactions have a budget of their own, so that neither kind takes the other's
/// room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MempoolLimits {
    /// For everything but thread transactions.
    pub ordinary: Budget,
    /// For thread transactions.
    pub threads: Budget,
    /// How far a nonce may be ahead of its account's next one; admission allows at most
    /// [`MAX_NONCE_GAP`].
    pub nonce_gap: u64,
    /// How long a transaction waits, whole seconds. Counted from its arrival, over restarts.
    pub ttl: Duration,
    /// Dropped transactions whose reason is remembered.
    pub rejections: usize,
}

/// How much transactions of one kind may take. Memory is what they hold decoded, not what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Transactions of all accounts, those in the block under construction included.
    pub transactions: usize,
    /// Their memory, bytes.
    pub bytes: usize,
    /// Transactions of one account that wait.
    pub account_transactions: usize,
    /// Their memory, bytes.
    pub account_bytes: usize,
}

impl Default for MempoolLimits {
    /// See `docs/mempool.md` for the reasons.
    fn default() -> Self {
        Self {
            ordinary: Budget {
                transactions: 16_384,
                bytes: 256 << 20,
                account_transactions: 256,
                account_bytes: 64 << 20,
            },
            threads: Budget {
                transactions: 1_024,
                bytes: 512 << 20,
                account_transactions: 64,
                account_bytes: 128 << 20,
            },
            nonce_gap: MAX_NONCE_GAP,
            ttl: Duration::from_secs(3 * 60 * 60),
            rejections: 10_000,
        }
    }
}

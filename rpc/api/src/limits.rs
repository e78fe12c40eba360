//! What a server and whoever answers for it must agree on.

use std::time::Duration;

/// Largest response, bytes. A class or a block of thread transactions takes a few megabytes.
pub const MAX_RESPONSE_BYTES: u32 = 64 * 1024 * 1024;

/// Longest that a call may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

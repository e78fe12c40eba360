//! Waiting for what happens. No scenario presumes how long anything takes.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long a test that hangs is let go on. Nothing takes as long, on a machine however busy.
pub const PATIENCE: Duration = Duration::from_secs(480);
/// How often to look.
pub(crate) const LOOK: Duration = Duration::from_millis(20);

/// Looks again and again until something is found.
///
/// # Errors
/// If looking fails, or nothing is ever found.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if start.elapsed() > PATIENCE {
            bail!("not after {PATIENCE:?}: {what}");
        }
        tokio::time::sleep(LOOK).await;
    }
}

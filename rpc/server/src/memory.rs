//! Memory that strangers may make the server hold: one budget for all, from which large things take their share.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::limits::MEMORY_STEP;

/// A budget of bytes. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Budget(Arc<Semaphore>);

/// A share of a [`Budget`], given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    permit: OwnedSemaphorePermit,
    budget: Budget,
}

/// The budget is used up.
#[derive(Debug, thiserror::Error)]
#[error("too much data is under way: come back later")]
pub(crate) struct Exhausted;

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / MEMORY_STEP)))
    }

    /// A share for something of `bytes`: what it holds beyond the first step, which is free.
    pub(crate) fn share(&self, bytes: usize) -> Result<Share, Exhausted> {
        let permit = Arc::clone(&self.0).try_acquire_many_owned(steps(bytes)).map_err(exhausted)?;
        Ok(Share { permit, budget: self.clone() })
    }
}

impl Share {
    /// Makes the share large enough for `bytes`.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let missing = (steps(bytes) as usize).saturating_sub(self.permit.num_permits());
        if missing > 0 {
            let semaphore = Arc::clone(&self.budget.0);
            self.permit.merge(semaphore.try_acquire_many_owned(missing as u32).map_err(exhausted)?);
        }
        Ok(())
    }
}

fn steps(bytes: usize) -> u32 {
    u32::try_from(bytes.saturating_sub(1) / MEMORY_STEP).unwrap_or(u32::MAX)
}

fn exhausted(_: TryAcquireError) -> Exhausted {
    Exhausted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_things_are_free_and_shares_come_back() {
        let budget = Budget::new(4 * MEMORY_STEP);
        let mut first = budget.share(MEMORY_STEP).unwrap();
        assert_eq!(budget.0.available_permits(), 4);
        first.grow(3 * MEMORY_STEP).unwrap();
        first.grow(2 * MEMORY_STEP).unwrap();
        assert_eq!(budget.0.available_permits(), 2);
        let second = budget.share(3 * MEMORY_STEP).unwrap();
        assert!(first.grow(3 * MEMORY_STEP + 1).is_err());
        assert!(budget.share(MEMORY_STEP + 1).is_err());
        budget.share(MEMORY_STEP).unwrap();
        drop(second);
        first.grow(5 * MEMORY_STEP).unwrap();
        drop(first);
        assert_eq!(budget.0.available_permits(), 4);
    }
}

//! What is used of a budget.

use zkthreads_rpc_api::SubmitError;

use crate::limits::Budget;
use crate::waiting::{Kind, Waiting};

/// How many transactions there are, and their memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Transactions.
    pub transactions: usize,
    /// Bytes.
    pub bytes: usize,
}

impl Usage {
    pub(crate) fn add(&mut self, bytes: usize) {
        self.transactions += 1;
        self.bytes += bytes;
    }

    pub(crate) fn remove(&mut self, bytes: usize) {
        self.transactions -= 1;
        self.bytes -= bytes;
    }
}

impl<'a> FromIterator<&'a Waiting> for Usage {
    fn from_iter<I: IntoIterator<Item = &'a Waiting>>(transactions: I) -> Self {
        let mut usage = Self::default();
        transactions.into_iter().for_each(|waiting| usage.add(waiting.bytes));
        usage
    }
}

/// Usage by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usages {
    pub(crate) ordinary: Usage,
    pub(crate) threads: Usage,
}

impl Usages {
    pub(crate) fn of(&self, kind: Kind) -> Usage {
        match kind {
            Kind::Ordinary => self.ordinary,
            Kind::Thread => self.threads,
        }
    }

    pub(crate) fn of_mut(&mut self, kind: Kind) -> &mut Usage {
        match kind {
            Kind::Ordinary => &mut self.ordinary,
            Kind::Thread => &mut self.threads,
        }
    }
}

impl Budget {
    /// Whether all accounts together may use this much.
    pub(crate) fn check_all(&self, usage: Usage, kind: Kind) -> Result<(), SubmitError> {
        let holder = match kind {
            Kind::Ordinary => "ordinary transactions",
            Kind::Thread => "thread transactions",
        };
        check(usage, holder, self.transactions, self.bytes)
    }

    /// Whether one account may use this much.
    pub(crate) fn check_account(&self, usage: Usage, kind: Kind) -> Result<(), SubmitError> {
        let holder = match kind {
            Kind::Ordinary => "one account's ordinary transactions",
            Kind::Thread => "one account's thread transactions",
        };
        check(usage, holder, self.account_transactions, self.account_bytes)
    }
}

fn check(usage: Usage, holder: &'static str, places: usize, bytes: usize) -> Result<(), SubmitError> {
    if usage.transactions > places {
        Err(SubmitError::Full { holder, capacity: places, unit: "places" })
    } else if usage.bytes > bytes {
        Err(SubmitError::Full { holder, capacity: bytes, unit: "bytes of memory" })
    } else {
        Ok(())
    }
}

//! Who must go so that a transaction has room.

use starknet_api::core::{ContractAddress, Nonce};
use zkthreads_rpc_api::SubmitError;

use super::Pool;
use crate::usage::Usage;
use crate::waiting::{Arrival, Proof, Waiting};

impl Pool {
    /// The transactions that must go so that `new` fits, `old` being replaced by it. For a transaction that can
    /// execute those go that cannot for long or may never, the youngest first; others must wait until there is room.
    pub(super) fn find_room(
        &self,
        new: &Waiting,
        old: Option<&Waiting>,
        executable: bool,
    ) -> Result<Vec<(ContractAddress, Nonce)>, SubmitError> {
        let kind = new.kind();
        let replaced = old.filter(|old| old.kind() == kind);
        let with_new = |mut usage: Usage| {
            if let Some(old) = replaced {
                usage.remove(old.bytes);
            }
            usage.add(new.bytes);
            usage
        };
        let budget = kind.budget(&self.limits);
        let account = self.accounts.get(&new.transaction.sender());
        budget.check_account(with_new(account.map(|queue| queue.usage(kind)).unwrap_or_default()), kind)?;

        let mut usage = with_new(self.usages.of(kind));
        let mut victims = Vec::new();
        if budget.check_all(usage, kind).is_ok() {
            return Ok(victims);
        }
        let mut candidates = if executable { self.idle() } else { Vec::new() };
        candidates.retain(|(_, waiting)| {
            let is_old = old.is_some_and(|old| old.arrival == waiting.arrival);
            waiting.kind() == kind && !is_old
        });
        candidates.sort_unstable_by_key(|(arrival, _)| *arrival);
        while let Err(full) = budget.check_all(usage, kind) {
            let (_, victim) = candidates.pop().ok_or(full)?;
            usage.remove(victim.bytes);
            victims.push((victim.transaction.sender(), victim.nonce()));
        }
        Ok(victims)
    }

    /// What only takes room: what is behind a nonce gap, whatever was done for it, since it may never execute and pay; and what
    /// waits for a thread of its account that is early, or is early itself, and has no good proof. Otherwise somebody could take
    /// all places for as long as a thread can be early, and have his accounts empty by then.
    fn idle(&self) -> Vec<(Arrival, &Waiting)> {
        let queues = self.accounts.values();
        let behind_gap = queues.flat_map(|queue| queue.waiting.range(queue.nonce_after_run()..));
        let early = self
            .accounts
            .values()
            .filter(|queue| queue.head().is_some_and(|head| !self.block.may_take(head)));
        let early = early.flat_map(|queue| {
            let run = queue.waiting.range(queue.next..queue.nonce_after_run());
            run.filter(move |(nonce, waiting)| match waiting.proof {
                Proof::Known { accepted, .. } => !accepted,
                Proof::Asked | Proof::UnderWay => false,
                Proof::Absent | Proof::Unseen | Proof::Deferred => **nonce != queue.next,
            })
        });
        behind_gap.chain(early).map(|(_, waiting)| (waiting.arrival, waiting)).collect()
    }
}

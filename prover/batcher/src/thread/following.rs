//! The node's chain goes on, or back.

use std::time::Instant;

use starknet_api::block::BlockNumber;
use zkthreads_protocol::{InnerTransaction, SettleError};
use zkthreads_rpc_api::ChainEvent;
use zkthreads_storage::{JournalPlace, Reverted};

use super::landed;
use super::met::Met;
use super::model::{Stage, SubBlock};
use super::outage::Outage;
use super::sub_block_report::Settled;
use super::work::Work;
use super::writes::Writes;

impl Work {
    /// The newest block is another one now, with these writes: takes out what it settled, and puts the rest on top of it.
    pub(super) fn go_on(&mut self, writes: &Writes) -> Result<(), Outage> {
        self.set_head(self.executor.latest_header()?);
        self.take_settled()?;
        self.find_forwarded()?;
        self.unsettled.met_mut().for_each(Met::await_block);
        self.replay(Vec::new(), |replay| replay, false)?;
        // What others lost because one of them was executed again is not the chain's doing.
        let moved = std::mem::take(&mut self.turn.moved).into_iter().filter(|cell| writes.have_changed(cell));
        self.heat.add(moved, Instant::now());
        self.unsettled.met_mut().for_each(|met| met.name_writers(writes));
        self.look_after_waiting()?;
        self.end_turn()?;
        let number = self.base_block().number;
        self.feed.publish(ChainEvent::Block(number, self.head.block_hash));
        self.ledger.forget(number)
    }

    /// Blocks were undone: what they settled comes back in front of the rest, in the order in which it came.
    pub(super) fn go_back(&mut self, undone: Reverted) -> Result<(), Outage> {
        self.set_head(self.executor.latest_header()?);
        let number = self.base_block().number;
        let (transactions, sub_blocks) = self.ledger.finished_after(number)?;
        let mut returned: Vec<InnerTransaction> = Vec::new();
        for row in transactions {
            if !matches!(row.place, JournalPlace::Rejected { .. }) {
                self.ledger.bring_back(&row);
                returned.push(row.transaction);
            }
        }
        self.turn.undone.extend(sub_blocks.iter().map(|row| row.id));
        self.forwards.went_back();
        tracing::warn!(block = number.0, transactions = returned.len(), "the node took back blocks");
        self.replay(returned, |replay| replay.after_reorg(number), false)?;
        self.look_after_waiting()?;
        self.end_turn()?;
        let Reverted { first, last } = undone;
        self.feed.publish(ChainEvent::Reorg { first, last });
        Ok(())
    }

    /// Takes out the sub-blocks that thread transactions settled, and looks at those that they did not.
    pub(super) fn take_settled(&mut self) -> Result<(), Outage> {
        let mut refused = Vec::new();
        for hot in [false, true] {
            let list = if hot { &mut self.unsettled.hots } else { &mut self.unsettled.fronts };
            let storage = self.executor.storage();
            let mut kept = Vec::with_capacity(list.len());
            for mut sub_block in list.drain(..) {
                let Some((thread, _)) = sub_block.stage.submitted() else {
                    kept.push(sub_block);
                    continue;
                };
                let Some((block, outcome)) = landed::outcome(storage, thread)? else {
                    kept.push(sub_block);
                    continue;
                };
                let first = sub_block.inner.first().map(|executed| executed.hash);
                if let Some(first) = first
                    && landed::has_settled(storage, thread, first)?
                {
                    self.turn.settled.push(Settled { sub_block, hot, thread, block });
                    continue;
                }
                let error = outcome.and_then(|outcome| outcome.error);
                // Of its segments, the first one that did not settle is the one the error is about.
                let is_first = !refused.contains(&thread);
                refused.push(thread);
                after_revert(&mut sub_block, block, error.filter(|_| is_first));
                kept.push(sub_block);
            }
            *list = kept;
        }
        Ok(())
    }

    /// Finds the transactions that the chain got as they are, and has now.
    pub(super) fn find_forwarded(&mut self) -> Result<(), Outage> {
        for hash in self.forwards.hashes() {
            if let Some(block) = landed::block_of(self.executor.storage(), hash)? {
                self.forwards.remove(hash);
                self.turn.places.push((hash, JournalPlace::OnChain { block }));
            }
        }
        Ok(())
    }
}

/// A sub-block was sent and not settled. If its preconditions still hold, it is sent again; if it is too old, it is executed and
/// proven again; if the node had another reason as well, but not at once.
fn after_revert(sub_block: &mut SubBlock, block: BlockNumber, error: Option<SettleError>) {
    let Some(proof) = sub_block.stage.proof().cloned() else { return };
    sub_block.stage = Stage::Proven { proof, not_before: None };
    tracing::warn!(sub_block = %sub_block.seed.id, block = block.0, error = ?error, "not settled");
    match error {
        None | Some(SettleError::Conflicts(_)) => {}
        Some(error) if is_of_time(&error) => sub_block.miss(&error.to_string()),
        Some(error) => sub_block.refuse(&error.to_string()),
    }
}

/// Whether the same transactions executed over a newer block, at its time, would settle.
fn is_of_time(error: &SettleError) -> bool {
    matches!(
        error,
        SettleError::TooLate { .. }
            | SettleError::StaleBase { .. }
            | SettleError::BaseBlockTooOld { .. }
            | SettleError::ClassTooNew { .. }
    )
}

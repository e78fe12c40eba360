//! Threads that are early, and the blocks in which they are not.

use anyhow::{Context, Result};
use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_api::transaction::TransactionHash;
use zkthreads_producer::BlockMode;
use zkthreads_rpc_api::{PoolStatus, TransactionSink};

use super::support::Running;

impl Running {
    /// The time so many seconds after the open block's.
    fn later(&self, seconds: u64) -> Result<BlockTimestamp> {
        Ok(BlockTimestamp(self.open_block()?.info().block_timestamp.0 + seconds))
    }

    /// Opens a block at the beginning of an hour: in another hour transactions are validated again, and nobody waits for accounts
    /// with bad proofs then.
    fn early_in_an_hour(&self) -> Result<()> {
        let hour = (self.later(0)?.0 / 3_600 + 1) * 3_600;
        self.producer.set_time(BlockTimestamp(hour), false)?;
        Ok(())
    }

    /// Sends a thread and waits until it waits for nothing but its time.
    fn held(&self, from: usize, time: BlockTimestamp) -> Result<TransactionHash> {
        let hash = self.thread(from, time)?;
        self.until("its verdict", |running| running.mempool.next_due())?;
        Ok(hash)
    }

    fn place(&self, hash: TransactionHash) -> Result<(BlockNumber, usize)> {
        let (number, index, _) = self.executor.storage().transaction(hash)?.context("in no block")?;
        Ok((number, index))
    }
}

#[test]
fn a_block_is_made_for_a_thread_at_its_time() -> Result<()> {
    let (running, _directory) = Running::new(BlockMode::OnTransaction)?;
    let due = running.later(2)?;
    let hash = running.thread(0, due)?;
    assert_eq!(running.until_stored(hash)?, BlockNumber(1));
    assert!(running.timestamp(1)? >= due.0);
    running.stop()??;
    Ok(())
}

#[test]
fn a_block_that_is_asked_for_does_not_wait_for_a_thread_that_is_early() -> Result<()> {
    let (running, _directory) = Running::new(BlockMode::OnDemand)?;
    let hash = running.thread(0, running.later(300)?)?;
    let transfer = running.transfer(2, 0)?;
    running.producer.create_block()?;
    assert_eq!(running.place(transfer)?, (BlockNumber(1), 0));
    assert_eq!(running.mempool.status(hash), Some(PoolStatus::Received));
    running.stop()??;
    Ok(())
}

#[test]
fn a_clock_that_is_put_forward_makes_a_block_that_begins_with_what_is_due() -> Result<()> {
    let (running, _directory) = Running::new(BlockMode::OnDemand)?;
    running.early_in_an_hour()?;
    let opened = running.later(0)?;
    let due = running.later(300)?;
    let hash = running.held(0, due)?;
    let before = running.transfer(2, 0)?;
    running.until_executed(before)?;
    assert_eq!(running.producer.increase_time(400)?.number, BlockNumber(2));
    assert_eq!(running.place(before)?, (BlockNumber(1), 0), "it was before");
    assert_eq!(running.place(hash)?, (BlockNumber(2), 0));
    assert!((opened.0..due.0).contains(&running.timestamp(1)?) && running.timestamp(2)? >= due.0);
    running.stop()??;
    Ok(())
}

#[test]
fn a_clock_that_is_put_back_holds_what_was_in_the_open_block() -> Result<()> {
    let (running, _directory) = Running::new(BlockMode::OnDemand)?;
    running.early_in_an_hour()?;
    let due = running.later(300)?;
    let hash = running.held(0, due)?;
    running.producer.set_time(due, false)?;
    running.until_executed(hash)?;
    let behind = running.transfer(0, 1)?;
    let other = running.transfer(2, 0)?;
    running.until_executed(behind)?;
    running.until_executed(other)?;

    let earlier = BlockTimestamp(due.0 - 100);
    running.producer.set_time(earlier, true)?.context("a block")?;
    assert_eq!((running.timestamp(1)?, running.header(1)?.n_transactions), (earlier.0, 1));
    assert_eq!(running.place(other)?, (BlockNumber(1), 0));
    for hash in [hash, behind] {
        assert_eq!(running.mempool.status(hash), Some(PoolStatus::Received));
    }
    running.producer.set_time(due, true)?.context("a block")?;
    assert_eq!(running.place(hash)?, (BlockNumber(2), 0));
    assert_eq!(running.place(behind)?, (BlockNumber(2), 1));
    running.stop()??;
    Ok(())
}

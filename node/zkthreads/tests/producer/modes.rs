//! When blocks are sealed, and what is seen before.

use anyhow::{Result, bail};
use starknet_api::block::BlockNumber;
use zkthreads_producer::{BlockMode, ProducerConfig};
use zkthreads_rpc_api::{ChainEvent, PoolStatus, TransactionSink};

use super::support::{HOURLY, Running};

#[test]
fn a_transaction_makes_a_block_of_its_own() -> Result<()> {
    let (mut running, _directory) = Running::new(BlockMode::OnTransaction)?;
    assert_eq!((running.open_block()?.number(), running.open_block()?.len()), (BlockNumber(1), 0));
    let hash = running.transfer(0, 0)?;
    assert_eq!(running.until_stored(hash)?, BlockNumber(1));
    let next = |running: &Running| running.feed.pre_confirmed().filter(|block| block.number().0 == 2);
    let open = running.until("the next open block", next)?;
    assert_eq!((open.len(), open.parent_hash()), (0, running.header(1)?.block_hash));
    running.until("the end of the block", |running| running.mempool.status(hash).is_none().then_some(()))?;

    let mut events = running.events()?.into_iter();
    assert!(matches!(events.next(), Some(ChainEvent::Received { hash: received, .. }) if received == hash));
    let Some(ChainEvent::PreConfirmed { number: BlockNumber(1), index: 0, transaction }) = events.next()
    else {
        bail!("not pre-confirmed");
    };
    assert_eq!(transaction.transaction.hash, hash);
    running.stop()??;
    Ok(())
}

#[test]
fn on_demand_everything_waits_in_the_open_block() -> Result<()> {
    let (mut running, _directory) = Running::new(BlockMode::OnDemand)?;
    let first = running.transfer(0, 0)?;
    let (second, third) = (running.transfer(0, 1)?, running.transfer(1, 0)?);
    for hash in [first, second, third] {
        running.until_executed(hash)?;
        assert_eq!(running.mempool.status(hash), Some(PoolStatus::Candidate));
    }
    assert_eq!(running.latest()?, 0);
    let made = running.producer.create_block()?;
    assert_eq!((made.number, made.hash), (BlockNumber(1), running.header(1)?.block_hash));
    assert_eq!(running.header(1)?.n_transactions, 3);
    assert_eq!(running.mempool.status(first), None);
    assert_eq!((running.open_block()?.number(), running.open_block()?.len()), (BlockNumber(2), 0));

    let empty = running.producer.create_block()?;
    assert_eq!((empty.number, running.header(2)?.n_transactions), (BlockNumber(2), 0));
    let blocks = running.events()?.into_iter().filter_map(|event| match event {
        ChainEvent::Block(number, hash) => Some((number, hash)),
        _ => None,
    });
    assert_eq!(blocks.collect::<Vec<_>>(), [(made.number, made.hash), (empty.number, empty.hash)]);
    running.stop()??;
    Ok(())
}

/// However long executing it takes: nothing is waited for before the block is asked for.
#[test]
fn a_block_that_is_asked_for_holds_whatever_was_sent_before() -> Result<()> {
    const SENT: u64 = 100;
    let (running, _directory) = Running::new(BlockMode::OnDemand)?;
    // Backwards, so that all of it can be executed at once when the last one comes.
    for nonce in (0..SENT).rev() {
        running.transfer(0, nonce)?;
    }
    running.producer.create_block()?;
    assert_eq!(running.header(1)?.n_transactions as u64, SENT);
    running.stop()??;
    Ok(())
}

#[test]
fn a_block_of_an_interval_is_finished_when_the_node_stops() -> Result<()> {
    let (running, directory) = Running::new(HOURLY)?;
    let hash = running.transfer(0, 0)?;
    running.until_executed(hash)?;
    assert_eq!(running.latest()?, 0);
    running.stop()??;
    let running = Running::open(
        directory.path(),
        ProducerConfig { mode: HOURLY, start_time: None, state_history: None },
    )?;
    assert_eq!(running.until_stored(hash)?, BlockNumber(1));
    running.stop()??;
    Ok(())
}

#[test]
fn what_no_block_held_is_executed_again_after_a_restart() -> Result<()> {
    let (running, directory) = Running::new(BlockMode::OnDemand)?;
    let hashes = [running.transfer(0, 0)?, running.transfer(0, 1)?];
    running.until_executed(hashes[1])?;
    running.stop()??;
    let config = ProducerConfig { mode: BlockMode::OnDemand, start_time: None, state_history: None };
    let running = Running::open(directory.path(), config)?;
    assert_eq!(running.latest()?, 0);
    for hash in hashes {
        running.until_executed(hash)?;
    }
    running.producer.create_block()?;
    assert_eq!(running.until_stored(hashes[1])?, BlockNumber(1));
    running.stop()??;
    Ok(())
}

#[test]
fn an_empty_open_block_keeps_up_with_the_time() -> Result<()> {
    let (running, _directory) = Running::new(BlockMode::OnTransaction)?;
    let opened = running.open_block()?.info().block_timestamp;
    let later = |running: &Running| {
        running.feed.pre_confirmed().filter(|block| block.info().block_timestamp > opened).map(drop)
    };
    running.until("a later timestamp", later)?;
    running.stop()??;
    Ok(())
}

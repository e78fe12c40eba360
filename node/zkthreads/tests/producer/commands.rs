//! Time, prices and blocks at command.

use std::ops::RangeInclusive;
use std::time::Instant;

use anyhow::{Context, Result};
use starknet_api::abi::abi_utils::get_fee_token_var_address;
use starknet_api::block::{BlockNumber, BlockTimestamp, GasPrice, GasPriceVector, GasPrices};
use zkthreads_genesis::constants::STRK_ADDRESS;
use zkthreads_producer::{BlockMode, CommandError, ProducerConfig};

use super::support::{GENESIS, Running};

fn prices(price: u128) -> Result<GasPrices> {
    let price = GasPrice(price).try_into()?;
    let all = GasPriceVector { l1_gas_price: price, l1_data_gas_price: price, l2_gas_price: price };
    Ok(GasPrices { eth_gas_prices: all.clone(), strk_gas_prices: all })
}

/// What the chain's clock may show now that showed `time` some time after `since`.
fn from_then_on(time: u64, since: Instant) -> RangeInclusive<u64> {
    // Clocks count whole seconds.
    time..=time + since.elapsed().as_secs() + 1
}

#[test]
fn the_next_block_has_the_time_that_was_set() -> Result<()> {
    let since = Instant::now();
    let (running, _directory) = Running::new(BlockMode::OnDemand)?;
    let producer = &running.producer;
    let time = GENESIS.0 + 1_000;
    let made = producer.set_time(BlockTimestamp(time), true)?.context("a block")?;
    assert_eq!((made.number, running.timestamp(1)?), (BlockNumber(1), time));
    // Time goes on from there.
    producer.create_block()?;
    assert!(from_then_on(time, since).contains(&running.timestamp(2)?));
    producer.increase_time(10_000)?;
    assert!(from_then_on(time + 10_000, since).contains(&running.timestamp(3)?));

    // Without a block of its own, it is the next one's, however long that takes.
    let time = time + 50_000;
    assert_eq!(producer.set_time(BlockTimestamp(time), false)?, None);
    assert_eq!(running.open_block()?.info().block_timestamp, BlockTimestamp(time));
    let hash = running.transfer(0, 0)?;
    running.until_executed(hash)?;
    producer.create_block()?;
    assert_eq!(running.timestamp(4)?, time);

    // It may go back, even to before the first block.
    let since = Instant::now();
    let made = producer.set_time(BlockTimestamp(7), true)?.context("a block")?;
    assert_eq!((made.number, running.timestamp(5)?), (BlockNumber(5), 7));
    producer.create_block()?;
    assert!(from_then_on(7, since).contains(&running.timestamp(6)?));
    running.stop()??;
    Ok(())
}

#[test]
fn the_clock_begins_where_it_is_told_to() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let start = GENESIS.0 + 50_000;
    let config = ProducerConfig {
        mode: BlockMode::OnDemand,
        start_time: Some(BlockTimestamp(start)),
        state_history: None,
    };
    let since = Instant::now();
    let running = Running::open(directory.path(), config)?;
    running.producer.create_block()?;
    assert!(from_then_on(start, since).contains(&running.timestamp(1)?));
    running.producer.increase_time(1_000)?;
    let since = Instant::now();
    running.producer.restart()?;
    running.producer.create_block()?;
    assert!(from_then_on(start, since).contains(&running.timestamp(1)?));
    running.stop()??;
    Ok(())
}

#[test]
fn a_block_at_another_time_holds_what_the_open_one_held() -> Result<()> {
    let (running, _directory) = Running::new(BlockMode::OnDemand)?;
    let producer = &running.producer;
    let [first, second] = [running.transfer(0, 0)?, running.transfer(0, 1)?];
    let prices_then = running.until_executed(second)?.info().gas_prices.clone();
    // They could not pay these.
    producer.set_gas_prices(prices(u128::MAX >> 40)?, false)?;
    let time = GENESIS.0 + 1_000_000;
    let made = producer.set_time(BlockTimestamp(time), true)?.context("a block")?;
    assert_eq!((made.number, running.timestamp(1)?, running.latest()?), (BlockNumber(1), time, 1));
    for (index, hash) in [first, second].into_iter().enumerate() {
        let (number, place, _) = running.executor.storage().transaction(hash)?.context("it is lost")?;
        assert_eq!((number, place), (BlockNumber(1), index));
    }
    let paid = running.header(1)?.block_header_without_hash.l2_gas_price.price_in_fri;
    assert_eq!(paid, prices_then.strk_gas_prices.l2_gas_price.get());
    producer.set_gas_prices(prices_then, true)?;
    let third = running.transfer(0, 2)?;
    running.until_executed(third)?;
    assert_eq!(producer.increase_time(5_000)?.number, BlockNumber(3));
    assert_eq!(running.until_stored(third)?, BlockNumber(3));
    assert!(running.timestamp(3)? >= time + 5_000);

    // What did not come through the mempool cannot be done again.
    let cell = get_fee_token_var_address(running.accounts[0].address);
    producer.set_storage(STRK_ADDRESS.try_into()?, cell, 5.into())?;
    let made = producer.set_time(BlockTimestamp(9), true)?.context("a block")?;
    assert_eq!((made.number, running.timestamp(5)?), (BlockNumber(5), 9));
    let storage = running.executor.storage();
    assert_eq!(storage.state_at(BlockNumber(4)).storage(STRK_ADDRESS.try_into()?, cell)?, 5.into());
    running.stop()??;
    Ok(())
}

#[test]
fn new_prices_are_those_of_the_next_block() -> Result<()> {
    let (running, _directory) = Running::new(BlockMode::OnDemand)?;
    let producer = &running.producer;
    let price =
        |number| anyhow::Ok(running.header(number)?.block_header_without_hash.l2_gas_price.price_in_fri);
    let before = running.open_block()?.info().gas_prices.clone();
    assert_eq!(producer.set_gas_prices(prices(7)?, false)?, None);
    assert_eq!(running.open_block()?.info().gas_prices, before);
    // However old the empty block becomes.
    producer.set_time(BlockTimestamp(GENESIS.0 + 5_000_000), false)?;
    producer.create_block()?;
    assert_eq!(price(1)?, GasPrice(7));
    assert_eq!(running.open_block()?.info().gas_prices, prices(7)?);

    producer.set_gas_prices(prices(8)?, false)?;
    let hash = running.transfer(0, 0)?;
    running.until_executed(hash)?;
    producer.create_block()?;
    assert_eq!((price(2)?, running.open_block()?.info().gas_prices.clone()), (GasPrice(7), prices(8)?));
    running.stop()??;
    Ok(())
}

#[test]
fn a_block_that_holds_something_keeps_its_time_and_prices() -> Result<()> {
    let (running, _directory) = Running::new(BlockMode::OnDemand)?;
    let producer = &running.producer;
    let hash = running.transfer(0, 0)?;
    let opened = running.until_executed(hash)?.info().clone();
    let time = opened.block_timestamp.0 + 5_000;
    assert_eq!(producer.set_time(BlockTimestamp(time), false)?, None);
    assert_eq!(producer.set_gas_prices(prices(7)?, false)?, None);
    assert_eq!(running.open_block()?.info(), &opened);
    let made = producer.set_gas_prices(prices(8)?, true)?.context("a block")?;
    assert_eq!(made.number, BlockNumber(2));
    assert_eq!((running.timestamp(1)?, running.timestamp(2)?), (opened.block_timestamp.0, time));
    let price =
        |number| anyhow::Ok(running.header(number)?.block_header_without_hash.l2_gas_price.price_in_fri);
    assert_eq!((price(1)?, price(2)?), (opened.gas_prices.strk_gas_prices.l2_gas_price.get(), GasPrice(8)));
    assert_eq!(producer.gas_prices()?, prices(8)?);
    assert_eq!(running.open_block()?.info().gas_prices, prices(8)?);
    running.stop()??;
    Ok(())
}

#[test]
fn a_storage_cell_is_set_in_the_open_block() -> Result<()> {
    for (mode, sealed) in [(BlockMode::OnDemand, 0), (BlockMode::OnTransaction, 1)] {
        let (running, _directory) = Running::new(mode)?;
        let (token, cell) =
            (STRK_ADDRESS.try_into()?, get_fee_token_var_address(running.accounts[0].address));
        running.producer.set_storage(token, cell, 5.into())?;
        assert_eq!(running.latest()?, sealed);
        assert_eq!(running.open_block()?.state().storage(token, cell)?, 5.into());
        let made = running.producer.create_block()?;
        let storage = running.executor.storage();
        assert_eq!(storage.state_at(made.number).storage(token, cell)?, 5.into());
        assert_eq!(
            storage.state_diff(BlockNumber(1))?.context("a block")?.storage_diffs[&token][&cell],
            5.into()
        );
        running.stop()??;
    }
    Ok(())
}

#[test]
fn nobody_answers_after_the_end() -> Result<()> {
    let (running, _directory) = Running::new(BlockMode::OnDemand)?;
    let producer = running.producer.clone();
    running.stop()??;
    assert!(matches!(producer.create_block(), Err(CommandError::Stopped)));
    Ok(())
}

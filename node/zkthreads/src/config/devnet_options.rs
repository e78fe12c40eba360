//! Options of `zkthreads devnet` that only a devnet has: starknet-devnet's, by its names.

use std::num::NonZeroU128;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use starknet_api::block::BlockTimestamp;
use zkthreads_devnet::{DevnetOptions, HIGHEST_GAS_PRICE, LATEST_TIME};
use zkthreads_rpc_api::devnet::{BlockGeneration, DumpOn, GasPriceChange};

/// A devnet's own options.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct DevnetOptionArgs {
    /// When to make blocks: `transaction`, one for each; `demand`, when devnet_createBlock is called; or every so many
    /// seconds, 0.001 at least, like --block-time.
    #[arg(
        long,
        env = "ZKTHREADS_BLOCK_GENERATION_ON",
        value_name = "WHEN",
        value_parser = parse_generation,
        conflicts_with = "block_time"
    )]
    pub block_generation_on: Option<BlockGeneration>,
    /// The dump to load at the first start, if it exists, and the file to dump into.
    #[arg(long, env = "ZKTHREADS_DUMP_PATH", value_name = "FILE")]
    pub dump_path: Option<PathBuf>,
    /// When to dump: at the `exit`, after each `block`, or on `request` by devnet_dump, which dumps at any time.
    #[arg(long, env = "ZKTHREADS_DUMP_ON", value_name = "WHEN", value_parser = parse_dump_on)]
    pub dump_on: Option<DumpOn>,
    /// What time it is on the chain when the node starts, seconds since the Unix epoch, up to the year 9999; it goes on
    /// from there [default: now].
    #[arg(long, env = "ZKTHREADS_START_TIME", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=LATEST_TIME))]
    pub start_time: Option<u64>,
    /// Forbids methods of JSON-RPC: these, or without a name those that others must not reach on a devnet that many share.
    #[arg(long, env = "ZKTHREADS_RESTRICTIVE_MODE", value_name = "METHOD", num_args = 0.., value_delimiter = ',')]
    pub restrictive_mode: Option<Vec<String>>,
    /// Which states to keep. All of them are kept; the option is there for starknet-devnet's command lines.
    #[arg(long, env = "ZKTHREADS_STATE_ARCHIVE_CAPACITY", value_name = "full|none", value_parser = ["full", "none"], hide = true)]
    pub state_archive_capacity: Option<String>,
    /// Price of L1 gas, wei, 1 to 10^24 [default: 1000000000].
    #[arg(long, env = "ZKTHREADS_GAS_PRICE", value_name = "WEI", value_parser = parse_price)]
    pub gas_price: Option<NonZeroU128>,
    /// Price of L1 gas, fri, 1 to 10^24 [default: 1000000000].
    #[arg(long, env = "ZKTHREADS_GAS_PRICE_FRI", value_name = "FRI", value_parser = parse_price)]
    pub gas_price_fri: Option<NonZeroU128>,
    /// Price of L1 data gas, wei, 1 to 10^24 [default: 1000000000].
    #[arg(long, env = "ZKTHREADS_DATA_GAS_PRICE", value_name = "WEI", value_parser = parse_price)]
    pub data_gas_price: Option<NonZeroU128>,
    /// Price of L1 data gas, fri, 1 to 10^24 [default: 1000000000].
    #[arg(long, env = "ZKTHREADS_DATA_GAS_PRICE_FRI", value_name = "FRI", value_parser = parse_price)]
    pub data_gas_price_fri: Option<NonZeroU128>,
    /// Price of L2 gas, wei, 1 to 10^24 [default: 1000000000].
    #[arg(long, env = "ZKTHREADS_L2_GAS_PRICE", value_name = "WEI", value_parser = parse_price)]
    pub l2_gas_price: Option<NonZeroU128>,
    /// Price of L2 gas, fri, 1 to 10^24 [default: 1000000000].
    #[arg(long, env = "ZKTHREADS_L2_GAS_PRICE_FRI", value_name = "FRI", value_parser = parse_price)]
    pub l2_gas_price_fri: Option<NonZeroU128>,
}

/// The methods that `--restrictive-mode` forbids without names: starknet-devnet's, and the one of ours that is like them.
const FORBIDDEN_TO_OTHERS: [&str; 11] = [
    "devnet_abortBlocks",
    "devnet_autoImpersonate",
    "devnet_createBlock",
    "devnet_getPredeployedAccounts",
    "devnet_impersonateAccount",
    "devnet_load",
    "devnet_mint",
    "devnet_restart",
    "devnet_revert",
    "devnet_setStorageAt",
    "devnet_snapshot",
];

impl DevnetOptionArgs {
    /// As a devnet takes them.
    #[must_use]
    pub fn into_options(self) -> DevnetOptions {
        let usual = || FORBIDDEN_TO_OTHERS.map(str::to_owned).to_vec();
        let forbidden = |named: Vec<String>| if named.is_empty() { usual() } else { named };
        DevnetOptions {
            dump_path: self.dump_path,
            dump_on: self.dump_on,
            start_time: self.start_time.map(BlockTimestamp),
            forbidden_methods: self.restrictive_mode.map(forbidden),
            gas_prices: GasPriceChange {
                gas_price_wei: self.gas_price,
                gas_price_fri: self.gas_price_fri,
                data_gas_price_wei: self.data_gas_price,
                data_gas_price_fri: self.data_gas_price_fri,
                l2_gas_price_wei: self.l2_gas_price,
                l2_gas_price_fri: self.l2_gas_price_fri,
            },
        }
    }
}

fn parse_price(text: &str) -> Result<NonZeroU128, String> {
    let price: NonZeroU128 = text.parse().map_err(|_| "a whole number from 1 on is expected".to_owned())?;
    if price.get() <= HIGHEST_GAS_PRICE { Ok(price) } else { Err(format!("more than {HIGHEST_GAS_PRICE}")) }
}

fn parse_generation(text: &str) -> Result<BlockGeneration, String> {
    match text {
        "transaction" => Ok(BlockGeneration::Transaction),
        "demand" => Ok(BlockGeneration::Demand),
        _ => text
            .parse()
            .ok()
            .filter(|seconds| {
                Duration::try_from_secs_f64(*seconds).is_ok_and(|time| time >= Duration::from_millis(1))
            })
            .map(BlockGeneration::Interval)
            .ok_or_else(|| "`transaction`, `demand` or a positive number of seconds is expected".to_owned()),
    }
}

/// `transaction` is what starknet-devnet called `block` once.
fn parse_dump_on(text: &str) -> Result<DumpOn, String> {
    match text {
        "exit" => Ok(DumpOn::Exit),
        "block" | "transaction" => Ok(DumpOn::Block),
        "request" => Ok(DumpOn::Request),
        _ => Err("`exit`, `block` or `request` is expected".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generation_and_dumps_are_read() {
        assert_eq!(parse_generation("transaction"), Ok(BlockGeneration::Transaction));
        assert_eq!(parse_generation("demand"), Ok(BlockGeneration::Demand));
        assert_eq!(parse_generation("0.5"), Ok(BlockGeneration::Interval(0.5)));
        for wrong in ["0", "-1", "never", "", "NaN", "1e300"] {
            assert!(parse_generation(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_dump_on("transaction"), Ok(DumpOn::Block));
        assert!(parse_dump_on("always").is_err());
    }
}

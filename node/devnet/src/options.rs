//! What each start of a devnet decides anew.

use std::path::PathBuf;

use starknet_api::block::BlockTimestamp;
use zkthreads_rpc_api::devnet::{DumpOn, GasPriceChange};

/// Highest price that gas can have: fees for all the gas of a block are far from the end of 128 bits.
pub const HIGHEST_GAS_PRICE: u128 = 10_u128.pow(24);

/// The latest time that a block can be given: the last second of the year 9999.
pub const LATEST_TIME: u64 = 253_402_300_799;

/// What each start of a devnet decides anew.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DevnetOptions {
    /// The dump to load at the first start, if it exists, and the file to dump into.
    pub dump_path: Option<PathBuf>,
    /// When to dump.
    pub dump_on: Option<DumpOn>,
    /// What the clock shows when the node starts; the system's time if absent.
    pub start_time: Option<BlockTimestamp>,
    /// The methods of JSON-RPC that nobody may call, if any are named.
    pub forbidden_methods: Option<Vec<String>>,
    /// Prices of gas that are not the usual ones.
    pub gas_prices: GasPriceChange,
}

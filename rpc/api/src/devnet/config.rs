//! A devnet's configuration, as `devnet_getConfig` shows it: starknet-devnet's names.

use std::net::IpAddr;
use std::num::NonZeroU128;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use starknet_types_core::felt::Felt;

/// How a devnet is set up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DevnetConfig {
    /// What the predeployed accounts' keys derive from.
    pub seed: u32,
    /// Number of predeployed accounts.
    pub total_accounts: u8,
    /// Their class.
    pub account_contract_class_hash: Felt,
    /// What each held of each token in the beginning, decimal.
    pub predeployed_accounts_initial_balance: String,
    /// The timestamp that the first block was given, if it was given one.
    pub start_time: Option<u64>,
    /// Gas prices of the next block.
    #[serde(flatten)]
    pub gas_prices: GasPriceChange,
    /// The chain.
    pub chain_id: String,
    /// When the chain is dumped.
    pub dump_on: Option<DumpOn>,
    /// Where to.
    pub dump_path: Option<PathBuf>,
    /// When blocks are made.
    pub block_generation_on: BlockGeneration,
    /// Never: blocks have their hashes.
    pub lite_mode: bool,
    /// Proofs are verified.
    pub proof_mode: &'static str,
    /// Which states are kept.
    pub state_archive: StateArchive,
    /// What the chain is a fork of.
    pub fork_config: ForkConfig,
    /// Class of the ether token.
    pub eth_erc20_class_hash: Felt,
    /// Class of the fee token.
    pub strk_erc20_class_hash: Felt,
    /// The server.
    pub server_config: ServerConfig,
}

/// When a chain is dumped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DumpOn {
    /// When the node stops.
    Exit,
    /// After each block.
    Block,
    /// When `devnet_dump` is called, which it may be in any case.
    Request,
}

/// When blocks are made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockGeneration {
    /// For every transaction.
    Transaction,
    /// When `devnet_createBlock` is called, which it may be in any case.
    Demand,
    /// Every so many seconds.
    Interval(f64),
}

/// Which states are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateArchive {
    /// Every block's.
    Full,
}

/// What a chain is a fork of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ForkConfig {
    /// The origin; none if the chain is no fork.
    pub url: Option<String>,
    /// The origin's block that the chain begins after.
    pub block_number: Option<u64>,
}

/// The server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerConfig {
    /// Where it listens.
    pub host: IpAddr,
    /// Its port.
    pub port: u16,
    /// Longest that a request may take, seconds.
    pub timeout: u64,
    /// None.
    pub restricted_methods: Option<Vec<String>>,
}

/// Gas prices; those absent stay as they are. An answer has all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GasPriceChange {
    /// L1 gas, wei.
    pub gas_price_wei: Option<NonZeroU128>,
    /// L1 gas, fri.
    pub gas_price_fri: Option<NonZeroU128>,
    /// L1 data gas, wei.
    pub data_gas_price_wei: Option<NonZeroU128>,
    /// L1 data gas, fri.
    pub data_gas_price_fri: Option<NonZeroU128>,
    /// L2 gas, wei.
    pub l2_gas_price_wei: Option<NonZeroU128>,
    /// L2 gas, fri.
    pub l2_gas_price_fri: Option<NonZeroU128>,
}

impl GasPriceChange {
    /// All of them.
    #[must_use]
    pub fn each(self) -> [Option<NonZeroU128>; 6] {
        [
            self.gas_price_wei,
            self.gas_price_fri,
            self.data_gas_price_wei,
            self.data_gas_price_fri,
            self.l2_gas_price_wei,
            self.l2_gas_price_fri,
        ]
    }
}

//! Options of `zkthreads node`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use starknet_api::block::{GasPriceVector, NonzeroGasPrice};
use starknet_api::core::ContractAddress;
use zkthreads_genesis::{Genesis, GenesisFileError, Rules};
use zkthreads_producer::BlockMode;

use super::{HistoryArgs, MempoolArgs, MetricsArgs, RpcArgs, values};
use crate::chain::ChainOrigin;
use crate::launch::NodeConfig;

const EXAMPLES: &str = concat!(
    "\
Examples:
  zkthreads node --data-dir chain --genesis genesis.toml    the first start
  zkthreads node --data-dir chain --metrics 127.0.0.1:9615  any later one
  zkthreads node --config zkthreads.toml                    options from the section [node] of a file

A genesis file:

",
    include_str!("../../../genesis/src/file/example.toml")
);

/// Options of `zkthreads node`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES, next_help_heading = "Chain")]
pub struct NodeArgs {
    /// Where the chain lives.
    #[arg(long, env = "ZKTHREADS_DATA_DIR", value_name = "PATH")]
    pub data_dir: PathBuf,
    /// What a new chain begins with: its id, accounts and thread rules, in TOML. A chain that exists needs none, and refuses
    /// a different one; but rules of blocks to come may change.
    #[arg(long, env = "ZKTHREADS_GENESIS", value_name = "FILE")]
    pub genesis: Option<PathBuf>,
    /// Who receives the fees; named in every block.
    #[arg(long, env = "ZKTHREADS_SEQUENCER_ADDRESS", value_name = "ADDRESS", default_value = "0x1000",
        value_parser = values::address)]
    pub sequencer_address: ContractAddress,
    /// Price of L1 gas, fri, 1 at least.
    #[arg(
        long,
        env = "ZKTHREADS_GAS_PRICE_FRI",
        value_name = "FRI",
        default_value = "1000000000",
        value_parser = values::gas_price
    )]
    pub gas_price_fri: NonzeroGasPrice,
    /// Price of L1 data gas, fri, 1 at least.
    #[arg(
        long,
        env = "ZKTHREADS_DATA_GAS_PRICE_FRI",
        value_name = "FRI",
        default_value = "1000000000",
        value_parser = values::gas_price
    )]
    pub data_gas_price_fri: NonzeroGasPrice,
    /// Price of L2 gas, fri, 1 at least.
    #[arg(
        long,
        env = "ZKTHREADS_L2_GAS_PRICE_FRI",
        value_name = "FRI",
        default_value = "1000000000",
        value_parser = values::gas_price
    )]
    pub l2_gas_price_fri: NonzeroGasPrice,
    /// Seconds between blocks, empty ones included, 0.001 at least.
    #[arg(long, env = "ZKTHREADS_BLOCK_TIME", value_name = "SECONDS", default_value = "6",
        value_parser = values::seconds)]
    pub block_time: Duration,
    /// How much of the past is kept.
    #[command(flatten)]
    pub history: HistoryArgs,
    /// Where JSON-RPC is served.
    #[command(flatten)]
    pub rpc: RpcArgs,
    /// Where metrics are served.
    #[command(flatten)]
    pub metrics: MetricsArgs,
    /// What the mempool may hold.
    #[command(flatten)]
    pub mempool: MempoolArgs,
}

impl NodeArgs {
    /// As the node takes it.
    ///
    /// # Errors
    /// If the genesis file is no good.
    pub fn into_config(self) -> Result<NodeConfig, GenesisFileError> {
        let gas_prices = GasPriceVector {
            l1_gas_price: self.gas_price_fri,
            l1_data_gas_price: self.data_gas_price_fri,
            l2_gas_price: self.l2_gas_price_fri,
        };
        let genesis = self.genesis.map(|path| Genesis::read(&path)).transpose()?;
        Ok(NodeConfig {
            address: self.rpc.address(),
            block_mode: BlockMode::Interval(self.block_time),
            data_dir: Some(self.data_dir),
            origin: ChainOrigin::Genesis {
                genesis,
                rules: Rules { sequencer_address: self.sequencer_address, gas_prices },
            },
            limits: self.mempool.limits(),
            state_history: self.history.state_history,
        })
    }
}

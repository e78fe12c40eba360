//! How a devnet is set up, as `devnet_getConfig` shows it.

use std::net::SocketAddr;
use std::time::Duration;

use zkthreads_genesis::constants::{ETH_CLASS_HASH, STRK_CLASS_HASH};
use zkthreads_producer::BlockMode;
use zkthreads_rpc_api::REQUEST_TIMEOUT;
use zkthreads_rpc_api::devnet::{
    BlockGeneration, DevnetConfig, ForkConfig, GasPriceChange, ServerConfig, StateArchive,
};

use crate::Devnet;

pub(super) fn config(
    devnet: &Devnet,
    mode: BlockMode,
    address: SocketAddr,
    gas_prices: GasPriceChange,
) -> DevnetConfig {
    let Devnet { manifest, options, .. } = devnet;
    DevnetConfig {
        seed: manifest.seed,
        total_accounts: manifest.accounts,
        account_contract_class_hash: manifest.account_class.0,
        predeployed_accounts_initial_balance: manifest.initial_balance.to_string(),
        start_time: options.start_time.map(|time| time.0),
        gas_prices,
        chain_id: manifest.chain_id.to_string(),
        dump_on: options.dump_on,
        dump_path: options.dump_path.clone(),
        block_generation_on: match mode {
            BlockMode::OnTransaction => BlockGeneration::Transaction,
            BlockMode::OnDemand => BlockGeneration::Demand,
            BlockMode::Interval(interval) => BlockGeneration::Interval(interval.as_secs_f64()),
        },
        lite_mode: false,
        proof_mode: "full",
        state_archive: StateArchive::Full,
        fork_config: ForkConfig {
            url: manifest.fork.as_ref().map(|fork| fork.url.clone()),
            block_number: manifest.fork.as_ref().map(|fork| fork.block_number.0),
        },
        eth_erc20_class_hash: ETH_CLASS_HASH,
        strk_erc20_class_hash: STRK_CLASS_HASH,
        server_config: ServerConfig {
            host: address.ip(),
            port: address.port(),
            timeout: REQUEST_TIMEOUT.as_secs(),
            restricted_methods: options.forbidden_methods.clone(),
        },
    }
}

/// The producer's mode.
#[must_use]
pub fn block_mode(generation: BlockGeneration) -> BlockMode {
    match generation {
        BlockGeneration::Transaction => BlockMode::OnTransaction,
        BlockGeneration::Demand => BlockMode::OnDemand,
        BlockGeneration::Interval(seconds) => BlockMode::Interval(Duration::from_secs_f64(seconds)),
    }
}

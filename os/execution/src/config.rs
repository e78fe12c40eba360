//! What chain this is.

use std::num::NonZeroU64;

use starknet_api::block::{BlockNumber, GasPrices};
use starknet_api::core::{ChainId, ContractAddress};
use zkthreads_protocol::{OsProgram, OsProgramHash};

/// Default of [`ChainConfig::max_thread_age`], blocks.
pub const DEFAULT_MAX_THREAD_AGE: u64 = 10_000;

/// Default of [`ChainConfig::block_factor`]. Nothing that passes the door may be larger than a block: neither one
/// transaction, which reads or writes two million storage entries at most (10^12 gas), nor a thread, which brings the
/// work of thousands.
pub const DEFAULT_BLOCK_FACTOR: NonZeroU64 = NonZeroU64::new(1_000).unwrap();

/// Constants of a chain: every node of it must be given the same ones.
#[derive(Debug, Clone)]
pub struct ChainConfig {
    /// The chain's id.
    pub chain_id: ChainId,
    /// Who produces blocks and receives fees.
    pub sequencer_address: ContractAddress,
    /// The STRK token, which pays all fees.
    pub strk_address: ContractAddress,
    /// The ETH token.
    pub eth_address: ContractAddress,
    /// Gas prices of the genesis block, and of every block that chooses no others.
    pub gas_prices: GasPrices,
    /// How far behind the tip a sub-block's base block may be, blocks.
    pub max_thread_age: u64,
    /// How many times what Starknet allows a block in gas, and in instances of each builtin.
    pub block_factor: NonZeroU64,
    /// Versions of the thread OS, with the height each becomes active at.
    pub os_versions: Vec<OsVersion>,
}

/// A version of the thread OS that this chain accepts proofs of.
#[derive(Debug, Clone)]
pub struct OsVersion {
    /// The program.
    pub program: OsProgram,
    /// The first block that may settle its proofs.
    pub active_from: BlockNumber,
}

impl ChainConfig {
    /// Whether proofs of `program` may settle in block `number`.
    #[must_use]
    pub fn is_os_active(&self, program: OsProgramHash, number: BlockNumber) -> bool {
        self.os_versions
            .iter()
            .any(|version| version.program.hash() == program && version.active_from <= number)
    }
}

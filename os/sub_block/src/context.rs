//! What the transactions of a sub-block see around them, and what bounds it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use blockifier::blockifier_versioned_constants::VersionedConstants;
use blockifier::bouncer::BouncerConfig;
use blockifier::context::{BlockContext, ChainInfo};
use starknet_api::block::BlockInfo;
use starknet_api::core::{ChainId, ContractAddress};
use starknet_api::versioned_constants_logic::VersionedConstantsTrait;
use zkthreads_execution::{STARKNET_VERSION, versioned_constants};
use zkthreads_protocol::BaseBlock;

use crate::code::ClassCodes;

/// What the inner transactions see around them.
#[derive(Debug, Clone)]
pub struct SubBlockContext {
    /// The chain's id.
    pub chain_id: ChainId,
    /// The existing block whose context they execute in.
    pub base_block: BaseBlock,
    /// The only account that may settle the sub-block; zero admits anyone.
    pub submitter: ContractAddress,
    /// The contracts whose storage and class may be written; `None` admits all. Nonces of senders always may.
    pub writable: Option<Arc<BTreeSet<ContractAddress>>>,
    /// The most steps that the thread OS may take, as estimated, what takes as much of a prover's memory counted in;
    /// `None` sets no limit.
    pub max_steps: Option<u64>,
    /// The most fresh cells of a sub-block: storage cells that hold zero when it opens, and something else after it. One that holds
    /// any transaction already is full before it has more; a transaction that makes more by itself has a sub-block of its own.
    /// `None` sets no limit.
    pub max_fresh_cells: Option<usize>,
    /// The most fresh cells that the transactions of one account may make in a sub-block; `None` sets no limit. It is a matter of
    /// what is taken: [`OpenSubBlock::execute_again`](crate::OpenSubBlock::execute_again) does not look at it.
    pub max_fresh_cells_per_account: Option<usize>,
    /// Longest that a transaction may keep a processor busy. It costs its sender nothing, and whatever comes after it
    /// waits.
    pub max_time: Duration,
    /// What is known of the classes' code already.
    pub codes: ClassCodes,
}

impl SubBlockContext {
    /// A context in which all contracts may be written, with any number of steps and fresh cells, and in any time.
    #[must_use]
    pub fn new(chain_id: ChainId, base_block: BaseBlock, submitter: ContractAddress) -> Self {
        Self {
            chain_id,
            base_block,
            submitter,
            writable: None,
            max_steps: None,
            max_fresh_cells: None,
            max_fresh_cells_per_account: None,
            max_time: Duration::MAX,
            codes: ClassCodes::default(),
        }
    }
}

/// The base block's context under the current protocol version. Fee fields are immaterial: no fee is charged.
pub(crate) fn block_context(context: &SubBlockContext) -> BlockContext {
    let BaseBlock { number, timestamp, sequencer } = context.base_block;
    BlockContext::new(
        BlockInfo {
            block_number: number,
            block_timestamp: timestamp,
            starknet_version: STARKNET_VERSION,
            sequencer_address: sequencer,
            gas_prices: Default::default(),
            use_kzg_da: true,
        },
        ChainInfo { chain_id: context.chain_id.clone(), ..Default::default() },
        // Those of this version are built in: see a test of `zkthreads_execution`.
        versioned_constants().unwrap_or_else(|_| VersionedConstants::latest_constants()).clone(),
        BouncerConfig::max(),
    )
}

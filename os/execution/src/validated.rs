//! What a transaction's validation saw: while that is unchanged, validating it again comes to the same.
//!
//! A validation that fails can be charged to nobody, and so a block must not be made to run one: an account could accept
//! at the door and refuse in the block, again and again. `__validate__` sees its account's storage, classes, and time and
//! number of the block, both rounded; it calls no other contract. So a block takes a transaction whose validation saw what the block
//! has, and gives any other one back to be validated again by others.

use blockifier::context::BlockContext;
use blockifier::state::cached_state::StateMaps;
use starknet_api::core::{ClassHash, ContractAddress};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;

use crate::error::ExecutionError;
use crate::state::ChainState;

/// What a validation that passed saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validated {
    moment: RoundedBlock,
    cells: Box<[(ContractAddress, StorageKey, Felt)]>,
    classes: Box<[(ContractAddress, ClassHash)]>,
}

/// A block's number and time as `__validate__` is told them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RoundedBlock {
    number: u64,
    timestamp: u64,
}

impl RoundedBlock {
    fn of(context: &BlockContext) -> Self {
        let info = context.block_info();
        let constants = context.versioned_constants();
        let rounded = |value: u64, by: u64| value.checked_div(by).unwrap_or_default();
        Self {
            number: rounded(info.block_number.0, constants.get_validate_block_number_rounding()),
            timestamp: rounded(info.block_timestamp.0, constants.get_validate_timestamp_rounding()),
        }
    }
}

impl Validated {
    /// What a validation read that passed in this block.
    pub(crate) fn new(context: &BlockContext, reads: StateMaps) -> Self {
        Self {
            moment: RoundedBlock::of(context),
            cells: reads.storage.into_iter().map(|((contract, key), value)| (contract, key, value)).collect(),
            classes: reads.class_hashes.into_iter().collect(),
        }
    }

    /// For a DEPLOY_ACCOUNT, whose constructor and validation see a storage that is empty, and hashes of blocks, which stay.
    pub(crate) fn of_new_account(context: &BlockContext) -> Self {
        Self { moment: RoundedBlock::of(context), cells: Box::default(), classes: Box::default() }
    }

    /// Whether validation would see the same.
    pub(crate) fn still_holds(
        &self,
        state: &ChainState,
        context: &BlockContext,
    ) -> Result<bool, ExecutionError> {
        if self.moment != RoundedBlock::of(context) {
            return Ok(false);
        }
        for (contract, key, value) in &self.cells {
            if state.storage(*contract, *key)? != *value {
                return Ok(false);
            }
        }
        for (contract, class) in &self.classes {
            if state.class_hash(*contract)? != *class {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The memory that it takes, bytes, without what the allocator adds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.cells).saturating_add(size_of_val(&*self.classes))
    }
}

//! What a transaction's validation saw: while that is unchanged, validating it again comes to the same.
//!
//! A validation that fails can be charged to nobody, and so a block must not be made to run one: an account could accept
//! at the door and refuse in the block, again and again. `__validate__` sees its account's storage, classes, and time and
//! number of the block, both rounded; it calls no other contract. So a block takes a transaction whose validation saw what the block
//! has, and gives any other one back to be validated again by others.

use std::sync::Arc;

use blockifier::context::{BlockContext, TransactionContext};
use blockifier::state::cached_state::CachedState;
use blockifier::transaction::account_transaction::AccountTransaction;
use blockifier::transaction::objects::TransactionInfoCreator;
use starknet_api::core::{ClassHash, ContractAddress};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;

use super::AdmitError;
use crate::error::ExecutionError;
use crate::state::ChainState;
use crate::thread::validate;

/// What a validation that passed saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validated {
    moment: Moment,
    cells: Box<[(ContractAddress, StorageKey, Felt)]>,
    classes: Box<[(ContractAddress, ClassHash)]>,
}

/// A block's number and time as `__validate__` is told them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moment {
    number: u64,
    timestamp: u64,
}

impl Moment {
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
    /// Validates an INVOKE, a DECLARE or a thread's envelope on a state. Nonce and balance are not looked at.
    pub(super) fn run(
        state: &ChainState,
        context: &Arc<BlockContext>,
        transaction: &AccountTransaction,
    ) -> Result<Self, AdmitError> {
        let of_transaction = Arc::new(TransactionContext {
            block_context: Arc::clone(context),
            tx_info: transaction.create_tx_info(),
        });
        let mut seen = CachedState::new(state.clone());
        validate::run(&mut seen, &of_transaction, transaction)?;
        let reads = seen.get_initial_reads()?;
        Ok(Self {
            moment: Moment::of(context),
            cells: reads.storage.into_iter().map(|((contract, key), value)| (contract, key, value)).collect(),
            classes: reads.class_hashes.into_iter().collect(),
        })
    }

    /// For a DEPLOY_ACCOUNT, whose constructor and validation see a storage that is empty, and hashes of blocks, which stay.
    pub(super) fn of_new_account(context: &BlockContext) -> Self {
        Self { moment: Moment::of(context), cells: Box::default(), classes: Box::default() }
    }

    /// Whether validation would see the same.
    pub(crate) fn still_holds(
        &self,
        state: &ChainState,
        context: &BlockContext,
    ) -> Result<bool, ExecutionError> {
        if self.moment != Moment::of(context) {
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

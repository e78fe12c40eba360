//! Whether a block has room for what a transaction did.

use std::sync::{Arc, Mutex, PoisonError};

use blockifier::blockifier::transaction_executor::TransactionExecutorError;
use blockifier::bouncer::{Bouncer, verify_tx_weights_within_max_capacity};
use blockifier::context::BlockContext;
use blockifier::execution::call_info::ExecutionSummary;
use blockifier::state::cached_state::{CachedState, StateMaps, TransactionalState};
use blockifier::transaction::objects::TransactionExecutionInfo;
use starknet_api::execution_resources::GasAmount;

use super::failure::Failure;
use super::{Refusal, aliases, receipt};
use crate::error::AdmitError;
use crate::state::ChainState;
use crate::unfit::Unfit;

/// The room that a transaction finds in a block.
pub(super) struct Room {
    pub(super) context: Arc<BlockContext>,
    pub(super) bouncer: Arc<Mutex<Bouncer>>,
    /// The state before the transaction.
    pub(super) before: ChainState,
    /// Most entries of the state that may change in the block; any number if absent.
    pub(super) most_entries: Option<usize>,
    /// Whether the block will be sealed; otherwise it answers questions only.
    pub(super) will_be_sealed: bool,
}

impl Room {
    /// Takes a transaction in if a block can hold what it did, and this one has room for it. What was dropped as `unfit` is
    /// paid for, but not in the block.
    pub(super) fn take_in(
        &self,
        mut state: TransactionalState<'_, CachedState<ChainState>>,
        info: &TransactionExecutionInfo,
        summary: &ExecutionSummary,
        unfit: Option<&Unfit>,
    ) -> Result<StateMaps, Failure> {
        let context = self.context.as_ref();
        let dropped = unfit.map_or(GasAmount(0), |unfit| unfit.gas(context));
        let l2_gas = GasAmount(info.receipt.gas.l2_gas.0.saturating_sub(dropped.0));
        if let Err(error) = receipt::check_messages(info) {
            return Err(Unfit::new(error.to_string(), info, context).into());
        }
        let diff = state.to_state_diff().map_err(AdmitError::from)?.state_maps;
        let (keys, builtins) = (diff.keys(), info.summarize_builtins());
        let weighed = verify_tx_weights_within_max_capacity(
            &state,
            summary,
            &builtins,
            &info.receipt.resources,
            &keys,
            &context.bouncer_config,
            context.versioned_constants(),
            l2_gas,
        );
        if let Err(error) = weighed {
            return Err(Unfit::too_large(error, info, context)?.into());
        }
        if self.entries_left().is_some_and(|left| entries(&diff) > left) {
            return Err(Refusal::BlockFull.into());
        }
        if self.will_be_sealed {
            aliases::read(&self.before, &diff, context).map_err(AdmitError::from)?;
        }
        let updated = self.bouncer.lock().unwrap_or_else(PoisonError::into_inner).try_update(
            &state,
            &keys,
            summary,
            &builtins,
            &info.receipt.resources,
            context.versioned_constants(),
            l2_gas,
        );
        match updated {
            Ok(()) => state.commit(),
            Err(TransactionExecutorError::BlockFull) => return Err(Refusal::BlockFull.into()),
            Err(error) => return Err(AdmitError::from(error).into()),
        }
        Ok(diff)
    }

    /// How many entries more may change.
    fn entries_left(&self) -> Option<usize> {
        Some(self.most_entries?.saturating_sub(self.before.overlay.entries()))
    }
}

/// How many entries of the state these are.
fn entries(changes: &StateMaps) -> usize {
    [
        changes.storage.len(),
        changes.nonces.len(),
        changes.class_hashes.len(),
        changes.declared_contracts.len(),
    ]
    .into_iter()
    .fold(0, usize::saturating_add)
}

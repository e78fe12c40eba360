//! When the cells that a sub-block lists were written, and whether it is too old to have seen that.
//!
//! A value that a sub-block read may have been written after the block that it is based on: then its transactions saw something
//! of a later time than their own, and an option that has expired is exercised, or interest accrued backwards. So each cell is to
//! be as old as the base, in block number and time, whatever value it has. Writes of other sub-blocks count as written when those
//! were executed, not when they were settled.

use std::collections::HashMap;

use blockifier::state::cached_state::StateMaps;
use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{ContractAccess, LogicalTime, StaleCell, StateCell, Statement};
use zkthreads_storage::{CellWrite, StorageError, ThreadTimes};

use crate::cells::{changed, writes};
use crate::state::ChainState;

/// The last writes to the cells of a state on which a thread transaction is being settled.
#[derive(Clone)]
pub(crate) struct Times<'a> {
    /// The state before the transaction.
    before: &'a ChainState,
    /// What the transaction itself wrote so far.
    written: HashMap<(ContractAddress, StateCell), Written>,
}

/// A write of the transaction itself.
#[derive(Clone, Copy)]
struct Written {
    /// When the segment was executed, as it saw it, if one wrote it.
    sub_block: Option<LogicalTime>,
    value: Felt,
}

impl<'a> Times<'a> {
    /// Of the state before a transaction.
    pub(crate) fn before(state: &'a ChainState) -> Self {
        Self { before: state, written: HashMap::new() }
    }

    /// The transaction itself wrote this: validating it did.
    pub(crate) fn write(&mut self, changes: &StateMaps) {
        for (cell, value) in changed(changes) {
            self.written.insert(cell, Written { sub_block: None, value });
        }
    }

    /// A segment's statement took effect.
    pub(crate) fn settle(&mut self, statement: &Statement) {
        let sub_block = Some(statement.base_block.time());
        for contract in &statement.contracts {
            for (cell, value) in writes(contract) {
                self.written.insert((contract.address, cell), Written { sub_block, value });
            }
        }
    }

    /// The cells that a statement lists and that were written later than it was executed.
    pub(crate) fn stale(&self, statement: &Statement) -> Result<Vec<StaleCell>, StorageError> {
        let base = statement.base_block.time();
        let mut stale = Vec::new();
        for access in &statement.contracts {
            let contract = access.address;
            for cell in listed(access) {
                let write = self.last_write(base, contract, cell)?;
                if let Some(CellWrite { block, sub_block }) = write.filter(|write| write.is_after(base)) {
                    stale.push(StaleCell { contract, cell, block, sub_block });
                }
            }
        }
        Ok(stale)
    }

    /// The last write to a cell, if it may be later than `base`.
    fn last_write(
        &self,
        base: LogicalTime,
        contract: ContractAddress,
        cell: StateCell,
    ) -> Result<Option<CellWrite>, StorageError> {
        match self.written.get(&(contract, cell)) {
            Some(Written { sub_block, .. }) => {
                Ok(Some(CellWrite { block: self.before.next_block(), sub_block: *sub_block }))
            }
            None => self.before.written_after(base.number, contract, cell),
        }
    }

    /// Of all that the transaction changed in the end, what its segments wrote: what has the value that the last segment which
    /// wrote it gave to it.
    pub(crate) fn of_segments(&self, changes: &StateMaps) -> ThreadTimes {
        let last = changed(changes).filter_map(|(cell, value)| {
            let written = self.written.get(&cell).filter(|written| written.value == value)?;
            Some((cell, written.sub_block?))
        });
        last.collect()
    }

    /// The segment's time, if a segment was the last to write this cell.
    pub(crate) fn segment(&self, contract: ContractAddress, cell: StateCell) -> Option<LogicalTime> {
        self.written.get(&(contract, cell))?.sub_block
    }
}

/// The cells of a contract that a statement depends on, or writes.
pub(crate) fn listed(access: &ContractAccess) -> impl Iterator<Item = StateCell> {
    let nonce = access.consumes_nonces().then_some(StateCell::Nonce);
    let storage = access.storage.iter().map(|cell| StateCell::Storage(cell.key));
    [StateCell::ClassHash].into_iter().chain(nonce).chain(storage)
}

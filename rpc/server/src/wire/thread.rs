//! What the `zkthread` namespace answers. `docs/rpc-zkthread.md` shows the shapes.

use serde::Serialize;
use serde_json::{Value, json};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{Conflict, LogicalTime, SegmentError, SettleError, StaleCell, StateCell, Statement};

/// Why a thread has not settled, or not as a whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failed<'a> {
    /// The segment to blame, if it is one.
    pub(crate) segment: Option<u32>,
    pub(crate) error: &'a SettleError,
}

impl<'a> From<&'a SegmentError> for Failed<'a> {
    fn from(SegmentError { segment, error }: &'a SegmentError) -> Self {
        Self { segment: Some(*segment), error }
    }
}

impl<'a> From<&Failed<'a>> for Failed<'a> {
    fn from(failed: &Failed<'a>) -> Self {
        *failed
    }
}

/// A check that failed.
#[derive(Debug, Serialize)]
pub(crate) struct CheckOut {
    /// None if no segment is to blame.
    segment: Option<u32>,
    kind: &'static str,
    message: String,
    fields: Value,
}

/// A precondition that no longer holds.
#[derive(Debug, Serialize)]
pub(crate) struct ConflictOut {
    segment: Option<u32>,
    contract: Felt,
    kind: &'static str,
    /// Only of a storage cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Felt>,
    expected: Felt,
    found: Felt,
}

/// A statement.
#[derive(Debug, Serialize)]
pub(crate) struct StatementOut {
    chain_id: Felt,
    /// Zero admits anyone.
    submitter: Felt,
    base_block: BaseBlockOut,
    inner_transactions: Vec<OutcomeOut>,
    classes: Vec<ClassOut>,
    contracts: Vec<ContractOut>,
    event_count: u64,
    events_commitment: Felt,
    messages: Vec<MessageOut>,
}

#[derive(Debug, Serialize)]
struct BaseBlockOut {
    block_number: u64,
    timestamp: u64,
    sequencer_address: Felt,
}

#[derive(Debug, Serialize)]
struct OutcomeOut {
    transaction_hash: Felt,
    reverted: bool,
}

#[derive(Debug, Serialize)]
struct ClassOut {
    class_hash: Felt,
    compiled_class_hash: Felt,
    gas_metered: bool,
}

#[derive(Debug, Serialize)]
struct ContractOut {
    address: Felt,
    class_hash_before: Felt,
    class_hash_after: Felt,
    nonce_before: Felt,
    nonce_after: Felt,
    storage: Vec<CellOut>,
}

#[derive(Debug, Serialize)]
struct CellOut {
    key: Felt,
    before: Felt,
    after: Felt,
}

#[derive(Debug, Serialize)]
struct MessageOut {
    transaction_index: u32,
    from_address: Felt,
    to_address: Felt,
    payload: Vec<Felt>,
}

impl<'a, F: Into<Failed<'a>>> From<F> for CheckOut {
    fn from(failed: F) -> Self {
        let Failed { segment, error } = failed.into();
        let (kind, fields) = match error {
            SettleError::OsVersion { os_program_hash } => {
                ("OS_VERSION", json!({ "os_program_hash": os_program_hash }))
            }
            SettleError::ChainId { expected, found } => {
                ("CHAIN_ID", json!({ "expected": expected, "found": found }))
            }
            SettleError::Submitter { expected, found } => {
                ("SUBMITTER", json!({ "expected": expected, "found": found }))
            }
            SettleError::BaseBlockUnknown { number } => {
                ("BASE_BLOCK_UNKNOWN", json!({ "block_number": number }))
            }
            SettleError::BaseBlockContext { number } => {
                ("BASE_BLOCK_CONTEXT", json!({ "block_number": number }))
            }
            SettleError::BaseBlockTooOld { number, age, max_age } => {
                ("BASE_BLOCK_TOO_OLD", json!({ "block_number": number, "age": age, "max_age": max_age }))
            }
            SettleError::NotYet { timestamp, now } => {
                ("NOT_YET", json!({ "timestamp": timestamp, "block_timestamp": now }))
            }
            SettleError::TooLate { timestamp, lag, max_lag } => {
                ("TOO_LATE", json!({ "timestamp": timestamp, "lag": lag, "max_lag": max_lag }))
            }
            SettleError::StaleBase { base, cells } => ("STALE_BASE", stale_base(base, cells)),
            SettleError::ClassTooNew { class_hash, declared_at, base } => (
                "CLASS_TOO_NEW",
                json!({ "class_hash": class_hash, "declared_at": declared_at, "block_number": base }),
            ),
            SettleError::MixedTimes { contract, cell, timestamp, now } => {
                let CellName { kind, key } = (*cell).into();
                (
                    "MIXED_TIMES",
                    json!({
                        "contract": contract, "kind": kind, "key": key,
                        "timestamp": timestamp, "block_timestamp": now,
                    }),
                )
            }
            SettleError::ClassUndeclared { class_hash } => {
                ("CLASS_UNDECLARED", json!({ "class_hash": class_hash }))
            }
            SettleError::ClassMismatch { class_hash, expected, found } => {
                ("CLASS_MISMATCH", json!({ "class_hash": class_hash, "expected": expected, "found": found }))
            }
            SettleError::ClassLegacy { class_hash } => ("CLASS_LEGACY", json!({ "class_hash": class_hash })),
            SettleError::ClassMetering { class_hash, expected } => {
                ("CLASS_METERING", json!({ "class_hash": class_hash, "gas_metered": expected }))
            }
            SettleError::ClassUnhardened { class_hash } => {
                ("CLASS_UNHARDENED", json!({ "class_hash": class_hash }))
            }
            SettleError::ClassPending { class_hash } => {
                ("CLASS_PENDING", json!({ "class_hash": class_hash }))
            }
            SettleError::SystemContractWrite { address } => {
                ("SYSTEM_CONTRACT_WRITE", json!({ "contract": address }))
            }
            SettleError::InnerTransaction { index, computed, named } => (
                "INNER_TRANSACTION",
                json!({ "transaction_index": index, "computed": computed, "named": named }),
            ),
            SettleError::Events { computed, named } => {
                ("EVENTS", json!({ "computed": computed, "named": named }))
            }
            // The keys stand in `conflicts`.
            SettleError::Conflicts(conflicts) => ("CONFLICT", json!({ "count": conflicts.len() })),
            SettleError::Proof { reason } => ("PROOF", json!({ "reason": reason })),
            SettleError::Execution { reason } => ("EXECUTION", json!({ "reason": reason })),
        };
        Self { segment, kind, message: error.to_string(), fields }
    }
}

/// Every conflict that `error` lists.
pub(crate) fn conflicts<'a>(error: impl Into<Failed<'a>>) -> Vec<ConflictOut> {
    let Failed { segment, error } = error.into();
    match error {
        SettleError::Conflicts(conflicts) => {
            conflicts.iter().map(|conflict| ConflictOut::new(segment, conflict)).collect()
        }
        _ => Vec::new(),
    }
}

impl ConflictOut {
    fn new(segment: Option<u32>, conflict: &Conflict) -> Self {
        let CellName { kind, key } = conflict.cell.into();
        let contract = *conflict.contract.0.key();
        Self { segment, contract, kind, key, expected: conflict.expected, found: conflict.found }
    }
}

/// What a cell of a contract is called.
struct CellName {
    kind: &'static str,
    /// Its key, if it is a storage cell.
    key: Option<Felt>,
}

impl From<StateCell> for CellName {
    fn from(cell: StateCell) -> Self {
        let (kind, key) = match cell {
            StateCell::Storage(key) => ("STORAGE", Some(*key.0.key())),
            StateCell::Nonce => ("NONCE", None),
            StateCell::ClassHash => ("CLASS_HASH", None),
        };
        Self { kind, key }
    }
}

/// When a sub-block was executed, and the cells that were written later.
fn stale_base(base: &LogicalTime, cells: &[StaleCell]) -> Value {
    let time = |time: &LogicalTime| json!({ "block_number": time.number.0, "timestamp": time.timestamp.0 });
    let cells = cells.iter().map(|StaleCell { contract, cell, block, sub_block }| {
        let CellName { kind, key } = (*cell).into();
        let sub_block = sub_block.as_ref().map(time);
        json!({ "contract": contract, "kind": kind, "key": key, "block_number": block.0, "sub_block": sub_block })
    });
    let cells: Vec<_> = cells.collect();
    json!({ "base": time(base), "cells": cells })
}

impl From<&Statement> for StatementOut {
    fn from(statement: &Statement) -> Self {
        let base = &statement.base_block;
        let outcomes = statement.inner_transactions.iter().map(|transaction| OutcomeOut {
            transaction_hash: transaction.hash.0,
            reverted: transaction.reverted,
        });
        let classes = statement.classes.iter().map(|class| ClassOut {
            class_hash: class.class_hash.0,
            compiled_class_hash: class.compiled_class_hash.0,
            gas_metered: class.gas_metered,
        });
        let contracts = statement.contracts.iter().map(|contract| ContractOut {
            address: *contract.address.0.key(),
            class_hash_before: contract.class_hash_before.0,
            class_hash_after: contract.class_hash_after.0,
            nonce_before: contract.nonce_before.0,
            nonce_after: contract.nonce_after.0,
            storage: contract
                .storage
                .iter()
                .map(|cell| CellOut { key: *cell.key.0.key(), before: cell.before, after: cell.after })
                .collect(),
        });
        let messages = statement.messages.iter().map(|message| MessageOut {
            transaction_index: message.transaction_index,
            from_address: *message.from_address.0.key(),
            to_address: message.to_address.0,
            payload: message.payload.clone(),
        });
        Self {
            chain_id: statement.chain_id,
            submitter: *statement.submitter.0.key(),
            base_block: BaseBlockOut {
                block_number: base.number.0,
                timestamp: base.timestamp.0,
                sequencer_address: *base.sequencer.0.key(),
            },
            inner_transactions: outcomes.collect(),
            classes: classes.collect(),
            contracts: contracts.collect(),
            event_count: statement.event_count,
            events_commitment: statement.events_commitment,
            messages: messages.collect(),
        }
    }
}

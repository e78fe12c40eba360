//! Phase *precheck*: everything that can be said without cryptography. Microseconds for thousands of preconditions.

use blockifier::state::cached_state::CachedState;
use blockifier::state::errors::StateError;
use blockifier::state::state_api::StateReader;
use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{
    BaseBlock, Conflict, ContractAccess, ExecutedClass, SegmentError, SettleError, StaleCell, StateCell,
    Statement,
};

use super::times::Times;
use super::{Scope, apply};
use crate::error::ExecutionError;

/// Addresses that only the protocol writes: block hashes (0x1), state-diff compression (0x2), and 0x0, the address of
/// nobody.
const SYSTEM_CONTRACTS: [Felt; 3] = [Felt::ZERO, Felt::ONE, Felt::TWO];

/// Most conflicts that are told of a segment: each is in the receipt, in storage and in answers.
const MAX_TOLD_CONFLICTS: usize = 256;

/// The failure that these conflicts are, if there are any.
fn conflict(mut conflicts: Vec<Conflict>) -> Option<SettleError> {
    conflicts.truncate(MAX_TOLD_CONFLICTS);
    (!conflicts.is_empty()).then_some(SettleError::Conflicts(conflicts))
}

/// The failure that cells are which were written too late, if there are any.
fn stale_base(statement: &Statement, mut cells: Vec<StaleCell>) -> Option<SettleError> {
    cells.truncate(MAX_TOLD_CONFLICTS);
    let base = statement.base_block.time();
    (!cells.is_empty()).then_some(SettleError::StaleBase { base, cells })
}

/// What is wrong with what a segment read: values that are others now, or, if there are none, values that were written too late.
pub(crate) fn preconditions<S: StateReader>(
    state: &S,
    times: &Times<'_>,
    statement: &Statement,
) -> Result<Option<SettleError>, ExecutionError> {
    match conflict(conflicts(state, statement)?) {
        Some(error) => Ok(Some(error)),
        None => Ok(stale_base(statement, times.stale(statement)?)),
    }
}

/// All of the phase for all segments, on a state of its own in which the submitter's nonce is consumed, as `times` knows: every failed
/// check and every conflict of each segment, on what the segments before it would leave, whether those settle or not.
pub(crate) fn all<S: StateReader>(
    scope: &Scope<'_>,
    mut times: Times<'_>,
    state: &mut CachedState<S>,
) -> Result<Vec<SegmentError>, ExecutionError> {
    let (mut scope, mut errors) = (*scope, Vec::new());
    for (index, segment) in (0_u32..).zip(&scope.thread.package().segments) {
        let statement = &segment.statement;
        let mut failures = failures(&scope, statement)?;
        for failure in classes(&scope, statement) {
            failures.push(failure?);
        }
        failures.extend(preconditions(state, &times, statement)?);
        errors.extend(failures.into_iter().map(|error| SegmentError { segment: index, error }));
        apply::write(state, statement)?;
        times.settle(statement);
        scope.block.saw(statement.base_block.timestamp);
    }
    Ok(errors)
}

/// Every failed check that does not depend on the state: OS version, chain, submitter, base block, system contracts.
/// Cheapest first.
pub(crate) fn failures(scope: &Scope<'_>, statement: &Statement) -> Result<Vec<SettleError>, ExecutionError> {
    let config = scope.executor.config();
    let mut failures = Vec::new();
    if !config.is_os_active(scope.os_program_hash, statement.base_block.number, scope.block.number) {
        failures.push(SettleError::OsVersion { os_program_hash: scope.os_program_hash.0 });
    }
    let expected = Felt::try_from(&config.chain_id)?;
    if statement.chain_id != expected {
        failures.push(SettleError::ChainId { expected, found: statement.chain_id });
    }
    if statement.submitter != ContractAddress::default() && statement.submitter != scope.submitter {
        failures.push(SettleError::Submitter { expected: statement.submitter, found: scope.submitter });
    }
    failures.extend(base_block(scope, statement.base_block)?);
    failures.extend(system_contracts(statement));
    Ok(failures)
}

/// Whether the base is a block of this chain and not too old, and the sub-block's time lies between its and the settling
/// block's, not too far back.
fn base_block(scope: &Scope<'_>, base: BaseBlock) -> Result<Option<SettleError>, ExecutionError> {
    let (block, number) = (scope.block, base.number.0);
    let Some(age) = block.number.0.checked_sub(number).filter(|age| *age > 0) else {
        return Ok(Some(SettleError::BaseBlockUnknown { number }));
    };
    let rules = scope.executor.config().thread_rules.at(block.number);
    let max_age = rules.max_age;
    if age > max_age {
        return Ok(Some(SettleError::BaseBlockTooOld { number, age, max_age }));
    }
    let Some(header) = scope.executor.storage().header(base.number)? else {
        return Ok(Some(SettleError::BaseBlockUnknown { number }));
    };
    let header = header.block_header_without_hash;
    if header.sequencer.0 != base.sequencer || base.timestamp < header.timestamp {
        return Ok(Some(SettleError::BaseBlockContext { number }));
    }
    let timestamp = base.timestamp.0;
    if base.timestamp > block.timestamp {
        return Ok(Some(SettleError::NotYet { timestamp, now: block.timestamp.0 }));
    }
    // Not against the block's own time: on a chain that makes blocks only for transactions, the newest base would be too old after
    // a while, though nobody has seen a later time.
    let (lag, max_lag) = (block.seen.0.saturating_sub(timestamp), rules.max_lag);
    Ok((lag > max_lag).then_some(SettleError::TooLate { timestamp, lag, max_lag }))
}

fn system_contracts(statement: &Statement) -> impl Iterator<Item = SettleError> {
    let written = |contract: &&ContractAccess| {
        SYSTEM_CONTRACTS.contains(contract.address.0.key())
            && (contract.changes_class()
                || contract.consumes_nonces()
                || contract.storage.iter().any(|cell| cell.is_write()))
    };
    let refuse = |contract: &ContractAccess| SettleError::SystemContractWrite { address: contract.address };
    statement.contracts.iter().filter(written).map(refuse)
}

/// Each listed class that is not what this chain has declared, or that threads may not run.
pub(crate) fn classes<'a>(
    scope: &'a Scope<'_>,
    statement: &'a Statement,
) -> impl Iterator<Item = Result<SettleError, ExecutionError>> + 'a {
    let base = statement.base_block;
    statement.classes.iter().filter_map(move |class| executed_class(scope, base, *class).transpose())
}

/// Compares a class with the one declared, be it earlier in this block, which is after the base block.
fn executed_class(
    scope: &Scope<'_>,
    base: BaseBlock,
    class: ExecutedClass,
) -> Result<Option<SettleError>, ExecutionError> {
    let ExecutedClass { class_hash, compiled_class_hash: found, gas_metered } = class;
    let Some(facts) = scope.state.class_facts(class_hash)? else {
        return Ok(Some(SettleError::ClassUndeclared { class_hash }));
    };
    let Some(expected) = facts.gas_metered else {
        return Ok(Some(SettleError::ClassLegacy { class_hash }));
    };
    if expected != gas_metered {
        return Ok(Some(SettleError::ClassMetering { class_hash, expected }));
    }
    if facts.declared_at > base.number {
        let (declared_at, base) = (facts.declared_at.0, base.number.0);
        return Ok(Some(SettleError::ClassTooNew { class_hash, declared_at, base }));
    }
    let hardening = scope.executor.config().thread_rules.at(scope.block.number).hardening;
    let Some(hardened) = facts.hardened.get(&hardening) else {
        scope.executor.stored().is_met();
        return Ok(Some(SettleError::ClassPending { class_hash }));
    };
    Ok(match *hardened {
        None => Some(SettleError::ClassUnhardened { class_hash }),
        Some(expected) if expected != found => {
            Some(SettleError::ClassMismatch { class_hash, expected, found })
        }
        Some(_) => None,
    })
}

/// Every precondition that does not hold. Each value is read through `state`, so that what the block has done so far
/// counts; and so that `state` knows the old value of all that may be written.
pub(crate) fn conflicts<S: StateReader>(
    state: &S,
    statement: &Statement,
) -> Result<Vec<Conflict>, StateError> {
    let mut conflicts = Vec::new();
    for access in &statement.contracts {
        let contract = access.address;
        let mut require = |cell, expected: Felt, found: Felt| {
            if expected != found {
                conflicts.push(Conflict { contract, cell, expected, found });
            }
        };
        require(StateCell::ClassHash, access.class_hash_before.0, state.get_class_hash_at(contract)?.0);
        if access.consumes_nonces() {
            require(StateCell::Nonce, access.nonce_before.0, state.get_nonce_at(contract)?.0);
        }
        for cell in &access.storage {
            let found = state.get_storage_at(contract, cell.key)?;
            require(StateCell::Storage(cell.key), cell.before, found);
        }
    }
    Ok(conflicts)
}

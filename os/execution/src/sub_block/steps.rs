//! About how many steps the thread OS takes, told from what blockifier did.

use blockifier::execution::call_info::CallInfo;
use zkthreads_protocol::InnerTransaction;

use super::accesses::Accesses;

/// A sub-block without transactions.
const SUB_BLOCK: u64 = 6_600;
/// A transaction that does nothing.
const TRANSACTION: u64 = 5_000;
/// A felt of calldata.
const CALLDATA_FELT: u64 = 20;
/// A cell that is touched.
const CELL: u64 = 60;
/// A contract that is touched.
const CONTRACT: u64 = 150;

/// Steps for one transaction.
pub(super) fn of_transaction(
    transaction: &InnerTransaction,
    validate: &CallInfo,
    execute: &CallInfo,
    _accesses: &Accesses,
) -> u64 {
    let calldata = u64::try_from(transaction.as_invoke().calldata.0.len()).unwrap_or(u64::MAX);
    let calls = validate.iter().chain(execute.iter());
    let vm: u64 = calls
        .map(|call| u64::try_from(call.resources.vm_resources.n_steps).unwrap_or(u64::MAX))
        .fold(0, u64::saturating_add);
    TRANSACTION.saturating_add(calldata.saturating_mul(CALLDATA_FELT)).saturating_add(vm)
}

/// Steps for a sub-block whose transactions take `transactions`.
pub(super) fn of_sub_block(transactions: u64, contracts: usize, cells: usize) -> u64 {
    let count = |count: usize, steps: u64| u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(steps);
    [SUB_BLOCK, transactions, count(contracts, CONTRACT), count(cells, CELL)]
        .into_iter()
        .fold(0, u64::saturating_add)
}

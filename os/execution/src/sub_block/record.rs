//! From blockifier's call tree to what the thread OS replays.

use blockifier::blockifier_versioned_constants::VersionedConstants;
use blockifier::execution::call_info::CallInfo;
use blockifier::execution::syscalls::vm_syscall_utils::SyscallSelector;
use zkthreads_program::input::RecordedCall;

use super::left_out::LeftOutReason;

/// The answers `call` and its inner calls got, in the order the OS asks for them.
pub(super) fn recorded_call(call: &CallInfo) -> RecordedCall {
    let tracker = &call.storage_access_tracker;
    RecordedCall {
        storage_reads: tracker.storage_read_values.clone(),
        class_hash_reads: tracker.read_class_hash_values.clone(),
        block_hash_reads: tracker.read_block_hash_values.iter().map(|hash| hash.0).collect(),
        inner_calls: call.inner_calls.iter().map(recorded_call).collect(),
        retdata: call.execution.retdata.0.clone(),
    }
}

/// Refuses a call (inner calls not looked at) that the thread OS cannot prove.
pub(super) fn check_supported(call: &CallInfo, constants: &VersionedConstants) -> Result<(), LeftOutReason> {
    let contract = call.call.storage_address;
    if call.execution.failed {
        return Err(LeftOutReason::CaughtCall { contract, selector: call.call.entry_point_selector });
    }
    let class_hash = call.call.class_hash.unwrap_or_default();
    let special =
        [&constants.os_constants.v1_bound_accounts_cairo1, &constants.os_constants.data_gas_accounts];
    if special.into_iter().any(|classes| classes.contains(&class_hash)) {
        return Err(LeftOutReason::SpecialClass { class_hash });
    }
    check_syscalls_served(call)?;
    check_syscalls_succeeded(call)
}

fn check_syscalls_served(call: &CallInfo) -> Result<(), LeftOutReason> {
    let mut unserved: Vec<String> = call
        .syscalls_usage
        .iter()
        .filter(|(selector, usage)| usage.call_count > 0 && !is_served(selector))
        .map(|(selector, _)| format!("{selector:?}"))
        .collect();
    unserved.sort_unstable(); // the map's order is arbitrary
    match unserved.into_iter().next() {
        Some(syscall) => Err(LeftOutReason::Syscall { syscall }),
        None => Ok(()),
    }
}

fn is_served(selector: &SyscallSelector) -> bool {
    matches!(
        selector,
        SyscallSelector::StorageRead
            | SyscallSelector::StorageWrite
            | SyscallSelector::CallContract
            | SyscallSelector::LibraryCall
            | SyscallSelector::EmitEvent
            | SyscallSelector::GetExecutionInfo
            | SyscallSelector::GetClassHashAt
            | SyscallSelector::SendMessageToL1
            | SyscallSelector::GetBlockHash
    )
}

/// Every syscall that succeeds leaves something behind: one that is counted but left nothing failed, and its caller
/// caught that.
fn check_syscalls_succeeded(call: &CallInfo) -> Result<(), LeftOutReason> {
    let made = |selectors: &[SyscallSelector]| -> usize {
        let counts = selectors.iter().filter_map(|selector| call.syscalls_usage.get(selector));
        counts.map(|usage| usage.call_count).sum()
    };
    let tracker = &call.storage_access_tracker;
    let left = [
        ("storage_read", made(&[SyscallSelector::StorageRead]), tracker.storage_read_values.len()),
        ("get_class_hash_at", made(&[SyscallSelector::GetClassHashAt]), tracker.read_class_hash_values.len()),
        ("get_block_hash", made(&[SyscallSelector::GetBlockHash]), tracker.read_block_hash_values.len()),
        ("emit_event", made(&[SyscallSelector::EmitEvent]), call.execution.events.len()),
        (
            "send_message_to_l1",
            made(&[SyscallSelector::SendMessageToL1]),
            call.execution.l2_to_l1_messages.len(),
        ),
        (
            "call_contract or library_call",
            made(&[SyscallSelector::CallContract, SyscallSelector::LibraryCall]),
            call.inner_calls.len(),
        ),
    ];
    match left.into_iter().find(|(_, made, answered)| made != answered) {
        Some((syscall, _, _)) => {
            Err(LeftOutReason::CaughtSyscall { syscall, contract: call.call.storage_address })
        }
        None => Ok(()),
    }
}

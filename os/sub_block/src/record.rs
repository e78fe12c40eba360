//! From blockifier's call tree to what the thread OS replays.

use blockifier::execution::call_info::CallInfo;
use blockifier::execution::syscalls::vm_syscall_utils::SyscallSelector;
use starknet_api::core::ClassHash;
use zkthreads_program::input::RecordedCall;

use crate::left_out::LeftOutReason;
use crate::watched::NO_CLASS;

/// The answers `call` and its inner calls got, in the order the OS asks for them.
pub(crate) fn recorded_call(call: &CallInfo) -> RecordedCall {
    let tracker = &call.storage_access_tracker;
    let aborted = is_aborted(call);
    RecordedCall {
        address: call.call.storage_address,
        class_hash: if aborted { ClassHash::default() } else { call.call.class_hash.unwrap_or_default() },
        storage_reads: tracker.storage_read_values.clone(),
        class_hash_reads: tracker.read_class_hash_values.clone(),
        block_hash_reads: tracker.read_block_hash_values.iter().map(|hash| hash.0).collect(),
        inner_calls: call.inner_calls.iter().map(recorded_call).collect(),
        retdata: call.execution.retdata.0.clone(),
        failed: call.execution.failed,
        gas_consumed: call.execution.gas_consumed,
        aborted,
    }
}

/// Whether nothing was deployed at the address called.
pub(crate) fn is_aborted(call: &CallInfo) -> bool {
    call.call.class_hash == Some(NO_CLASS)
}

/// Refuses a call (inner calls not looked at) that makes a syscall which the thread OS does not serve.
pub(crate) fn check_served(call: &CallInfo) -> Result<(), LeftOutReason> {
    match call.syscalls_usage.get(&SyscallSelector::Sha512ProcessBlock) {
        Some(usage) if usage.call_count > 0 => {
            Err(LeftOutReason::Syscall { syscall: "sha512_process_block" })
        }
        _ => Ok(()),
    }
}

// Serves the syscalls of a call that has run: checks every answer, in order, and performs what was asked for.
//
// A syscall's cells are its selector, the gas that the contract has left, the request; then the answer: the gas left,
// a failure flag, the response or the bounds of the failure's data.

from starkware.cairo.common.cairo_builtins import PoseidonBuiltin
from starkware.cairo.common.dict_access import DictAccess
from thread_os.calls import serve_call_contract, serve_library_call, serve_meta_tx
from thread_os.constants import (
    BLOCK_HASH_BUFFER,
    BLOCK_HASH_CONTRACT,
    BLOCK_NUMBER_OUT_OF_RANGE,
    GET_BLOCK_HASH_GAS,
    GET_EXECUTION_INFO_GAS,
    OUT_OF_GAS,
    SEND_MESSAGE_GAS,
    SEND_MESSAGE_PAYLOAD_GAS,
    STORAGE_READ_GAS,
    STORAGE_WRITE_GAS,
    SYSCALL_BASE_GAS,
)
from thread_os.cryptography import serve_cryptography
from thread_os.deploy import replace_class, serve_deploy
from thread_os.events import emit_event, send_message
from thread_os.gas import assert_failure, assert_out_of_gas, covers
from thread_os.state import close_contract, open_contract, read_foreign_cell
from thread_os.types import Builtins, Call, ContractState, Effects

// What is left to pay when a contract makes a syscall.
const STORAGE_READ_COST = STORAGE_READ_GAS - SYSCALL_BASE_GAS;
const STORAGE_WRITE_COST = STORAGE_WRITE_GAS - SYSCALL_BASE_GAS;
const GET_EXECUTION_INFO_COST = GET_EXECUTION_INFO_GAS - SYSCALL_BASE_GAS;
const GET_BLOCK_HASH_COST = GET_BLOCK_HASH_GAS - SYSCALL_BASE_GAS;

// Serves the syscalls from `syscall` up to `end` that `frame` made. `state` is where the contract was opened,
// `storage` the end of its storage log. Closes the contract. Returns whether the phase is aborted; the rest of the
// syscalls has no effect then.
func serve_syscalls{
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(syscall: felt*, end: felt*, frame: Call*, state: ContractState*, storage: DictAccess*) -> (
    aborted: felt
) {
    if (syscall == end) {
        close_contract(state=state, storage=storage);
        return (aborted=0);
    }
    tempvar selector = [syscall];

    if (selector == 'StorageRead') {
        // Address domain, key; value.
        if (syscall[5] != 0) {
            assert_out_of_gas(answer=syscall + 4, gas=syscall[1], cost=STORAGE_READ_COST);
            return serve_syscalls(syscall + 8, end, frame, state, storage);
        }
        tempvar gas = syscall[1] - STORAGE_READ_COST;
        assert [range_check_ptr] = gas;
        assert syscall[4] = gas;
        assert syscall[2] = 0;
        assert storage.key = syscall[3];
        tempvar value = syscall[6];
        assert storage.prev_value = value;
        assert storage.new_value = value;
        let range_check_ptr = range_check_ptr + 1;
        return serve_syscalls(syscall + 7, end, frame, state, storage + DictAccess.SIZE);
    }

    if (selector == 'StorageWrite') {
        // Address domain, key, value.
        if (syscall[6] != 0) {
            assert_out_of_gas(answer=syscall + 5, gas=syscall[1], cost=STORAGE_WRITE_COST);
            return serve_syscalls(syscall + 9, end, frame, state, storage);
        }
        tempvar gas = syscall[1] - STORAGE_WRITE_COST;
        assert [range_check_ptr] = gas;
        assert syscall[5] = gas;
        assert syscall[2] = 0;
        assert storage.key = syscall[3];
        assert storage.new_value = syscall[4];
        // Writes `storage.prev_value`. Bound by the squash of the storage log: it is the cell's previous value, or,
        // in the cell's first access, the claim that the statement carries.
        %{ zkthreads.write_storage(ids.storage, ids.frame) %}
        let range_check_ptr = range_check_ptr + 1;
        return serve_syscalls(syscall + 7, end, frame, state, storage + DictAccess.SIZE);
    }

    if (selector == 'EmitEvent') {
        // Keys, data. The contract's own code has paid its price.
        assert syscall[6] = syscall[1];
        assert syscall[7] = 0;
        tempvar keys = cast(syscall[2], felt*);
        tempvar data = cast(syscall[4], felt*);
        emit_event(
            frame=frame,
            keys=keys,
            n_keys=cast(syscall[3], felt*) - keys,
            data=data,
            n_data=cast(syscall[5], felt*) - data,
        );
        return serve_syscalls(syscall + 8, end, frame, state, storage);
    }

    if (selector == 'CallContract') {
        close_contract(state=state, storage=storage);
        let (aborted) = serve_call_contract(syscall, frame);
        if (aborted != 0) {
            return (aborted=1);
        }
        let (reopened) = open_contract(frame.info.contract_address);
        return serve_syscalls(syscall + 10, end, frame, reopened, reopened.storage);
    }

    if (selector == 'GetExecutionInfo') {
        if (syscall[3] != 0) {
            assert_out_of_gas(answer=syscall + 2, gas=syscall[1], cost=GET_EXECUTION_INFO_COST);
            return serve_syscalls(syscall + 6, end, frame, state, storage);
        }
        tempvar gas = syscall[1] - GET_EXECUTION_INFO_COST;
        assert [range_check_ptr] = gas;
        assert syscall[2] = gas;
        assert syscall[4] = cast(frame.shown, felt);
        let range_check_ptr = range_check_ptr + 1;
        return serve_syscalls(syscall + 5, end, frame, state, storage);
    }

    if (selector == 'LibraryCall') {
        close_contract(state=state, storage=storage);
        let (aborted) = serve_library_call(syscall, frame);
        if (aborted != 0) {
            return (aborted=1);
        }
        let (reopened) = open_contract(frame.info.contract_address);
        return serve_syscalls(syscall + 10, end, frame, reopened, reopened.storage);
    }

    if (selector == 'GetClassHashAt') {
        // Address; class hash. Starknet forbids it in `__validate__`. The contract's own code has paid its price.
        assert frame.context.is_validate = 0;
        assert syscall[3] = syscall[1];
        assert syscall[4] = 0;
        close_contract(state=state, storage=storage);
        let (other) = open_contract(syscall[2]);
        assert syscall[5] = other.class_hash;
        close_contract(state=other, storage=other.storage);
        let (reopened) = open_contract(frame.info.contract_address);
        return serve_syscalls(syscall + 6, end, frame, reopened, reopened.storage);
    }

    if (selector == 'SendMessageToL1') {
        let (next) = serve_send_message(syscall, frame);
        return serve_syscalls(next, end, frame, state, storage);
    }

    if (selector == 'GetBlockHash') {
        close_contract(state=state, storage=storage);
        let (next) = serve_get_block_hash(syscall, frame);
        let (reopened) = open_contract(frame.info.contract_address);
        return serve_syscalls(next, end, frame, reopened, reopened.storage);
    }

    if (selector == 'Deploy') {
        close_contract(state=state, storage=storage);
        let (aborted, next) = serve_deploy(syscall, frame);
        if (aborted != 0) {
            return (aborted=1);
        }
        let (reopened) = open_contract(frame.info.contract_address);
        return serve_syscalls(next, end, frame, reopened, reopened.storage);
    }

    if (selector == 'ReplaceClass') {
        // Class hash. The contract's own code has paid its price.
        assert syscall[3] = syscall[1];
        assert syscall[4] = 0;
        replace_class(class_hash=syscall[2], frame=frame, state=state, storage=storage);
        let (reopened) = open_contract(frame.info.contract_address);
        return serve_syscalls(syscall + 5, end, frame, reopened, reopened.storage);
    }

    if (selector == 'MetaTxV0') {
        close_contract(state=state, storage=storage);
        let (aborted) = serve_meta_tx(syscall, frame);
        if (aborted != 0) {
            return (aborted=1);
        }
        let (reopened) = open_contract(frame.info.contract_address);
        return serve_syscalls(syscall + 12, end, frame, reopened, reopened.storage);
    }

    let (next) = serve_cryptography(syscall);
    return serve_syscalls(next, end, frame, state, storage);
}

// Recipient, payload. Returns where the next syscall is.
func serve_send_message{range_check_ptr, effects: Effects*}(syscall: felt*, frame: Call*) -> (next: felt*) {
    alloc_locals;
    let payload = cast(syscall[3], felt*);
    local n_payload = cast(syscall[4], felt*) - payload;
    let cost = SEND_MESSAGE_GAS - SYSCALL_BASE_GAS + SEND_MESSAGE_PAYLOAD_GAS * n_payload;
    if (syscall[6] != 0) {
        assert_out_of_gas(answer=syscall + 5, gas=syscall[1], cost=cost);
        return (next=syscall + 9);
    }
    tempvar gas = syscall[1] - cost;
    assert [range_check_ptr] = gas;
    assert syscall[5] = gas;
    // An Ethereum address: `high * 2^128 + low` below 2^160. Bound by these range checks.
    %{ zkthreads.split_recipient(ids.range_check_ptr, ids.syscall) %}
    tempvar low = [range_check_ptr + 1];
    tempvar high = [range_check_ptr + 2];
    assert [range_check_ptr + 3] = high + 2 ** 128 - 2 ** 32;
    assert syscall[2] = high * 2 ** 128 + low;
    let range_check_ptr = range_check_ptr + 4;
    send_message(frame=frame, to_address=syscall[2], payload=payload, n_payload=n_payload);
    return (next=syscall + 7);
}

// Block number; hash. Returns where the next syscall is. The calling contract has been closed.
func serve_get_block_hash{range_check_ptr, contracts: DictAccess*}(syscall: felt*, frame: Call*) -> (
    next: felt*
) {
    alloc_locals;
    let (enough) = covers(gas=syscall[1], cost=GET_BLOCK_HASH_COST);
    if (enough == 0) {
        assert_failure(answer=syscall + 3, gas=syscall[1], error=OUT_OF_GAS);
        return (next=syscall + 7);
    }
    let gas = syscall[1] - GET_BLOCK_HASH_COST;
    let number = syscall[2];
    // The latest block whose hash can be had; below zero in the chain's first blocks.
    let latest = frame.context.sub_block.block_info.number - BLOCK_HASH_BUFFER;
    if (syscall[4] != 0) {
        // Starknet rejects a transaction that asks for a later one in `__validate__`.
        assert frame.context.is_validate = 0;
        assert [range_check_ptr] = number - latest - 1;
        let range_check_ptr = range_check_ptr + 1;
        assert_failure(answer=syscall + 3, gas=gas, error=BLOCK_NUMBER_OUT_OF_RANGE);
        return (next=syscall + 7);
    }
    assert [range_check_ptr] = number;
    assert [range_check_ptr + 1] = latest - number;
    let range_check_ptr = range_check_ptr + 2;
    assert syscall[3] = gas;
    read_foreign_cell(address=BLOCK_HASH_CONTRACT, key=number, value=syscall[5]);
    return (next=syscall + 6);
}

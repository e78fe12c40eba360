// Runs entry points and serves their syscalls.
//
// A contract runs with answers to its syscalls that hints wrote. When it has returned, the OS walks the requests it
// made, in order, and checks every answer; calls that it made run during this walk.

from starkware.cairo.common.cairo_builtins import PoseidonBuiltin
from starkware.cairo.common.dict_access import DictAccess
from starkware.cairo.common.registers import get_ap
from starkware.starknet.builtins.segment_arena.segment_arena import (
    SegmentArenaBuiltin,
    validate_segment_arena,
)
from thread_os.builtins import place_builtins, take_builtins
from thread_os.classes import find_class, find_entry_point
from thread_os.constants import (
    ARRAY_LENGTH_BOUND,
    BLOCK_HASH_BUFFER,
    BLOCK_HASH_CONTRACT,
    CALL_GAS,
    EXECUTE_SELECTOR,
)
from thread_os.events import emit_event, send_message
from thread_os.state import close_contract, open_contract, read_foreign_cell
from thread_os.types import Builtins, Call, Class, ContractState, Effects, EntryPoint, ExecutionInfo

// What an entry point takes behind its builtins.
struct Arguments {
    gas: felt,
    syscall_ptr: felt*,
    calldata_start: felt*,
    calldata_end: felt*,
}

// What an entry point returns behind its builtins.
struct Results {
    gas: felt,
    syscall_ptr: felt*,
    failure_flag: felt,
    retdata_start: felt*,
    retdata_end: felt*,
}

// Room on the stack for the frame of `place_builtins`.
const STACK_ROOM = 120;
// Cells between the reading of `ap` and the move to the arguments.
const STACK_GAP = 7;

// Runs the entry point of class `class_hash` that `call` selects, then serves its syscalls. The contract has been
// opened at `state`, and is closed on return.
func execute_call{
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(frame: Call*, class_hash: felt, state: ContractState*) -> (retdata_start: felt*, retdata_end: felt*) {
    alloc_locals;
    let (class) = find_class(frame.context.sub_block, class_hash);
    local class: Class* = class;
    let (entry_point) = find_entry_point(class, frame.info.selector);
    local entry_point: EntryPoint* = entry_point;
    local code: felt* = class.bytecode + entry_point.offset;

    // Calldata is a Sierra array.
    tempvar calldata_size = frame.calldata_end - frame.calldata_start;
    assert [range_check_ptr] = calldata_size;
    assert [range_check_ptr + 1] = calldata_size + 2 ** 128 - ARRAY_LENGTH_BOUND;
    // Cells for the check of the returned builtins.
    local cells: felt* = cast(range_check_ptr + 2, felt*);
    let range_check_ptr = range_check_ptr + 2 + entry_point.n_builtins;

    local syscall_ptr: felt*;
    local arena: SegmentArenaBuiltin*;
    // Fresh memory for syscalls and for the segment arena; tells the hint processor whose syscalls come. Nothing to
    // bind: syscalls are checked wherever they lie, and the arena's counters are asserted to be zero.
    %{ zkthreads.enter_call(ids.syscall_ptr, ids.arena, ids.frame) %}

    let (ap_before) = get_ap();
    local target: felt* = ap_before + STACK_ROOM;
    let (names_end, target_end) = place_builtins(
        names=entry_point.builtins,
        target=target,
        range_check_ptr=range_check_ptr,
        poseidon_ptr=poseidon_ptr,
        builtins=builtins,
        arena=arena,
    );
    assert names_end = entry_point.builtins + entry_point.n_builtins;
    local target_end: felt* = target_end;
    local range_check_before = range_check_ptr;
    local poseidon_before: PoseidonBuiltin* = poseidon_ptr;
    local builtins_before: Builtins* = builtins;
    let stack = ap;
    let (ap_now) = get_ap();
    // Move to the end of the builtin pointers, so that the arguments come right behind them.
    tempvar gap = target_end - ap_now - STACK_GAP;
    static_assert ap == stack + STACK_GAP;
    ap += gap;
    tempvar arguments = Arguments(
        gas=CALL_GAS,
        syscall_ptr=syscall_ptr,
        calldata_start=frame.calldata_start,
        calldata_end=frame.calldata_end,
    );
    call abs code;

    let (ap_returned) = get_ap();
    local results: Results* = cast(ap_returned - Results.SIZE, Results*);
    // Drops what the contract's own hints kept.
    %{ zkthreads.leave_code() %}
    // A panic cannot be proven.
    assert results.failure_flag = 0;
    let (taken_range_check, taken_poseidon, taken, arena_end) = take_builtins(
        names=entry_point.builtins,
        returned=cast(results, felt*) - entry_point.n_builtins,
        cells=cells,
        range_check_ptr=range_check_before,
        poseidon_ptr=poseidon_before,
        builtins=builtins_before,
        arena=arena,
    );
    let range_check_ptr = taken_range_check;
    let poseidon_ptr = taken_poseidon;
    let builtins = taken;
    if (arena_end != arena) {
        // The arena's list of segments is still the one it began with, and its segments are disjoint.
        let arena_last = arena_end - SegmentArenaBuiltin.SIZE;
        assert arena_last.infos = arena.infos;
        validate_segment_arena(arena_last);
    }

    serve_syscalls(
        syscall=syscall_ptr,
        end=results.syscall_ptr,
        frame=frame,
        state=state,
        storage=state.storage,
    );
    %{ zkthreads.leave_call() %}
    return (retdata_start=results.retdata_start, retdata_end=results.retdata_end);
}

// Checks the syscalls from `syscall` up to `end` that `call` made, and performs them. `state` is where the contract
// was opened, `storage` the end of its storage log.
func serve_syscalls{
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(syscall: felt*, end: felt*, frame: Call*, state: ContractState*, storage: DictAccess*) {
    if (syscall == end) {
        close_contract(state=state, storage=storage);
        return ();
    }
    tempvar selector = [syscall];
    // The gas left is as it was.
    tempvar gas = syscall[1];

    if (selector == 'StorageRead') {
        // Address domain, key; value.
        assert syscall[2] = 0;
        assert syscall[4] = gas;
        assert syscall[5] = 0;
        assert storage.key = syscall[3];
        tempvar value = syscall[6];
        assert storage.prev_value = value;
        assert storage.new_value = value;
        return serve_syscalls(syscall + 7, end, frame, state, storage + DictAccess.SIZE);
    }

    if (selector == 'StorageWrite') {
        // Address domain, key, value.
        assert syscall[2] = 0;
        assert syscall[5] = gas;
        assert syscall[6] = 0;
        assert storage.key = syscall[3];
        assert storage.new_value = syscall[4];
        // Writes `storage.prev_value`. Bound by the squash of the storage log: it is the cell's previous value, or,
        // in the cell's first access, the claim that the statement carries.
        %{ zkthreads.write_storage(ids.storage, ids.frame) %}
        return serve_syscalls(syscall + 7, end, frame, state, storage + DictAccess.SIZE);
    }

    if (selector == 'EmitEvent') {
        // Keys, data.
        assert syscall[6] = gas;
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
        // Address, selector, calldata; retdata.
        assert syscall[6] = gas;
        assert syscall[7] = 0;
        serve_call_contract(syscall, frame, state, storage);
        let (reopened) = open_contract(frame.info.contract_address);
        return serve_syscalls(syscall + 10, end, frame, reopened, reopened.storage);
    }

    if (selector == 'GetExecutionInfo') {
        assert syscall[2] = gas;
        assert syscall[3] = 0;
        assert syscall[4] = cast(frame, felt);
        return serve_syscalls(syscall + 5, end, frame, state, storage);
    }

    if (selector == 'LibraryCall') {
        // Class hash, selector, calldata; retdata.
        assert syscall[6] = gas;
        assert syscall[7] = 0;
        serve_library_call(syscall, frame, state, storage);
        let (reopened) = open_contract(frame.info.contract_address);
        return serve_syscalls(syscall + 10, end, frame, reopened, reopened.storage);
    }

    if (selector == 'GetClassHashAt') {
        // Address; class hash. Starknet forbids it in `__validate__`.
        assert frame.context.is_validate = 0;
        assert syscall[3] = gas;
        assert syscall[4] = 0;
        close_contract(state=state, storage=storage);
        let (other) = open_contract(syscall[2]);
        assert syscall[5] = other.class_hash;
        close_contract(state=other, storage=other.storage);
        let (reopened) = open_contract(frame.info.contract_address);
        return serve_syscalls(syscall + 6, end, frame, reopened, reopened.storage);
    }

    if (selector == 'GetBlockHash') {
        // Block number; hash.
        assert syscall[3] = gas;
        assert syscall[4] = 0;
        tempvar number = syscall[2];
        assert [range_check_ptr] = number;
        assert [range_check_ptr + 1] = frame.context.sub_block.block_info.number -
            BLOCK_HASH_BUFFER - number;
        let range_check_ptr = range_check_ptr + 2;
        close_contract(state=state, storage=storage);
        read_foreign_cell(address=BLOCK_HASH_CONTRACT, key=number, value=syscall[5]);
        let (reopened) = open_contract(frame.info.contract_address);
        return serve_syscalls(syscall + 6, end, frame, reopened, reopened.storage);
    }

    // No other syscall can be proven.
    assert selector = 'SendMessageToL1';
    // Recipient, payload.
    assert syscall[5] = gas;
    assert syscall[6] = 0;
    tempvar payload = cast(syscall[3], felt*);
    send_message(
        frame=frame,
        to_address=syscall[2],
        payload=payload,
        n_payload=cast(syscall[4], felt*) - payload,
    );
    return serve_syscalls(syscall + 7, end, frame, state, storage);
}

// Performs the `call_contract` at `syscall`. Closes the calling contract first.
func serve_call_contract{
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(syscall: felt*, frame: Call*, state: ContractState*, storage: DictAccess*) {
    alloc_locals;
    close_contract(state=state, storage=storage);
    tempvar address = syscall[2];
    tempvar selector = syscall[3];
    if (selector == EXECUTE_SELECTOR) {
        // Starknet refuses to call `__execute__`.
        assert 0 = 1;
    }
    if (frame.context.is_validate != 0) {
        // In `__validate__`, a contract calls none but itself.
        assert address = frame.info.contract_address;
    }
    let (callee_state) = open_contract(address);
    tempvar inner = new Call(
        info=ExecutionInfo(
            block_info=frame.info.block_info,
            tx_info=frame.info.tx_info,
            caller_address=frame.info.contract_address,
            contract_address=address,
            selector=selector,
        ),
        calldata_start=cast(syscall[4], felt*),
        calldata_end=cast(syscall[5], felt*),
        context=frame.context,
    );
    let (retdata_start, retdata_end) = execute_call(
        frame=inner, class_hash=callee_state.class_hash, state=callee_state
    );
    assert_retdata(syscall, retdata_start, retdata_end);
    return ();
}

// Performs the `library_call` at `syscall`. Closes the calling contract first.
func serve_library_call{
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(syscall: felt*, frame: Call*, state: ContractState*, storage: DictAccess*) {
    alloc_locals;
    close_contract(state=state, storage=storage);
    let (same_state) = open_contract(frame.info.contract_address);
    tempvar inner = new Call(
        info=ExecutionInfo(
            block_info=frame.info.block_info,
            tx_info=frame.info.tx_info,
            caller_address=frame.info.caller_address,
            contract_address=frame.info.contract_address,
            selector=syscall[3],
        ),
        calldata_start=cast(syscall[4], felt*),
        calldata_end=cast(syscall[5], felt*),
        context=frame.context,
    );
    let (retdata_start, retdata_end) = execute_call(
        frame=inner, class_hash=syscall[2], state=same_state
    );
    assert_retdata(syscall, retdata_start, retdata_end);
    return ();
}

// Asserts that a caller saw what its callee returned.
func assert_retdata(syscall: felt*, retdata_start: felt*, retdata_end: felt*) {
    tempvar size = retdata_end - retdata_start;
    tempvar seen = cast(syscall[8], felt*);
    assert cast(syscall[9], felt*) - seen = size;
    return assert_equal_felts(seen, retdata_start, size);
}

func assert_equal_felts(a: felt*, b: felt*, size: felt) {
    if (size == 0) {
        return ();
    }
    assert [a] = [b];
    return assert_equal_felts(a + 1, b + 1, size - 1);
}

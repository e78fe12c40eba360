// Runs entry points.
//
// A contract runs with answers to its syscalls that hints wrote. When it has returned, `serve_syscalls` walks the
// requests it made, in order, and checks every answer; calls that it made run during this walk.

from starkware.cairo.common.alloc import alloc
from starkware.cairo.common.cairo_builtins import PoseidonBuiltin
from starkware.cairo.common.dict_access import DictAccess
from starkware.cairo.common.registers import get_ap
from starkware.starknet.builtins.segment_arena.segment_arena import (
    SegmentArenaBuiltin,
    validate_segment_arena,
)
from thread_os.answers import check_answers
from thread_os.blake import assert_word
from thread_os.builtins import place_builtins, take_builtins
from thread_os.classes import find_entry_point
from thread_os.constants import (
    ARRAY_LENGTH_BOUND,
    CALL_GAS_STEPS,
    ENTRY_POINT_GAS,
    ENTRY_POINT_NOT_FOUND,
    FAULTY_CLASS_HASH,
    OUT_OF_GAS,
)
from thread_os.events import discarded_effects
from thread_os.gas import covers
from thread_os.shown_info import shown_info
from thread_os.state import close_contract, undo
from thread_os.types import (
    Builtins,
    Call,
    Class,
    Context,
    ContractState,
    Effects,
    EntryPoint,
    ExecutionInfo,
)

// How a call ends. One that has failed is undone, and its caller learns of it.
const SUCCEEDED = 0;
const FAILED = 1;
// The whole phase fails, whatever callers would make of it; the phase undoes it.
const ABORTED = 2;

// A call to be made. `state` is where its contract has been opened; the call closes it.
struct CallRequest {
    info: ExecutionInfo*,
    class: Class*,
    n_entry_points: felt,
    entry_points: EntryPoint*,
    calldata_start: felt*,
    calldata_end: felt*,
    // What the caller has to spend, and whether it counts Sierra gas.
    gas: felt,
    gas_metered: felt,
    depth_left: felt,
    context: Context*,
    state: ContractState*,
}

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

// Makes a call: runs an entry point, then serves its syscalls. `spent` is the gas it costs the caller.
func execute_call{
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(request: CallRequest*) -> (status: felt, spent: felt, retdata_start: felt*, retdata_end: felt*) {
    alloc_locals;
    // The hints' recording of this call is the next. Supplies nothing.
    %{ zkthreads.enter_call() %}
    local class: Class* = request.class;
    if (request.info.tx_info.version == 0) {
        assert_not_faulty(class.class_hash);
    }
    let (entry_point) = find_entry_point(
        request.entry_points, request.n_entry_points, request.info.selector
    );
    local entry_point: EntryPoint* = entry_point;
    if (cast(entry_point, felt) == 0) {
        return refuse_call(request, ENTRY_POINT_NOT_FOUND);
    }

    // A call counts Sierra gas if its class and its caller do.
    local gas_metered = request.gas_metered * class.gas_metered;
    local gas;
    if (gas_metered != 0) {
        let (enough) = covers(gas=request.gas, cost=ENTRY_POINT_GAS);
        if (enough == 0) {
            return refuse_call(request, OUT_OF_GAS);
        }
        assert gas = request.gas;
        tempvar range_check_ptr = range_check_ptr;
    } else {
        assert gas = CALL_GAS_STEPS;
        tempvar range_check_ptr = range_check_ptr;
    }

    local code: felt* = class.bytecode + entry_point.offset;
    let (shown) = shown_info(request.info, class.shown);
    local shown: ExecutionInfo* = shown;
    local frame: Call* = new Call(
        info=request.info,
        shown=shown,
        gas_metered=gas_metered,
        depth_left=request.depth_left,
        context=request.context,
        serve_syscalls=request.context.sub_block.serve_syscalls,
    );
    local syscall_ptr: felt*;
    local arena: SegmentArenaBuiltin*;
    // A rehearsal, which finds out what the syscalls will be and is never proven, runs with a zero here.
    answers_are_known:
    // Memory for syscalls, with the selectors and the answers; memory for the segment arena; tells the hint processor
    // whose syscalls come. Bound by `check_answers` and `serve_syscalls`; the arena's counters are asserted to be zero.
    %{ zkthreads.enter_code(ids.syscall_ptr, ids.arena, ids.frame) %}
    tempvar are_known = 1;
    if (are_known != 0) {
        check_answers(syscall_ptr, shown);
        tempvar range_check_ptr = range_check_ptr;
    } else {
        tempvar range_check_ptr = range_check_ptr;
    }

    // Calldata is a Sierra array.
    tempvar calldata_size = request.calldata_end - request.calldata_start;
    assert [range_check_ptr] = calldata_size;
    assert [range_check_ptr + 1] = calldata_size + 2 ** 128 - ARRAY_LENGTH_BOUND;
    // Cells for the check of the returned builtins.
    local cells: felt* = cast(range_check_ptr + 2, felt*);
    let range_check_ptr = range_check_ptr + 2 + entry_point.n_builtins;

    // What led to `code` was range-checked: those cells count. From here on a class's own code runs.
    assert_word(request.context.sub_block.range_check_end - range_check_ptr);

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
        gas=gas - ENTRY_POINT_GAS,
        syscall_ptr=syscall_ptr,
        calldata_start=request.calldata_start,
        calldata_end=request.calldata_end,
    );
    call abs code;

    let (ap_returned) = get_ap();
    local results: Results* = cast(ap_returned - Results.SIZE, Results*);
    // Drops what the contract's own hints kept.
    %{ zkthreads.leave_code() %}
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

    // The entry before the log's end opened the contract.
    local effects_before: Effects* = effects;
    local start: DictAccess* = contracts;
    if (results.failure_flag == 0) {
        let (aborted) = jump_to_serve_syscalls(
            syscall=syscall_ptr,
            end=results.syscall_ptr,
            frame=frame,
            state=request.state,
            storage=request.state.storage,
        );
        %{ zkthreads.leave_call() %}
        return (
            status=aborted * ABORTED,
            spent=gas_metered * (gas - results.gas),
            retdata_start=results.retdata_start,
            retdata_end=results.retdata_end,
        );
    }

    assert results.failure_flag = 1;
    let (effects) = discarded_effects(effects);
    let (aborted) = jump_to_serve_syscalls(
        syscall=syscall_ptr,
        end=results.syscall_ptr,
        frame=frame,
        state=request.state,
        storage=request.state.storage,
    );
    let effects = effects_before;
    %{ zkthreads.leave_call() %}
    if (aborted != 0) {
        return (status=ABORTED, spent=0, retdata_start=results.retdata_start, retdata_end=results.retdata_end);
    }
    undo(start=start, end=contracts);
    return (
        status=FAILED,
        spent=gas_metered * (gas - results.gas),
        retdata_start=results.retdata_start,
        retdata_end=results.retdata_end,
    );
}

// `serve_syscalls` of syscalls.cairo, with its signature.
func jump_to_serve_syscalls{
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(syscall: felt*, end: felt*, frame: Call*, state: ContractState*, storage: DictAccess*) -> (
    aborted: felt
) {
    jmp abs frame.serve_syscalls;
}

// Ends a call that fails before any code runs, at no cost.
func refuse_call{
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(request: CallRequest*, error: felt) -> (
    status: felt, spent: felt, retdata_start: felt*, retdata_end: felt*
) {
    alloc_locals;
    %{ zkthreads.leave_call() %}
    close_contract(state=request.state, storage=request.state.storage);
    let (local retdata: felt*) = alloc();
    assert retdata[0] = error;
    return (status=FAILED, spent=0, retdata_start=retdata, retdata_end=retdata + 1);
}

// Starknet refuses one class in transactions of version 0, which `meta_tx_v0` makes.
func assert_not_faulty(class_hash: felt) {
    if (class_hash == FAULTY_CLASS_HASH) {
        assert 0 = 1;
    }
    return ();
}

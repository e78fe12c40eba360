// The syscalls that run other code: call_contract, library_call, meta_tx_v0. Each returns whether the phase is
// aborted; if not, the calling contract, which the caller of these functions has closed, may be opened again.

from starkware.cairo.common.cairo_builtins import HashBuiltin, PoseidonBuiltin
from starkware.cairo.common.dict_access import DictAccess
from thread_os.classes import find_class
from thread_os.constants import (
    ARRAY_LENGTH_BOUND,
    CALL_CONTRACT_GAS,
    ENTRY_POINT_FAILED,
    EXECUTE_SELECTOR,
    INVALID_ARGUMENT,
    LIBRARY_CALL_GAS,
    META_TX_CALLDATA_GAS,
    META_TX_GAS,
    OUT_OF_GAS,
    SYSCALL_BASE_GAS,
)
from thread_os.execution import ABORTED, CallRequest, execute_call
from thread_os.gas import assert_failure, covers
from thread_os.meta_transaction import meta_transaction_hash
from thread_os.state import close_contract, open_contract
from thread_os.types import Builtins, Call, Class, Effects, ExecutionInfo, ResourceBounds, TxInfo

// What is left to pay when a contract makes a syscall.
const CALL_CONTRACT_COST = CALL_CONTRACT_GAS - SYSCALL_BASE_GAS;
const LIBRARY_CALL_COST = LIBRARY_CALL_GAS - SYSCALL_BASE_GAS;

// Address, selector, calldata; retdata.
func serve_call_contract{
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(syscall: felt*, frame: Call*) -> (aborted: felt) {
    alloc_locals;
    let answer = syscall + 6;
    let (enough) = covers(gas=syscall[1], cost=CALL_CONTRACT_COST);
    if (enough == 0) {
        assert_failure(answer=answer, gas=syscall[1], error=OUT_OF_GAS);
        return (aborted=0);
    }
    if (frame.context.is_validate != 0) {
        // In `__validate__`, a contract calls none but itself.
        assert syscall[2] = frame.info.contract_address;
    }
    if (syscall[3] == EXECUTE_SELECTOR) {
        assert_failure(answer=answer, gas=syscall[1] - CALL_CONTRACT_COST, error=INVALID_ARGUMENT);
        return (aborted=0);
    }
    tempvar info = new ExecutionInfo(
        block_info=frame.info.block_info,
        tx_info=frame.info.tx_info,
        caller_address=frame.info.contract_address,
        contract_address=syscall[2],
        selector=syscall[3],
    );
    return call_contract(
        answer=answer,
        gas=syscall[1] - CALL_CONTRACT_COST,
        info=info,
        calldata_start=cast(syscall[4], felt*),
        calldata_end=cast(syscall[5], felt*),
        frame=frame,
    );
}

// Class hash, selector, calldata; retdata.
func serve_library_call{
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(syscall: felt*, frame: Call*) -> (aborted: felt) {
    alloc_locals;
    let answer = syscall + 6;
    let (enough) = covers(gas=syscall[1], cost=LIBRARY_CALL_COST);
    if (enough == 0) {
        assert_failure(answer=answer, gas=syscall[1], error=OUT_OF_GAS);
        return (aborted=0);
    }
    tempvar info = new ExecutionInfo(
        block_info=frame.info.block_info,
        tx_info=frame.info.tx_info,
        caller_address=frame.info.caller_address,
        contract_address=frame.info.contract_address,
        selector=syscall[3],
    );
    return call_class(
        answer=answer,
        gas=syscall[1] - LIBRARY_CALL_COST,
        info=info,
        class_hash=syscall[2],
        calldata_start=cast(syscall[4], felt*),
        calldata_end=cast(syscall[5], felt*),
        frame=frame,
    );
}

// Address, selector, calldata, signature; retdata. Calls `__execute__` of an account as a transaction of version 0.
func serve_meta_tx{
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(syscall: felt*, frame: Call*) -> (aborted: felt) {
    alloc_locals;
    let answer = syscall + 8;
    local calldata_start: felt* = cast(syscall[4], felt*);
    local calldata_end: felt* = cast(syscall[5], felt*);
    local cost = META_TX_GAS - SYSCALL_BASE_GAS + META_TX_CALLDATA_GAS * (calldata_end - calldata_start);
    let (enough) = covers(gas=syscall[1], cost=cost);
    if (enough == 0) {
        assert_failure(answer=answer, gas=syscall[1], error=OUT_OF_GAS);
        return (aborted=0);
    }
    // Starknet forbids it in `__validate__`.
    assert frame.context.is_validate = 0;
    if (syscall[3] != EXECUTE_SELECTOR) {
        assert_failure(answer=answer, gas=syscall[1] - cost, error=INVALID_ARGUMENT);
        return (aborted=0);
    }

    // The signature is a Sierra array.
    tempvar signature_size = syscall[7] - syscall[6];
    assert [range_check_ptr] = signature_size;
    assert [range_check_ptr + 1] = signature_size + 2 ** 128 - ARRAY_LENGTH_BOUND;
    let range_check_ptr = range_check_ptr + 2;
    let pedersen_ptr = cast(builtins.pedersen, HashBuiltin*);
    let (hash) = meta_transaction_hash{pedersen_ptr=pedersen_ptr}(
        address=syscall[2],
        selector=syscall[3],
        calldata_start=calldata_start,
        calldata_end=calldata_end,
        chain_id=frame.context.sub_block.chain_id,
    );
    let (builtins) = with_pedersen(builtins, cast(pedersen_ptr, felt*));

    tempvar no_felts = cast(0, felt*);
    tempvar no_bounds = cast(0, ResourceBounds*);
    tempvar tx_info = new TxInfo(
        version=0,
        sender=syscall[2],
        max_fee=0,
        signature_start=cast(syscall[6], felt*),
        signature_end=cast(syscall[7], felt*),
        hash=hash,
        chain_id=frame.context.sub_block.chain_id,
        nonce=0,
        bounds_start=no_bounds,
        bounds_end=no_bounds,
        tip=0,
        paymaster_data_start=no_felts,
        paymaster_data_end=no_felts,
        nonce_mode=0,
        fee_mode=0,
        account_deployment_data_start=no_felts,
        account_deployment_data_end=no_felts,
        proof_facts_start=no_felts,
        proof_facts_end=no_felts,
    );
    tempvar info = new ExecutionInfo(
        block_info=frame.info.block_info,
        tx_info=tx_info,
        caller_address=0,
        contract_address=syscall[2],
        selector=EXECUTE_SELECTOR,
    );
    return call_contract(
        answer=answer,
        gas=syscall[1] - cost,
        info=info,
        calldata_start=calldata_start,
        calldata_end=calldata_end,
        frame=frame,
    );
}

// The builtins with another Pedersen pointer.
func with_pedersen(builtins: Builtins*, pedersen: felt*) -> (builtins: Builtins*) {
    tempvar changed = new Builtins(
        pedersen=pedersen,
        bitwise=builtins.bitwise,
        ec_op=builtins.ec_op,
        range_check96=builtins.range_check96,
        add_mod=builtins.add_mod,
        mul_mod=builtins.mul_mod,
        keccak=builtins.keccak,
        sha256=builtins.sha256,
    );
    return (builtins=changed);
}

// Calls an external entry point of the contract at `info.contract_address`, and checks the caller's answer. The phase
// is aborted if there is no contract.
func call_contract{
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(
    answer: felt*,
    gas: felt,
    info: ExecutionInfo*,
    calldata_start: felt*,
    calldata_end: felt*,
    frame: Call*,
) -> (aborted: felt) {
    alloc_locals;
    let (state) = open_contract(info.contract_address);
    local class_hash = state.class_hash;
    close_contract(state=state, storage=state.storage);
    if (class_hash == 0) {
        return (aborted=1);
    }
    return call_class(answer, gas, info, class_hash, calldata_start, calldata_end, frame);
}

// Calls an external entry point of a class on the storage of `info.contract_address`, and checks the caller's answer.
func call_class{
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(
    answer: felt*,
    gas: felt,
    info: ExecutionInfo*,
    class_hash: felt,
    calldata_start: felt*,
    calldata_end: felt*,
    frame: Call*,
) -> (aborted: felt) {
    alloc_locals;
    let (class: Class*) = find_class(frame.context.sub_block, class_hash);
    let (state) = open_contract(info.contract_address);
    let (depth_left) = one_deeper(frame.depth_left);
    tempvar request = new CallRequest(
        info=info,
        class=class,
        n_entry_points=class.n_external,
        entry_points=class.external,
        calldata_start=calldata_start,
        calldata_end=calldata_end,
        gas=gas,
        gas_metered=frame.gas_metered,
        depth_left=depth_left,
        context=frame.context,
        state=state,
    );
    let (status, spent, retdata_start, retdata_end) = execute_call(request);
    if (status == ABORTED) {
        return (aborted=1);
    }
    // What the caller was told: the gas left, whether the call failed, its return data, and a word behind those of a
    // failure.
    assert answer[0] = gas - spent;
    assert answer[1] = status;
    tempvar size = retdata_end - retdata_start;
    tempvar seen = cast(answer[2], felt*);
    assert cast(answer[3], felt*) - seen = size + status;
    if (status != 0) {
        assert seen[size] = ENTRY_POINT_FAILED;
    }
    assert_equal_felts(seen, retdata_start, size);
    return (aborted=0);
}

// How many calls may be nested in a call that a call with `depth_left` makes. Calls nested too deeply cannot be
// proven.
func one_deeper(depth_left: felt) -> (depth_left: felt) {
    if (depth_left == 0) {
        assert 0 = 1;
    }
    return (depth_left=depth_left - 1);
}

func assert_equal_felts(a: felt*, b: felt*, size: felt) {
    if (size == 0) {
        return ();
    }
    assert [a] = [b];
    return assert_equal_felts(a + 1, b + 1, size - 1);
}

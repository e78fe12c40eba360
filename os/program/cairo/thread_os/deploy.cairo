// The syscalls that change a contract's class.

from starkware.cairo.common.cairo_builtins import HashBuiltin, PoseidonBuiltin
from starkware.cairo.common.dict_access import DictAccess
from thread_os.calls import assert_equal_felts, one_deeper, with_pedersen
from thread_os.classes import find_class
from thread_os.constants import (
    CONSTRUCTOR_SELECTOR,
    DEPLOY_CALLDATA_GAS,
    DEPLOY_GAS,
    OUT_OF_GAS,
    SYSCALL_BASE_GAS,
)
from thread_os.contract_address import contract_address
from thread_os.execution import CallRequest, SUCCEEDED, execute_call
from thread_os.gas import assert_failure, covers
from thread_os.state import close_contract, close_contract_as, open_contract
from thread_os.types import Builtins, Call, Class, ContractState, Effects, ExecutionInfo

// Class hash, salt, calldata, whether the address does not depend on the deployer; address, retdata. Returns where
// the next syscall is. The calling contract has been closed. A constructor that fails, or an address that is taken,
// aborts the phase.
func serve_deploy{
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(syscall: felt*, frame: Call*) -> (aborted: felt, next: felt*) {
    alloc_locals;
    local calldata_start: felt* = cast(syscall[4], felt*);
    local calldata_end: felt* = cast(syscall[5], felt*);
    local cost = DEPLOY_GAS - SYSCALL_BASE_GAS + DEPLOY_CALLDATA_GAS * (calldata_end - calldata_start);
    let (enough) = covers(gas=syscall[1], cost=cost);
    if (enough == 0) {
        assert_failure(answer=syscall + 7, gas=syscall[1], error=OUT_OF_GAS);
        return (aborted=0, next=syscall + 11);
    }
    // Starknet forbids it in `__validate__`.
    assert frame.context.is_validate = 0;

    tempvar from_zero = syscall[6];
    assert from_zero * from_zero = from_zero;
    let pedersen_ptr = cast(builtins.pedersen, HashBuiltin*);
    let (local address) = contract_address{pedersen_ptr=pedersen_ptr}(
        salt=syscall[3],
        class_hash=syscall[2],
        calldata_start=calldata_start,
        calldata_end=calldata_end,
        deployer=(1 - from_zero) * frame.info.contract_address,
    );
    let (builtins) = with_pedersen(builtins, cast(pedersen_ptr, felt*));

    let (class: Class*) = find_class(frame.context.sub_block, syscall[2]);
    local class: Class* = class;
    let (state) = open_contract(address);
    if (state.class_hash != 0) {
        close_contract(state=state, storage=state.storage);
        return (aborted=1, next=syscall);
    }
    close_contract_as(class_hash=class.class_hash, storage=state.storage, nonce=state.nonce);

    local answer: felt* = syscall + 7;
    if (class.n_constructors == 0) {
        assert calldata_end = calldata_start;
        // The recording has a call for it. Supplies nothing.
        %{ zkthreads.skip_call() %}
        assert answer[0] = syscall[1] - cost;
        assert answer[1] = 0;
        assert answer[2] = address;
        assert answer[4] = answer[3];
        return (aborted=0, next=syscall + 12);
    }

    let (deployed: ContractState*) = open_contract(address);
    let (depth_left) = one_deeper(frame.depth_left);
    tempvar info = new ExecutionInfo(
        block_info=frame.info.block_info,
        tx_info=frame.info.tx_info,
        caller_address=frame.info.contract_address,
        contract_address=address,
        selector=CONSTRUCTOR_SELECTOR,
    );
    tempvar request = new CallRequest(
        info=info,
        class=class,
        n_entry_points=class.n_constructors,
        entry_points=class.constructors,
        calldata_start=calldata_start,
        calldata_end=calldata_end,
        gas=syscall[1] - cost,
        gas_metered=frame.gas_metered,
        depth_left=depth_left,
        context=frame.context,
        state=deployed,
    );
    let (status, spent, retdata_start, retdata_end) = execute_call(request);
    if (status != SUCCEEDED) {
        return (aborted=1, next=syscall);
    }
    assert answer[0] = syscall[1] - cost - spent;
    assert answer[1] = 0;
    assert answer[2] = address;
    tempvar size = retdata_end - retdata_start;
    tempvar seen = cast(answer[3], felt*);
    assert cast(answer[4], felt*) - seen = size;
    assert_equal_felts(seen, retdata_start, size);
    return (aborted=0, next=syscall + 12);
}

// Gives the contract that has been opened at `state` the class `class_hash`, which must be one of the sub-block's: so
// the chain knows it as declared.
func replace_class{range_check_ptr, contracts: DictAccess*}(
    class_hash: felt, frame: Call*, state: ContractState*, storage: DictAccess*
) {
    find_class(frame.context.sub_block, class_hash);
    close_contract_as(class_hash=class_hash, storage=storage, nonce=state.nonce);
    return ();
}

// Runs the inner transactions.

from starkware.cairo.common.cairo_builtins import PoseidonBuiltin
from starkware.cairo.common.dict_access import DictAccess
from thread_os.classes import find_class
from thread_os.constants import (
    EXECUTE_MAX_GAS,
    EXECUTE_SELECTOR,
    MAX_DEPTH,
    VALID,
    VALIDATE_MAX_GAS,
    VALIDATE_SELECTOR,
)
from thread_os.events import discarded_effects
from thread_os.execution import ABORTED, CallRequest, SUCCEEDED, execute_call
from thread_os.gas import minimum
from thread_os.state import consume_nonce, open_contract, undo
from thread_os.transaction_hash import invoke_hash
from thread_os.types import (
    BlockInfo,
    Builtins,
    Class,
    Context,
    Effects,
    ExecutionInfo,
    ResourceBounds,
    SubBlock,
    TxInfo,
)

// An INVOKE v3 as the prover supplies it.
struct Invoke {
    // Every field is bound by the transaction's hash, which the statement carries, or asserted in `run_transaction`.
    info: TxInfo,
    calldata_size: felt,
    calldata: felt*,
}

// Runs the inner transactions `index` and following, up to `count`, and outputs for each its hash and whether it was
// reverted.
func run_transactions{
    output_ptr: felt*,
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(sub_block: SubBlock*, index: felt, count: felt) {
    if (index == count) {
        return ();
    }
    run_transaction(sub_block, index);
    return run_transactions(sub_block, index + 1, count);
}

func run_transaction{
    output_ptr: felt*,
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(sub_block: SubBlock*, index: felt) {
    alloc_locals;
    local invoke: Invoke*;
    // Lays out the next transaction. Bound by the assertions below and by its hash, which is output. The signature is
    // bound by `__validate__` only, as on the chain.
    %{ zkthreads.load_transaction(ids.invoke) %}
    local info: TxInfo* = &invoke.info;
    assert info.version = 3;
    assert info.max_fee = 0;
    assert info.chain_id = sub_block.chain_id;
    assert info.bounds_end = info.bounds_start + 3 * ResourceBounds.SIZE;
    assert info.proof_facts_start = cast(0, felt*);
    assert info.proof_facts_end = cast(0, felt*);

    let (hash) = invoke_hash(info, invoke.calldata, invoke.calldata_size);
    assert info.hash = hash;
    assert output_ptr[0] = hash;
    local reverted;
    // Bound by the comparison with how `__execute__` ends, below.
    %{ zkthreads.is_reverted(ids.reverted) %}
    assert output_ptr[1] = reverted;
    let output_ptr = output_ptr + 2;
    consume_nonce(sender=info.sender, nonce=info.nonce);

    let l2_gas = info.bounds_start + ResourceBounds.SIZE;
    local gas = l2_gas.max_amount;
    let (validate_gas) = minimum(gas, VALIDATE_MAX_GAS);
    %{ zkthreads.enter_validate() %}
    let (status, spent, valid_start, valid_end) = run_phase(
        invoke,
        sub_block.validate_block_info,
        VALIDATE_SELECTOR,
        validate_gas,
        new Context(sub_block=sub_block, index=index, hash=hash, is_validate=1),
    );
    assert status = SUCCEEDED;
    assert valid_end = valid_start + 1;
    assert [valid_start] = VALID;

    let (execute_gas) = minimum(gas - spent, EXECUTE_MAX_GAS);
    local effects_before: Effects* = effects;
    local start: DictAccess* = contracts;
    if (reverted != 0) {
        let (discarded) = discarded_effects(effects);
        tempvar effects = discarded;
    } else {
        tempvar effects = effects_before;
    }
    %{ zkthreads.enter_execute() %}
    let (status, _, _, _) = run_phase(
        invoke,
        sub_block.block_info,
        EXECUTE_SELECTOR,
        execute_gas,
        new Context(sub_block=sub_block, index=index, hash=info.hash, is_validate=0),
    );
    if (status == SUCCEEDED) {
        assert reverted = 0;
        return ();
    }
    assert reverted = 1;
    let effects = effects_before;
    if (status == ABORTED) {
        undo(start=start, end=contracts);
        return ();
    }
    return ();
}

// Calls `__validate__` or `__execute__` of the sender.
func run_phase{
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(invoke: Invoke*, block_info: BlockInfo*, selector: felt, gas: felt, context: Context*) -> (
    status: felt, spent: felt, retdata_start: felt*, retdata_end: felt*
) {
    alloc_locals;
    // Events are counted from zero in each phase.
    tempvar effects = new Effects(
        events=effects.events, messages=effects.messages, n_messages=effects.n_messages, n_events=0
    );
    let (state) = open_contract(invoke.info.sender);
    let (class: Class*) = find_class(context.sub_block, state.class_hash);
    tempvar info = new ExecutionInfo(
        block_info=block_info,
        tx_info=&invoke.info,
        caller_address=0,
        contract_address=invoke.info.sender,
        selector=selector,
    );
    tempvar request = new CallRequest(
        info=info,
        class=class,
        n_entry_points=class.n_external,
        entry_points=class.external,
        calldata_start=invoke.calldata,
        calldata_end=invoke.calldata + invoke.calldata_size,
        gas=gas,
        gas_metered=1,
        depth_left=MAX_DEPTH,
        context=context,
        state=state,
    );
    return execute_call(request);
}

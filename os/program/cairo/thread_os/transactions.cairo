// Runs the inner transactions.

from starkware.cairo.common.cairo_builtins import PoseidonBuiltin
from starkware.cairo.common.dict_access import DictAccess
from thread_os.constants import EXECUTE_SELECTOR, VALID, VALIDATE_SELECTOR
from thread_os.execution import execute_call
from thread_os.state import consume_nonce, open_contract
from thread_os.transaction_hash import invoke_hash
from thread_os.types import (
    BlockInfo,
    Builtins,
    Call,
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

// Runs the inner transactions `index` and following, up to `count`, and outputs their hashes.
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
    assert info.paymaster_data_start = 0;
    assert info.paymaster_data_end = 0;
    assert info.account_deployment_data_start = 0;
    assert info.account_deployment_data_end = 0;
    assert info.proof_facts_start = 0;
    assert info.proof_facts_end = 0;
    // The signature is a Sierra array.
    tempvar signature_size = info.signature_end - info.signature_start;
    assert [range_check_ptr] = signature_size;
    assert [range_check_ptr + 1] = signature_size + 2 ** 128 - 2 ** 32;
    let range_check_ptr = range_check_ptr + 2;

    let (hash) = invoke_hash(info, invoke.calldata, invoke.calldata_size);
    assert info.hash = hash;
    assert [output_ptr] = hash;
    let output_ptr = output_ptr + 1;
    consume_nonce(sender=info.sender, nonce=info.nonce);

    %{ zkthreads.enter_validate() %}
    let (valid_start, valid_end) = run_phase(
        invoke,
        sub_block.validate_block_info,
        VALIDATE_SELECTOR,
        new Context(sub_block=sub_block, index=index, hash=hash, is_validate=1),
    );
    assert valid_end = valid_start + 1;
    assert [valid_start] = VALID;

    %{ zkthreads.enter_execute() %}
    run_phase(
        invoke,
        sub_block.block_info,
        EXECUTE_SELECTOR,
        new Context(sub_block=sub_block, index=index, hash=info.hash, is_validate=0),
    );
    return ();
}

// Calls `__validate__` or `__execute__` of the sender.
func run_phase{
    range_check_ptr,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    contracts: DictAccess*,
    effects: Effects*,
}(invoke: Invoke*, block_info: BlockInfo*, selector: felt, context: Context*) -> (
    retdata_start: felt*, retdata_end: felt*
) {
    alloc_locals;
    let (state) = open_contract(invoke.info.sender);
    tempvar frame = new Call(
        info=ExecutionInfo(
            block_info=block_info,
            tx_info=&invoke.info,
            caller_address=0,
            contract_address=invoke.info.sender,
            selector=selector,
        ),
        calldata_start=invoke.calldata,
        calldata_end=invoke.calldata + invoke.calldata_size,
        context=context,
    );
    return execute_call(frame=frame, class_hash=state.class_hash, state=state);
}

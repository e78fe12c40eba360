// What `get_execution_info` shows to classes that Starknet treats specially.

from starkware.cairo.common.math_cmp import is_le
from thread_os.types import ExecutionInfo, ResourceBounds, TxInfo

// How a class sees a transaction of version 3: as it is; as one of version 1, unless its tip is high; without its
// bounds of L1 data gas.
const SHOWN_AS_IT_IS = 0;
const SHOWN_AS_VERSION_1 = 1;
const SHOWN_WITHOUT_DATA_GAS = 2;

// The highest tip of a transaction that is shown as one of version 1.
const VERSION_1_MAX_TIP = 0x746a5288000;

// The execution info `info` as a class sees it, whose `Class.shown` is given.
func shown_info{range_check_ptr}(info: ExecutionInfo*, shown: felt) -> (shown_info: ExecutionInfo*) {
    if (shown == SHOWN_AS_IT_IS) {
        return (shown_info=info);
    }
    let tx_info = info.tx_info;
    if (tx_info.version != 3) {
        return (shown_info=info);
    }
    if (shown == SHOWN_WITHOUT_DATA_GAS) {
        let two_bounds_end = tx_info.bounds_start + 2 * ResourceBounds.SIZE;
        return altered_info(info, version=3, bounds_end=two_bounds_end);
    }
    assert shown = SHOWN_AS_VERSION_1;
    // The tip of version 3 is a u64.
    let is_low = is_le(tx_info.tip, VERSION_1_MAX_TIP);
    if (is_low == 0) {
        return (shown_info=info);
    }
    return altered_info(info, version=1, bounds_end=info.tx_info.bounds_end);
}

// A copy of `info` with another version and another end of the resource bounds.
func altered_info{range_check_ptr}(
    info: ExecutionInfo*, version: felt, bounds_end: ResourceBounds*
) -> (shown_info: ExecutionInfo*) {
    tempvar tx_info = info.tx_info;
    tempvar altered = new TxInfo(
        version=version,
        sender=tx_info.sender,
        max_fee=tx_info.max_fee,
        signature_start=tx_info.signature_start,
        signature_end=tx_info.signature_end,
        hash=tx_info.hash,
        chain_id=tx_info.chain_id,
        nonce=tx_info.nonce,
        bounds_start=tx_info.bounds_start,
        bounds_end=bounds_end,
        tip=tx_info.tip,
        paymaster_data_start=tx_info.paymaster_data_start,
        paymaster_data_end=tx_info.paymaster_data_end,
        nonce_mode=tx_info.nonce_mode,
        fee_mode=tx_info.fee_mode,
        account_deployment_data_start=tx_info.account_deployment_data_start,
        account_deployment_data_end=tx_info.account_deployment_data_end,
        proof_facts_start=tx_info.proof_facts_start,
        proof_facts_end=tx_info.proof_facts_end,
    );
    tempvar shown_info = new ExecutionInfo(
        block_info=info.block_info,
        tx_info=altered,
        caller_address=info.caller_address,
        contract_address=info.contract_address,
        selector=info.selector,
    );
    return (shown_info=shown_info);
}

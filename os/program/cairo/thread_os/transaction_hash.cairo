// The hash of an INVOKE v3, by Starknet's rule. Every field has one reading only: what a hash covers as one felt is
// range-checked, so that no two transactions share a hash.

from starkware.cairo.common.builtin_poseidon.poseidon import poseidon_hash_many
from starkware.cairo.common.cairo_builtins import PoseidonBuiltin
from thread_os.constants import ARRAY_LENGTH_BOUND
from thread_os.types import ResourceBounds, TxInfo

// Poseidon of no felts.
const EMPTY_HASH = 0x2272be0f580fd156823304800919530eaa97430e972d7213ee13f4fbf7a5dbc;

struct FeePreimage {
    tip: felt,
    l1_gas: felt,
    l2_gas: felt,
    l1_data_gas: felt,
}

struct InvokePreimage {
    prefix: felt,
    version: felt,
    sender: felt,
    fee_hash: felt,
    paymaster_data_hash: felt,
    chain_id: felt,
    nonce: felt,
    data_availability_modes: felt,
    account_deployment_data_hash: felt,
    calldata_hash: felt,
}

// Hash of the transaction whose fields are `info` (all but `info.hash`) and whose calldata is given. It has three
// resource bounds and no proof facts.
func invoke_hash{range_check_ptr, poseidon_ptr: PoseidonBuiltin*}(
    info: TxInfo*, calldata: felt*, calldata_size: felt
) -> (hash: felt) {
    alloc_locals;
    local paymaster_data_size = info.paymaster_data_end - info.paymaster_data_start;
    local account_deployment_data_size = info.account_deployment_data_end -
        info.account_deployment_data_start;
    // Sierra arrays all: together they are shorter than the bound of one. A sum of four cells does not wrap.
    tempvar signature_size = info.signature_end - info.signature_start;
    assert [range_check_ptr] = signature_size;
    assert [range_check_ptr + 1] = calldata_size;
    assert [range_check_ptr + 2] = paymaster_data_size;
    assert [range_check_ptr + 3] = account_deployment_data_size;
    tempvar total_size = signature_size + calldata_size + paymaster_data_size +
        account_deployment_data_size;
    assert [range_check_ptr + 4] = total_size + 2 ** 128 - ARRAY_LENGTH_BOUND;
    let range_check_ptr = range_check_ptr + 5;

    // Data availability modes are 0 (L1) or 1 (L2).
    assert info.nonce_mode * info.nonce_mode = info.nonce_mode;
    assert info.fee_mode * info.fee_mode = info.fee_mode;

    let (local fee_hash) = fee_fields_hash(info);
    let (local paymaster_data_hash) = array_hash(info.paymaster_data_start, paymaster_data_size);
    let (local account_deployment_data_hash) = array_hash(
        info.account_deployment_data_start, account_deployment_data_size
    );
    let (calldata_hash) = array_hash(calldata, calldata_size);
    tempvar preimage = new InvokePreimage(
        prefix='invoke',
        version=info.version,
        sender=info.sender,
        fee_hash=fee_hash,
        paymaster_data_hash=paymaster_data_hash,
        chain_id=info.chain_id,
        nonce=info.nonce,
        data_availability_modes=info.nonce_mode * 2 ** 32 + info.fee_mode,
        account_deployment_data_hash=account_deployment_data_hash,
        calldata_hash=calldata_hash,
    );
    let (hash) = poseidon_hash_many(n=InvokePreimage.SIZE, elements=preimage);
    return (hash=hash);
}

// Hash of the tip, a u64, and the resource bounds.
func fee_fields_hash{range_check_ptr, poseidon_ptr: PoseidonBuiltin*}(info: TxInfo*) -> (hash: felt) {
    alloc_locals;
    assert [range_check_ptr] = info.tip;
    assert [range_check_ptr + 1] = info.tip + 2 ** 128 - 2 ** 64;
    let range_check_ptr = range_check_ptr + 2;
    let (local l1_gas) = packed_bounds(info.bounds_start, 'L1_GAS');
    let (local l2_gas) = packed_bounds(info.bounds_start + ResourceBounds.SIZE, 'L2_GAS');
    let (l1_data_gas) = packed_bounds(info.bounds_start + 2 * ResourceBounds.SIZE, 'L1_DATA');
    tempvar preimage = new FeePreimage(
        tip=info.tip, l1_gas=l1_gas, l2_gas=l2_gas, l1_data_gas=l1_data_gas
    );
    let (hash) = poseidon_hash_many(n=FeePreimage.SIZE, elements=preimage);
    return (hash=hash);
}

// One resource's bounds in one felt: name, amount (64 bits), price (128 bits).
func packed_bounds{range_check_ptr}(bounds: ResourceBounds*, name: felt) -> (packed: felt) {
    assert bounds.resource = name;
    assert [range_check_ptr] = bounds.max_amount;
    assert [range_check_ptr + 1] = bounds.max_amount + 2 ** 128 - 2 ** 64;
    assert [range_check_ptr + 2] = bounds.max_price_per_unit;
    let range_check_ptr = range_check_ptr + 3;
    return (packed=(name * 2 ** 64 + bounds.max_amount) * 2 ** 128 + bounds.max_price_per_unit);
}

// Poseidon of an array. Most arrays that go through here are empty.
func array_hash{poseidon_ptr: PoseidonBuiltin*}(start: felt*, size: felt) -> (hash: felt) {
    if (size == 0) {
        return (hash=EMPTY_HASH);
    }
    let (hash) = poseidon_hash_many(n=size, elements=start);
    return (hash=hash);
}

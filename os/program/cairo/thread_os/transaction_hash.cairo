// The hash of an INVOKE v3, by Starknet's rule.

from starkware.cairo.common.alloc import alloc
from starkware.cairo.common.builtin_poseidon.poseidon import poseidon_hash_many
from starkware.cairo.common.cairo_builtins import PoseidonBuiltin
from thread_os.types import ResourceBounds, TxInfo

// Poseidon of no felts.
const EMPTY_HASH = 0x2272be0f580fd156823304800919530eaa97430e972d7213ee13f4fbf7a5dbc;

// Hash of the transaction whose fields are `info` (all but `info.hash`) and whose calldata is given. Paymaster and
// account deployment data and proof facts are empty.
func invoke_hash{range_check_ptr, poseidon_ptr: PoseidonBuiltin*}(
    info: TxInfo*, calldata: felt*, calldata_size: felt
) -> (hash: felt) {
    alloc_locals;
    let (local fee: felt*) = alloc();
    // A u64, so that it cannot be told from another by its hash only: the field has one reading.
    assert [range_check_ptr] = info.tip;
    assert [range_check_ptr + 1] = info.tip + 2 ** 128 - 2 ** 64;
    let range_check_ptr = range_check_ptr + 2;
    assert fee[0] = info.tip;
    let (l1_gas) = pack_bounds(info.bounds_start, 'L1_GAS');
    assert fee[1] = l1_gas;
    let (l2_gas) = pack_bounds(info.bounds_start + ResourceBounds.SIZE, 'L2_GAS');
    assert fee[2] = l2_gas;
    let (l1_data_gas) = pack_bounds(info.bounds_start + 2 * ResourceBounds.SIZE, 'L1_DATA');
    assert fee[3] = l1_data_gas;
    let (local fee_hash) = poseidon_hash_many(n=4, elements=fee);
    let (local calldata_hash) = poseidon_hash_many(n=calldata_size, elements=calldata);

    // Data availability modes are 0 (L1) or 1 (L2).
    assert info.nonce_mode * info.nonce_mode = info.nonce_mode;
    assert info.fee_mode * info.fee_mode = info.fee_mode;

    let (local parts: felt*) = alloc();
    assert parts[0] = 'invoke';
    assert parts[1] = info.version;
    assert parts[2] = info.sender;
    assert parts[3] = fee_hash;
    assert parts[4] = EMPTY_HASH;
    assert parts[5] = info.chain_id;
    assert parts[6] = info.nonce;
    assert parts[7] = info.nonce_mode * 2 ** 32 + info.fee_mode;
    assert parts[8] = EMPTY_HASH;
    assert parts[9] = calldata_hash;
    let (hash) = poseidon_hash_many(n=10, elements=parts);
    return (hash=hash);
}

// One resource's bounds in one felt: name, amount (64 bits), price (128 bits). The range checks make it injective.
func pack_bounds{range_check_ptr}(bounds: ResourceBounds*, name: felt) -> (packed: felt) {
    assert bounds.resource = name;
    assert [range_check_ptr] = bounds.max_amount;
    assert [range_check_ptr + 1] = bounds.max_amount + 2 ** 128 - 2 ** 64;
    assert [range_check_ptr + 2] = bounds.max_price_per_unit;
    let range_check_ptr = range_check_ptr + 3;
    return (packed=(name * 2 ** 64 + bounds.max_amount) * 2 ** 128 + bounds.max_price_per_unit);
}

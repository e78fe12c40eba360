// The transaction that a callee of `meta_tx_v0` sees: an INVOKE v0 without a fee.

from starkware.cairo.common.cairo_builtins import HashBuiltin
from starkware.cairo.common.hash_state import hash_felts

struct MetaTransactionPreimage {
    prefix: felt,
    version: felt,
    address: felt,
    selector: felt,
    calldata_hash: felt,
    max_fee: felt,
    chain_id: felt,
}

// Hash of the meta transaction that calls `selector` of `address`. The caller bounds the calldata's size.
func meta_transaction_hash{pedersen_ptr: HashBuiltin*}(
    address: felt, selector: felt, calldata_start: felt*, calldata_end: felt*, chain_id: felt
) -> (hash: felt) {
    let (calldata_hash) = hash_felts{hash_ptr=pedersen_ptr}(
        data=calldata_start, length=calldata_end - calldata_start
    );
    tempvar preimage = new MetaTransactionPreimage(
        prefix='invoke',
        version=0,
        address=address,
        selector=selector,
        calldata_hash=calldata_hash,
        max_fee=0,
        chain_id=chain_id,
    );
    let (hash) = hash_felts{hash_ptr=pedersen_ptr}(data=preimage, length=MetaTransactionPreimage.SIZE);
    return (hash=hash);
}

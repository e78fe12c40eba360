// The address that Starknet gives to a contract when it is deployed.

from starkware.cairo.common.cairo_builtins import HashBuiltin
from starkware.cairo.common.hash_state import hash_felts
from starkware.cairo.common.math_cmp import is_le_felt

// Addresses are below this: a contract's storage ends 256 cells further on.
const ADDRESS_BOUND = 2 ** 251 - 256;

struct AddressPreimage {
    prefix: felt,
    deployer: felt,
    salt: felt,
    class_hash: felt,
    calldata_hash: felt,
}

// Address of the contract of class `class_hash` that `deployer` deploys (0: from nobody's address) with the salt and
// the constructor calldata given. The caller bounds the calldata's size.
func contract_address{range_check_ptr, pedersen_ptr: HashBuiltin*}(
    salt: felt, class_hash: felt, calldata_start: felt*, calldata_end: felt*, deployer: felt
) -> (address: felt) {
    alloc_locals;
    let (calldata_hash) = hash_felts{hash_ptr=pedersen_ptr}(
        data=calldata_start, length=calldata_end - calldata_start
    );
    tempvar preimage = new AddressPreimage(
        prefix='STARKNET_CONTRACT_ADDRESS',
        deployer=deployer,
        salt=salt,
        class_hash=class_hash,
        calldata_hash=calldata_hash,
    );
    let (hash) = hash_felts{hash_ptr=pedersen_ptr}(data=preimage, length=AddressPreimage.SIZE);
    let (address) = address_of_hash(hash);
    return (address=address);
}

// `hash`, as the integer below the prime, modulo `ADDRESS_BOUND`. Twice the bound exceeds the prime, so that the bound
// is taken off once at most; whether it is, is decided by a comparison of integers that leaves a prover no choice.
func address_of_hash{range_check_ptr}(hash: felt) -> (address: felt) {
    let wraps = is_le_felt(ADDRESS_BOUND, hash);
    return (address=hash - wraps * ADDRESS_BOUND);
}

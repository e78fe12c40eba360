// Stands in for the thread OS in the verifier's tests: outputs a small statement, using a few builtins.
%builtins output pedersen range_check ecdsa bitwise ec_op keccak poseidon range_check96 add_mod mul_mod

from starkware.cairo.common.bitwise import bitwise_and
from starkware.cairo.common.builtin_poseidon.poseidon import poseidon_hash
from starkware.cairo.common.cairo_builtins import BitwiseBuiltin, HashBuiltin, PoseidonBuiltin
from starkware.cairo.common.hash import hash2
from starkware.cairo.common.serialize import serialize_word

func main{
    output_ptr: felt*,
    pedersen_ptr: HashBuiltin*,
    range_check_ptr,
    ecdsa_ptr: felt*,
    bitwise_ptr: BitwiseBuiltin*,
    ec_op_ptr: felt*,
    keccak_ptr: felt*,
    poseidon_ptr: PoseidonBuiltin*,
    range_check96_ptr: felt*,
    add_mod_ptr: felt*,
    mul_mod_ptr: felt*,
}() {
    alloc_locals;
    let (local key) = hash2{hash_ptr=pedersen_ptr}('balance', 1);
    let (local transaction_hash) = poseidon_hash('transaction', 1);
    let (local after) = bitwise_and(1010, 0xfff);
    assert [range_check_ptr] = after;
    let range_check_ptr = range_check_ptr + 1;

    serialize_word('ZKTHREAD_STATEMENT2');
    serialize_word('SN_SEPOLIA');
    serialize_word(0);  // Submitter: anyone.
    serialize_word(7);  // Base block: number, timestamp, sequencer.
    serialize_word(1700000000);
    serialize_word(0x1234);
    serialize_word(1);  // Inner transactions: hash, reverted.
    serialize_word(transaction_hash);
    serialize_word(0);
    serialize_word(0);  // Classes.
    serialize_word(1);  // Contracts: address, class hashes, nonces, cells.
    serialize_word(0x5678);
    serialize_word('class');
    serialize_word('class');
    serialize_word(3);
    serialize_word(4);
    serialize_word(1);
    serialize_word(key - (key - 0xbeef));
    serialize_word(1000);
    serialize_word(after);
    serialize_word(0);  // Events: count, commitment.
    serialize_word(transaction_hash);
    serialize_word(0);  // Messages.
    return ();
}

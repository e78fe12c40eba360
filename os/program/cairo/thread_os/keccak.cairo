// The syscall `keccak`: absorbs whole blocks of 64-bit words, padded by the contract.
//
// Permutations are collected in a segment of the OS's own and checked three at a time when all transactions have run.

from starkware.cairo.common.cairo_builtins import BitwiseBuiltin
from starkware.cairo.common.cairo_keccak.keccak import (
    KECCAK_CAPACITY_IN_WORDS,
    KECCAK_FULL_RATE_IN_WORDS,
    KECCAK_STATE_SIZE_FELTS,
    _block_permutation,
    finalize_keccak,
)
from starkware.cairo.common.math import unsigned_div_rem
from starkware.cairo.common.memcpy import memcpy
from starkware.cairo.common.registers import get_label_location
from thread_os.constants import INVALID_INPUT_LENGTH, KECCAK_ROUND_GAS
from thread_os.gas import FAILURE_SIZE, assert_failure, charge
from thread_os.types import Builtins

// Checks the `keccak` at `syscall`. The contract's own code has paid its price but for the blocks'. The input's words are below 2^64 by their type.
func serve_keccak{range_check_ptr, builtins: Builtins*}(syscall: felt*) -> (next: felt*) {
    alloc_locals;
    // Input; low and high half of the hash.
    local answer: felt* = syscall + 4;
    let (local n_blocks, rest) = unsigned_div_rem(
        syscall[3] - syscall[2], KECCAK_FULL_RATE_IN_WORDS
    );
    if (rest != 0) {
        assert_failure(answer=answer, gas=syscall[1], error=INVALID_INPUT_LENGTH);
        return (next=answer + FAILURE_SIZE);
    }
    let (paid) = charge(answer, gas=syscall[1], cost=n_blocks * KECCAK_ROUND_GAS);
    if (paid == 0) {
        return (next=answer + FAILURE_SIZE);
    }
    assert answer[1] = 0;

    let bitwise_ptr = cast(builtins.bitwise, BitwiseBuiltin*);
    let keccak_ptr = builtins.keccak;
    let (zeros) = zero_state();
    with bitwise_ptr, keccak_ptr {
        let (state) = absorb(cast(syscall[2], felt*), n_blocks, state=zeros);
    }
    assert answer[2] = state[0] + 2 ** 64 * state[1];
    assert answer[3] = state[2] + 2 ** 64 * state[3];
    tempvar builtins = new Builtins(
        pedersen=builtins.pedersen,
        bitwise=cast(bitwise_ptr, felt*),
        ec_op=builtins.ec_op,
        range_check96=builtins.range_check96,
        add_mod=builtins.add_mod,
        mul_mod=builtins.mul_mod,
        keccak=keccak_ptr,
        sha256=builtins.sha256,
    );
    return (next=answer + 4);
}

// Absorbs `n_blocks` blocks into `state`, each by a permutation in the OS's segment.
func absorb{bitwise_ptr: BitwiseBuiltin*, keccak_ptr: felt*}(
    input: felt*, n_blocks: felt, state: felt*
) -> (state: felt*) {
    alloc_locals;
    if (n_blocks == 0) {
        return (state=state);
    }
    xor_words(input, state, KECCAK_FULL_RATE_IN_WORDS);
    memcpy(
        dst=keccak_ptr, src=state + KECCAK_FULL_RATE_IN_WORDS, len=KECCAK_CAPACITY_IN_WORDS
    );
    let keccak_ptr = keccak_ptr + KECCAK_CAPACITY_IN_WORDS;
    // Its hint writes the permuted state. Bound by `finalize_keccak_segment`.
    _block_permutation();
    return absorb(
        input + KECCAK_FULL_RATE_IN_WORDS, n_blocks - 1, keccak_ptr - KECCAK_STATE_SIZE_FELTS
    );
}

// Appends the exclusive or of `n` words.
func xor_words{bitwise_ptr: BitwiseBuiltin*, keccak_ptr: felt*}(a: felt*, b: felt*, n: felt) {
    if (n == 0) {
        return ();
    }
    assert bitwise_ptr.x = [a];
    assert bitwise_ptr.y = [b];
    assert [keccak_ptr] = bitwise_ptr.x_xor_y;
    let bitwise_ptr = bitwise_ptr + BitwiseBuiltin.SIZE;
    let keccak_ptr = keccak_ptr + 1;
    return xor_words(a + 1, b + 1, n - 1);
}

// The state before the first block.
func zero_state() -> (state: felt*) {
    let (state) = get_label_location(zeros);
    return (state=cast(state, felt*));

    zeros:
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
    dw 0;
}

// Checks all permutations from `start` to `end`: every word is below 2^64, and every second state is the permutation
// of the one before it.
func finalize_keccak_segment{range_check_ptr, bitwise_ptr: BitwiseBuiltin*}(
    start: felt*, end: felt*
) {
    return finalize_keccak(keccak_ptr_start=start, keccak_ptr_end=end);
}

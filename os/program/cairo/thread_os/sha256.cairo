// The syscall `sha256_process_block`: compresses one block of sixteen 32-bit words into a state of eight.
//
// Compressions are collected in a segment of the OS's own and checked seven at a time when all transactions have run.

from starkware.cairo.common.cairo_builtins import BitwiseBuiltin
from starkware.cairo.common.cairo_sha256.sha256_utils import finalize_sha256
from starkware.cairo.common.sha256_state import Sha256Input, Sha256ProcessBlock, Sha256State
from thread_os.constants import SHA256_GAS, SYSCALL_BASE_GAS
from thread_os.gas import FAILURE_SIZE, charge
from thread_os.types import Builtins

// Checks the `sha256_process_block` at `syscall`.
//
// The state a request names is an earlier answer or an array of the contract; contracts cannot see where it lies.
// Wherever it lies, its words are those that the compression takes.
func serve_sha256{range_check_ptr, builtins: Builtins*}(syscall: felt*) -> (next: felt*) {
    alloc_locals;
    // State, block; new state.
    local answer: felt* = syscall + 4;
    let (paid) = charge(answer, gas=syscall[1], cost=SHA256_GAS - SYSCALL_BASE_GAS);
    if (paid == 0) {
        return (next=answer + FAILURE_SIZE);
    }
    assert answer[1] = 0;
    let in_state = cast(syscall[2], Sha256State*);
    let input = cast(syscall[3], Sha256Input*);
    let out_state = cast(answer[2], Sha256State*);
    let instance = cast(builtins.sha256, Sha256ProcessBlock*);
    assert [instance] = Sha256ProcessBlock(
        input=[input], in_state=[in_state], out_state=[out_state]
    );
    tempvar builtins = new Builtins(
        pedersen=builtins.pedersen,
        bitwise=builtins.bitwise,
        ec_op=builtins.ec_op,
        range_check96=builtins.range_check96,
        add_mod=builtins.add_mod,
        mul_mod=builtins.mul_mod,
        keccak=builtins.keccak,
        sha256=builtins.sha256 + Sha256ProcessBlock.SIZE,
    );
    return (next=answer + 3);
}

// Checks all compressions from `start` to `end`: every word is below 2^32, and every new state is the old one with
// the block compressed into it.
func finalize_sha256_segment{range_check_ptr, bitwise_ptr: BitwiseBuiltin*}(
    start: felt*, end: felt*
) {
    return finalize_sha256(sha256_ptr_start=start, sha256_ptr_end=end);
}

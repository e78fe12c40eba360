// Checks, before a contract runs, that the answers to its syscalls have their types.
//
// What a syscall answers is Sierra code's own data, and Sierra's types are what keeps a contract's control flow within
// its code: a `match` on a number that is out of its type's range jumps anywhere. So a false answer must not have
// another type than a true one; only then does the contract return to the OS, which finds out that it is false.
//
// A prover writes down the selector of every syscall that the contract will make, and the answer. A contract that makes
// others, or more of them, writes another selector to a cell that has its value.

from thread_os.constants import ARRAY_LENGTH_BOUND
from thread_os.types import ExecutionInfo

// Cells of selector and gas, of gas and failure flag, and of an array's bounds.
const HEADER = 2;
const ARRAY = 2;

const U32_BOUND = 2 ** 32;
// Words of the state of SHA-256.
const SHA256_WORDS = 8;

// Checks the answers from the syscall at `syscall` on, up to the one whose selector is zero, which is none. `shown` is
// what `get_execution_info` answers. Cells that may hold any felt are not looked at; that a failure flag is neither 0
// nor 1 is found out later, too: code asks only whether it is zero.
func check_answers{range_check_ptr}(syscall: felt*, shown: ExecutionInfo*) {
    tempvar selector = [syscall];
    if (selector == 0) {
        return ();
    }
    if (selector == 'StorageRead') {
        return check_felts(answer=syscall + HEADER + 2, n_felts=1, shown=shown);
    }
    if (selector == 'StorageWrite') {
        return check_felts(answer=syscall + HEADER + 3, n_felts=0, shown=shown);
    }
    if (selector == 'EmitEvent') {
        return check_felts(answer=syscall + HEADER + 4, n_felts=0, shown=shown);
    }
    if (selector == 'CallContract') {
        return check_array(answer=syscall + HEADER + 4, n_felts=0, shown=shown);
    }
    if (selector == 'GetExecutionInfo') {
        if (syscall[HEADER + 1] == 0) {
            assert syscall[HEADER + 2] = cast(shown, felt);
        }
        return check_felts(answer=syscall + HEADER, n_felts=1, shown=shown);
    }
    if (selector == 'LibraryCall') {
        return check_array(answer=syscall + HEADER + 4, n_felts=0, shown=shown);
    }
    if (selector == 'GetClassHashAt') {
        return check_felts(answer=syscall + HEADER + 1, n_felts=1, shown=shown);
    }
    if (selector == 'SendMessageToL1') {
        return check_felts(answer=syscall + HEADER + 3, n_felts=0, shown=shown);
    }
    if (selector == 'GetBlockHash') {
        return check_felts(answer=syscall + HEADER + 1, n_felts=1, shown=shown);
    }
    if (selector == 'Deploy') {
        return check_array(answer=syscall + HEADER + 5, n_felts=1, shown=shown);
    }
    if (selector == 'ReplaceClass') {
        return check_felts(answer=syscall + HEADER + 1, n_felts=0, shown=shown);
    }
    if (selector == 'MetaTxV0') {
        return check_array(answer=syscall + HEADER + 6, n_felts=0, shown=shown);
    }
    if (selector == 'Keccak') {
        return check_halves(answer=syscall + HEADER + 2, n_halves=2, shown=shown);
    }
    if (selector == 'Sha256ProcessBlock') {
        return check_sha256(answer=syscall + HEADER + 2, shown=shown);
    }
    return check_secp(syscall, shown);
}

// Answers to syscalls on points. A point is a pointer that contracts only hand back.
func check_secp{range_check_ptr}(syscall: felt*, shown: ExecutionInfo*) {
    tempvar selector = [syscall];
    if ((selector - 'Secp256k1New') * (selector - 'Secp256r1New') == 0) {
        return check_option(answer=syscall + HEADER + 4, shown=shown);
    }
    if ((selector - 'Secp256k1GetPointFromX') * (selector - 'Secp256r1GetPointFromX') == 0) {
        return check_option(answer=syscall + HEADER + 3, shown=shown);
    }
    if ((selector - 'Secp256k1Add') * (selector - 'Secp256r1Add') == 0) {
        return check_felts(answer=syscall + HEADER + 2, n_felts=1, shown=shown);
    }
    if ((selector - 'Secp256k1Mul') * (selector - 'Secp256r1Mul') == 0) {
        return check_felts(answer=syscall + HEADER + 3, n_felts=1, shown=shown);
    }
    // No other syscall can be proven.
    assert (selector - 'Secp256k1GetXy') * (selector - 'Secp256r1GetXy') = 0;
    return check_halves(answer=syscall + HEADER + 1, n_halves=4, shown=shown);
}

// Checks an answer of `n_felts` felts, and those that follow.
func check_felts{range_check_ptr}(answer: felt*, n_felts: felt, shown: ExecutionInfo*) {
    if (answer[1] != 0) {
        return check_array(answer=answer, n_felts=0, shown=shown);
    }
    // Gas is a number of 128 bits.
    assert [range_check_ptr] = answer[0];
    let range_check_ptr = range_check_ptr + 1;
    return check_answers(answer + HEADER + n_felts, shown);
}

// Checks an answer of `n_felts` felts and an array, or a failure, which is an array; and those that follow.
func check_array{range_check_ptr}(answer: felt*, n_felts: felt, shown: ExecutionInfo*) {
    assert [range_check_ptr] = answer[0];
    if (answer[1] != 0) {
        tempvar array = answer + HEADER;
    } else {
        tempvar array = answer + HEADER + n_felts;
    }
    // Its length.
    tempvar length = array[1] - array[0];
    assert [range_check_ptr + 1] = length;
    assert [range_check_ptr + 2] = length + 2 ** 128 - ARRAY_LENGTH_BOUND;
    let range_check_ptr = range_check_ptr + 3;
    return check_answers(array + ARRAY, shown);
}

// Checks an answer of `n_halves` numbers of 128 bits, two or four, and those that follow.
func check_halves{range_check_ptr}(answer: felt*, n_halves: felt, shown: ExecutionInfo*) {
    if (answer[1] != 0) {
        return check_array(answer=answer, n_felts=0, shown=shown);
    }
    assert [range_check_ptr] = answer[2];
    assert [range_check_ptr + 1] = answer[3];
    let range_check_ptr = range_check_ptr + 2;
    if (n_halves == 2) {
        return check_felts(answer=answer, n_felts=2, shown=shown);
    }
    assert [range_check_ptr] = answer[4];
    assert [range_check_ptr + 1] = answer[5];
    let range_check_ptr = range_check_ptr + 2;
    return check_felts(answer=answer, n_felts=4, shown=shown);
}

// Checks an answer that is a flag, which tells whether there is no point, and a point; and those that follow.
func check_option{range_check_ptr}(answer: felt*, shown: ExecutionInfo*) {
    if (answer[1] == 0) {
        assert answer[2] * answer[2] = answer[2];
        return check_felts(answer=answer, n_felts=2, shown=shown);
    }
    return check_array(answer=answer, n_felts=0, shown=shown);
}

// Checks an answer that is a pointer to the state of SHA-256, and those that follow.
func check_sha256{range_check_ptr}(answer: felt*, shown: ExecutionInfo*) {
    if (answer[1] == 0) {
        check_words(words=cast(answer[2], felt*), left=SHA256_WORDS);
        return check_felts(answer=answer, n_felts=1, shown=shown);
    }
    return check_array(answer=answer, n_felts=0, shown=shown);
}

// Checks `left` numbers of 32 bits.
func check_words{range_check_ptr}(words: felt*, left: felt) {
    if (left == 0) {
        return ();
    }
    assert [range_check_ptr] = words[0];
    assert [range_check_ptr + 1] = words[0] + 2 ** 128 - U32_BOUND;
    let range_check_ptr = range_check_ptr + 2;
    return check_words(words + 1, left - 1);
}

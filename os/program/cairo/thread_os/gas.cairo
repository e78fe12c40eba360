// Sierra gas. A contract counts its own gas; with each syscall it says how much it has left, and is told how much it
// has left then. Amounts are far below the range check's bound, so no difference of two of them wraps around.

from thread_os.constants import OUT_OF_GAS

// Cells of an answer that is a failure.
const FAILURE_SIZE = 4;

// Whether `gas` covers `cost`.
func covers{range_check_ptr}(gas: felt, cost: felt) -> (yes: felt) {
    // Guesses the answer in `[ap]`. Bound by the range checks below, of which one only can pass.
    %{ zkthreads.covers(ids.gas, ids.cost) %}
    jmp yes if [ap] != 0, ap++;
    assert [range_check_ptr] = cost - 1 - gas;
    let range_check_ptr = range_check_ptr + 1;
    return (yes=0);

    yes:
    assert [range_check_ptr] = gas - cost;
    let range_check_ptr = range_check_ptr + 1;
    return (yes=1);
}

func minimum{range_check_ptr}(a: felt, b: felt) -> (minimum: felt) {
    let (a_covers_b) = covers(gas=a, cost=b);
    if (a_covers_b != 0) {
        return (minimum=b);
    }
    return (minimum=a);
}

// Asserts that a syscall that costs `cost` was answered with "out of gas", and rightly so.
func assert_out_of_gas{range_check_ptr}(answer: felt*, gas: felt, cost: felt) {
    assert [range_check_ptr] = cost - 1 - gas;
    let range_check_ptr = range_check_ptr + 1;
    assert_failure(answer=answer, gas=gas, error=OUT_OF_GAS);
    return ();
}

// Asserts that the answer to a syscall that costs `cost` begins with the gas that is left of `gas`, or is that there was
// too little. Returns whether the syscall was paid.
func charge{range_check_ptr}(answer: felt*, gas: felt, cost: felt) -> (paid: felt) {
    tempvar left = gas - cost;
    if (answer[0] == left) {
        assert [range_check_ptr] = left;
        let range_check_ptr = range_check_ptr + 1;
        return (paid=1);
    }
    assert_out_of_gas(answer=answer, gas=gas, cost=cost);
    return (paid=0);
}

// Asserts that a syscall was answered with a failure of one felt, and `gas` left.
func assert_failure(answer: felt*, gas: felt, error: felt) {
    assert answer[0] = gas;
    assert answer[1] = 1;
    assert answer[3] = answer[2] + 1;
    assert [cast(answer[2], felt*)] = error;
    return ();
}

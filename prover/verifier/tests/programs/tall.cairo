// More than 2^20 steps of one kind: a trace higher than the lookup tables.
%builtins output pedersen range_check ecdsa bitwise ec_op keccak poseidon range_check96 add_mod mul_mod

func main{
    output_ptr: felt*,
    pedersen_ptr: felt*,
    range_check_ptr,
    ecdsa_ptr: felt*,
    bitwise_ptr: felt*,
    ec_op_ptr: felt*,
    keccak_ptr: felt*,
    poseidon_ptr: felt*,
    range_check96_ptr: felt*,
    add_mod_ptr: felt*,
    mul_mod_ptr: felt*,
}() {
    alloc_locals;
    local output: felt* = output_ptr;
    outer(1100);
    assert [output] = 1;
    let output_ptr = output + 1;
    return ();
}

func outer(rounds) {
    if (rounds == 0) {
        return ();
    }
    inner(1000);
    return outer(rounds - 1);
}

func inner(rounds) {
    tempvar rounds = rounds;
    loop:
    tempvar rounds = rounds - 1;
    jmp loop if rounds != 0;
    return ();
}

// Another program with the same builtins, which outputs the statement it is given as constants.
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
    assert [output_ptr] = 'ZKTHREAD_STATEMENT2';
    assert [output_ptr + 1] = 'SN_SEPOLIA';
    assert [output_ptr + 2] = 0;
    assert [output_ptr + 3] = 7;
    assert [output_ptr + 4] = 1700000000;
    assert [output_ptr + 5] = 0x1234;
    assert [output_ptr + 6] = 1;
    assert [output_ptr + 7] = 'transaction';
    assert [output_ptr + 8] = 0;
    assert [output_ptr + 9] = 0;
    assert [output_ptr + 10] = 0;
    assert [output_ptr + 11] = 0;
    assert [output_ptr + 12] = 0;
    assert [output_ptr + 13] = 0;
    let output_ptr = output_ptr + 14;
    return ();
}

// A contract of the first Cairo, which the chain still runs: it counts, tells and listens to L1.
%lang starknet

from starkware.cairo.common.alloc import alloc
from starkware.cairo.common.cairo_builtins import HashBuiltin
from starkware.cairo.common.math import assert_not_zero
from starkware.starknet.common.messages import send_message_to_l1
from starkware.starknet.common.syscalls import call_contract, get_caller_address

@storage_var
func balances(owner: felt) -> (balance: felt) {
}

@event
func added(owner: felt, caller: felt, amount: felt) {
}

@view
func balance{syscall_ptr: felt*, pedersen_ptr: HashBuiltin*, range_check_ptr}(owner: felt) -> (
    balance: felt
) {
    return balances.read(owner);
}

@external
func add{syscall_ptr: felt*, pedersen_ptr: HashBuiltin*, range_check_ptr}(owner: felt, amount: felt) {
    with_attr error_message("nobody") {
        assert_not_zero(owner);
    }
    let (before) = balances.read(owner);
    balances.write(owner, before + amount);
    let (caller) = get_caller_address();
    added.emit(owner, caller, amount);
    return ();
}

// Calls another contract and returns what it returns.
@external
@raw_output
func forward{syscall_ptr: felt*, pedersen_ptr: HashBuiltin*, range_check_ptr}(
    contract: felt, selector: felt, calldata_len: felt, calldata: felt*
) -> (retdata_size: felt, retdata: felt*) {
    let (retdata_size, retdata) = call_contract(contract, selector, calldata_len, calldata);
    return (retdata_size, retdata);
}

@external
func withdraw{syscall_ptr: felt*, pedersen_ptr: HashBuiltin*, range_check_ptr}(
    owner: felt, amount: felt, to: felt
) {
    let (before) = balances.read(owner);
    balances.write(owner, before - amount);
    let (payload: felt*) = alloc();
    assert payload[0] = owner;
    assert payload[1] = amount;
    send_message_to_l1(to, 2, payload);
    return ();
}

@l1_handler
func deposit{syscall_ptr: felt*, pedersen_ptr: HashBuiltin*, range_check_ptr}(
    from_address: felt, owner: felt, amount: felt
) {
    let (before) = balances.read(owner);
    balances.write(owner, before + amount);
    return ();
}

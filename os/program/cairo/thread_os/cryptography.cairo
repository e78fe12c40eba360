// The cryptographic syscalls.

from thread_os.constants import (
    SECP256K1_ADD_GAS,
    SECP256K1_FROM_X_GAS,
    SECP256K1_MUL_GAS,
    SECP256K1_NEW_GAS,
    SECP256K1_XY_GAS,
    SECP256R1_ADD_GAS,
    SECP256R1_FROM_X_GAS,
    SECP256R1_MUL_GAS,
    SECP256R1_NEW_GAS,
    SECP256R1_XY_GAS,
)
from thread_os.keccak import serve_keccak
from thread_os.secp import (
    SECP256K1,
    SECP256R1,
    serve_secp_add,
    serve_secp_get_point_from_x,
    serve_secp_get_xy,
    serve_secp_mul,
    serve_secp_new,
)
from thread_os.sha256 import serve_sha256
from thread_os.types import Builtins

// Checks the cryptographic syscall at `syscall`; returns where the next syscall is. No other syscall passes.
func serve_cryptography{range_check_ptr, builtins: Builtins*}(syscall: felt*) -> (next: felt*) {
    tempvar selector = [syscall];
    if (selector == 'Keccak') {
        return serve_keccak(syscall);
    }
    if (selector == 'Sha256ProcessBlock') {
        return serve_sha256(syscall);
    }
    let (next) = serve_secp(syscall);
    return (next=next);
}

// Checks the syscall on points at `syscall`.
func serve_secp{range_check_ptr}(syscall: felt*) -> (next: felt*) {
    tempvar selector = [syscall];
    if (selector == 'Secp256k1New') {
        return serve_secp_new(syscall, SECP256K1, SECP256K1_NEW_GAS);
    }
    if (selector == 'Secp256k1Add') {
        return serve_secp_add(syscall, SECP256K1, SECP256K1_ADD_GAS);
    }
    if (selector == 'Secp256k1Mul') {
        return serve_secp_mul(syscall, SECP256K1, SECP256K1_MUL_GAS);
    }
    if (selector == 'Secp256k1GetPointFromX') {
        return serve_secp_get_point_from_x(syscall, SECP256K1, SECP256K1_FROM_X_GAS);
    }
    if (selector == 'Secp256k1GetXy') {
        return serve_secp_get_xy(syscall, SECP256K1, SECP256K1_XY_GAS);
    }
    if (selector == 'Secp256r1New') {
        return serve_secp_new(syscall, SECP256R1, SECP256R1_NEW_GAS);
    }
    if (selector == 'Secp256r1Add') {
        return serve_secp_add(syscall, SECP256R1, SECP256R1_ADD_GAS);
    }
    if (selector == 'Secp256r1Mul') {
        return serve_secp_mul(syscall, SECP256R1, SECP256R1_MUL_GAS);
    }
    if (selector == 'Secp256r1GetPointFromX') {
        return serve_secp_get_point_from_x(syscall, SECP256R1, SECP256R1_FROM_X_GAS);
    }
    assert selector = 'Secp256r1GetXy';
    return serve_secp_get_xy(syscall, SECP256R1, SECP256R1_XY_GAS);
}

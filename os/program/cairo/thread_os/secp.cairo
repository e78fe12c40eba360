// The syscalls on points of secp256k1 and secp256r1.
//
// A point lies in memory as the limbs of x and y; contracts only hold pointers to it. Every point that a request
// names is the answer to an earlier syscall on the same curve: the pointers have a type of their own in Sierra, and no
// other way to make a value of it. So points are on the curve, with limbs bounded as the library wants them, by
// induction over the answers, each of which is checked here. It does not matter where an answer points: memory is
// written once, so that pointers which share cells share their contents, and what is checked are contents.
//
// Halves of 256-bit integers in requests are below 2^128, and `y_parity` is 0 or 1, by their types.

from starkware.cairo.common.cairo_secp.bigint import bigint_to_uint256, uint256_to_bigint
from starkware.cairo.common.cairo_secp.constants import SECP_PRIME_HIGH as SECP256K1_PRIME_HIGH
from starkware.cairo.common.cairo_secp.constants import SECP_PRIME_LOW as SECP256K1_PRIME_LOW
from starkware.cairo.common.cairo_secp.ec import ec_add as add_on_secp256k1
from starkware.cairo.common.cairo_secp.ec import ec_mul_by_uint256 as multiply_on_secp256k1
from starkware.cairo.common.cairo_secp.ec_point import EcPoint
from starkware.cairo.common.cairo_secp.signature import (
    try_get_point_from_x as try_get_secp256k1_point,
)
from starkware.cairo.common.secp256r1.constants import SECP_PRIME_HIGH as SECP256R1_PRIME_HIGH
from starkware.cairo.common.secp256r1.constants import SECP_PRIME_LOW as SECP256R1_PRIME_LOW
from starkware.cairo.common.secp256r1.ec import try_get_point_from_x as try_get_secp256r1_point
from starkware.cairo.common.uint256 import Uint256, uint256_lt
from thread_os.constants import INVALID_ARGUMENT, SYSCALL_BASE_GAS
from thread_os.gas import FAILURE_SIZE, assert_failure, charge
from thread_os.secp256k1 import is_on_secp256k1
from thread_os.secp256r1 import add as add_on_secp256r1
from thread_os.secp256r1 import is_on_secp256r1
from thread_os.secp256r1 import multiply as multiply_on_secp256r1

// The curves.
const SECP256K1 = 0;
const SECP256R1 = 1;

// Checks the `secp256*_new` at `syscall`, whose price is `price`.
func serve_secp_new{range_check_ptr}(syscall: felt*, curve: felt, price: felt) -> (next: felt*) {
    alloc_locals;
    // x, y; whether there is no such point, the point.
    local answer: felt* = syscall + 6;
    let (paid) = charge(answer, gas=syscall[1], cost=price - SYSCALL_BASE_GAS);
    if (paid == 0) {
        return (next=answer + FAILURE_SIZE);
    }
    local x: Uint256 = [cast(syscall + 2, Uint256*)];
    local y: Uint256 = [cast(syscall + 4, Uint256*)];
    let (local x_fits) = is_below_prime(x, curve);
    let (y_fits) = is_below_prime(y, curve);
    if (x_fits + y_fits != 2) {
        assert_failure(answer=answer, gas=answer[0], error=INVALID_ARGUMENT);
        return (next=answer + FAILURE_SIZE);
    }
    assert answer[1] = 0;
    let (local limbs_of_x) = uint256_to_bigint(x);
    let (local limbs_of_y) = uint256_to_bigint(y);
    local point: EcPoint = EcPoint(x=limbs_of_x, y=limbs_of_y);
    if (x.low == 0 and x.high == 0 and y.low == 0 and y.high == 0) {
        // The identity.
        assert answer[2] = 0;
        assert [cast(answer[3], EcPoint*)] = point;
        return (next=answer + 4);
    }
    let (on_curve) = is_on_curve(point, curve);
    assert answer[2] = 1 - on_curve;
    if (on_curve == 0) {
        assert answer[3] = 0;
        return (next=answer + 4);
    }
    assert [cast(answer[3], EcPoint*)] = point;
    return (next=answer + 4);
}

// Checks the `secp256*_get_point_from_x` at `syscall`, whose price is `price`.
func serve_secp_get_point_from_x{range_check_ptr}(syscall: felt*, curve: felt, price: felt) -> (
    next: felt*
) {
    alloc_locals;
    // x, parity of y; whether there is no such point, the point.
    local answer: felt* = syscall + 5;
    let (paid) = charge(answer, gas=syscall[1], cost=price - SYSCALL_BASE_GAS);
    if (paid == 0) {
        return (next=answer + FAILURE_SIZE);
    }
    local x: Uint256 = [cast(syscall + 2, Uint256*)];
    let (x_fits) = is_below_prime(x, curve);
    if (x_fits == 0) {
        assert_failure(answer=answer, gas=answer[0], error=INVALID_ARGUMENT);
        return (next=answer + FAILURE_SIZE);
    }
    assert answer[1] = 0;
    let (on_curve) = assert_point_from_x(x, syscall[4], cast(answer[3], EcPoint*), curve);
    assert answer[2] = 1 - on_curve;
    if (on_curve == 0) {
        assert answer[3] = 0;
        return (next=answer + 4);
    }
    return (next=answer + 4);
}

// Checks the `secp256*_add` at `syscall`, whose price is `price`.
func serve_secp_add{range_check_ptr}(syscall: felt*, curve: felt, price: felt) -> (next: felt*) {
    alloc_locals;
    // Points; their sum.
    local answer: felt* = syscall + 4;
    let (paid) = charge(answer, gas=syscall[1], cost=price - SYSCALL_BASE_GAS);
    if (paid == 0) {
        return (next=answer + FAILURE_SIZE);
    }
    assert answer[1] = 0;
    let p = cast(syscall[2], EcPoint*);
    let q = cast(syscall[3], EcPoint*);
    if (curve == SECP256K1) {
        let (sum) = add_on_secp256k1([p], [q]);
        assert [cast(answer[2], EcPoint*)] = sum;
        return (next=answer + 3);
    }
    let (sum) = add_on_secp256r1([p], [q]);
    assert [cast(answer[2], EcPoint*)] = sum;
    return (next=answer + 3);
}

// Checks the `secp256*_mul` at `syscall`, whose price is `price`.
func serve_secp_mul{range_check_ptr}(syscall: felt*, curve: felt, price: felt) -> (next: felt*) {
    alloc_locals;
    // Point, scalar; their product.
    local answer: felt* = syscall + 5;
    let (paid) = charge(answer, gas=syscall[1], cost=price - SYSCALL_BASE_GAS);
    if (paid == 0) {
        return (next=answer + FAILURE_SIZE);
    }
    assert answer[1] = 0;
    let p = cast(syscall[2], EcPoint*);
    let scalar = [cast(syscall + 3, Uint256*)];
    if (curve == SECP256K1) {
        let (product) = multiply_on_secp256k1([p], scalar);
        assert [cast(answer[2], EcPoint*)] = product;
        return (next=answer + 3);
    }
    let (product) = multiply_on_secp256r1([p], scalar);
    assert [cast(answer[2], EcPoint*)] = product;
    return (next=answer + 3);
}

// Checks the `secp256*_get_xy` at `syscall`, whose price is `price`.
func serve_secp_get_xy{range_check_ptr}(syscall: felt*, curve: felt, price: felt) -> (
    next: felt*
) {
    alloc_locals;
    // Point; x, y.
    local answer: felt* = syscall + 3;
    let (paid) = charge(answer, gas=syscall[1], cost=price - SYSCALL_BASE_GAS);
    if (paid == 0) {
        return (next=answer + FAILURE_SIZE);
    }
    assert answer[1] = 0;
    local point: EcPoint* = cast(syscall[2], EcPoint*);
    // A coordinate has several forms in limbs, but one below the prime.
    let (x) = bigint_to_uint256(point.x);
    assert [cast(answer + 2, Uint256*)] = x;
    assert_below_prime(x, curve);
    let (y) = bigint_to_uint256(point.y);
    assert [cast(answer + 4, Uint256*)] = y;
    assert_below_prime(y, curve);
    return (next=answer + 6);
}

// Asserts that `point` has the given x, and a y of the given parity, if there is such a point.
func assert_point_from_x{range_check_ptr}(
    x: Uint256, y_parity: felt, point: EcPoint*, curve: felt
) -> (is_on_curve: felt) {
    alloc_locals;
    let (limbs_of_x) = uint256_to_bigint(x);
    if (curve == SECP256K1) {
        return try_get_secp256k1_point(limbs_of_x, y_parity, point);
    }
    return try_get_secp256r1_point(limbs_of_x, y_parity, point);
}

func is_on_curve{range_check_ptr}(point: EcPoint, curve: felt) -> (yes: felt) {
    if (curve == SECP256K1) {
        return is_on_secp256k1(point);
    }
    return is_on_secp256r1(point);
}

func is_below_prime{range_check_ptr}(value: Uint256, curve: felt) -> (res: felt) {
    if (curve == SECP256K1) {
        return uint256_lt(value, Uint256(low=SECP256K1_PRIME_LOW, high=SECP256K1_PRIME_HIGH));
    }
    return uint256_lt(value, Uint256(low=SECP256R1_PRIME_LOW, high=SECP256R1_PRIME_HIGH));
}

func assert_below_prime{range_check_ptr}(value: Uint256, curve: felt) {
    let (yes) = is_below_prime(value, curve);
    assert yes = 1;
    return ();
}

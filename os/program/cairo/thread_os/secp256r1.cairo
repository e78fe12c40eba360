// Arithmetic on secp256r1, y^2 = x^3 - 3x + b.
//
// The Cairo library's own (secp256r1/ec.cairo) takes every point whose x is zero for the identity. Here b is a square,
// so that two points of the curve have that x, and sums that meet them would be wrong. Hence the sums below, made of
// the library's slopes and field arithmetic: the identity is the point all of whose limbs are zero, and it is told by
// its y. Every other point has y != 0, because the curve's order is odd.

from starkware.cairo.common.alloc import alloc
from starkware.cairo.common.cairo_secp.bigint3 import BigInt3, SumBigInt3, UnreducedBigInt3
from starkware.cairo.common.cairo_secp.ec_point import EcPoint
from starkware.cairo.common.math import assert_nn_le
from starkware.cairo.common.secp256r1.bigint import nondet_bigint3
from starkware.cairo.common.secp256r1.constants import ALPHA, BETA0, BETA1, BETA2
from starkware.cairo.common.secp256r1.ec import compute_doubling_slope, compute_slope
from starkware.cairo.common.secp256r1.field import (
    is_zero,
    reduce,
    unreduced_mul,
    unreduced_sqr,
    verify_zero,
)
from starkware.cairo.common.uint256 import Uint256

// Multiples of the point in a table, besides those that begin it: the identity, the point, its double.
const FURTHER_MULTIPLES = 13;
// Nibbles of each half of a scalar but one.
const NIBBLES = 31;

// Whether x and y, whose limbs are reduced, satisfy the curve's equation.
func is_on_secp256r1{range_check_ptr}(point: EcPoint) -> (yes: felt) {
    alloc_locals;
    let (x_square) = unreduced_sqr(point.x);
    let (x_square_reduced) = reduce(x_square);
    let (x_cube) = unreduced_mul(point.x, x_square_reduced);
    let (y_square) = unreduced_sqr(point.y);
    let (difference) = reduce(
        UnreducedBigInt3(
            d0=x_cube.d0 + ALPHA * point.x.d0 + BETA0 - y_square.d0,
            d1=x_cube.d1 + ALPHA * point.x.d1 + BETA1 - y_square.d1,
            d2=x_cube.d2 + ALPHA * point.x.d2 + BETA2 - y_square.d2,
        ),
    );
    let (yes) = is_zero(SumBigInt3(d0=difference.d0, d1=difference.d1, d2=difference.d2));
    return (yes=yes);
}

// The sum of any two points.
func add{range_check_ptr}(p: EcPoint, q: EcPoint) -> (sum: EcPoint) {
    if (p.y.d0 == 0 and p.y.d1 == 0 and p.y.d2 == 0) {
        return (sum=q);
    }
    if (q.y.d0 == 0 and q.y.d1 == 0 and q.y.d2 == 0) {
        return (sum=p);
    }
    let (same_x) = is_zero(
        SumBigInt3(d0=p.x.d0 - q.x.d0, d1=p.x.d1 - q.x.d1, d2=p.x.d2 - q.x.d2)
    );
    if (same_x == 0) {
        return add_distinct(p, q);
    }
    let (opposite) = is_zero(
        SumBigInt3(d0=p.y.d0 + q.y.d0, d1=p.y.d1 + q.y.d1, d2=p.y.d2 + q.y.d2)
    );
    if (opposite != 0) {
        return (sum=EcPoint(BigInt3(0, 0, 0), BigInt3(0, 0, 0)));
    }
    return double(p);
}

// The sum of two points of different x, or of any point and the identity.
func add_distinct{range_check_ptr}(p: EcPoint, q: EcPoint) -> (sum: EcPoint) {
    if (p.y.d0 == 0 and p.y.d1 == 0 and p.y.d2 == 0) {
        return (sum=q);
    }
    if (q.y.d0 == 0 and q.y.d1 == 0 and q.y.d2 == 0) {
        return (sum=p);
    }
    let (slope) = compute_slope(p, q);
    return add_along(p, q, slope);
}

// Twice a point.
func double{range_check_ptr}(point: EcPoint) -> (sum: EcPoint) {
    if (point.y.d0 == 0 and point.y.d1 == 0 and point.y.d2 == 0) {
        return (sum=point);
    }
    let (slope) = compute_doubling_slope(point);
    return add_along(point, point, slope);
}

// The sum of two points on a line of the given slope: the line through them, or the tangent where they are equal.
func add_along{range_check_ptr}(point0: EcPoint, point1: EcPoint, slope: BigInt3) -> (
    sum: EcPoint
) {
    let (slope_sqr) = unreduced_sqr(slope);

    // The hints are the library's. Bound by the two `verify_zero`s.
    %{ from starkware.cairo.common.cairo_secp.secp256r1_utils import SECP256R1_P as SECP_P %}
    %{
        from starkware.cairo.common.cairo_secp.secp_utils import pack

        slope = pack(ids.slope, PRIME)
        x0 = pack(ids.point0.x, PRIME)
        x1 = pack(ids.point1.x, PRIME)
        y0 = pack(ids.point0.y, PRIME)

        value = new_x = (pow(slope, 2, SECP_P) - x0 - x1) % SECP_P
    %}
    let (x) = nondet_bigint3();
    %{ value = new_y = (slope * (x0 - new_x) - y0) % SECP_P %}
    let (y) = nondet_bigint3();

    // x = slope^2 - x0 - x1.
    verify_zero(
        UnreducedBigInt3(
            d0=slope_sqr.d0 - x.d0 - point0.x.d0 - point1.x.d0,
            d1=slope_sqr.d1 - x.d1 - point0.x.d1 - point1.x.d1,
            d2=slope_sqr.d2 - x.d2 - point0.x.d2 - point1.x.d2,
        ),
    );
    // y = slope (x0 - x) - y0.
    let (fall) = unreduced_mul(
        BigInt3(d0=point0.x.d0 - x.d0, d1=point0.x.d1 - x.d1, d2=point0.x.d2 - x.d2), slope
    );
    verify_zero(
        UnreducedBigInt3(
            d0=fall.d0 - point0.y.d0 - y.d0,
            d1=fall.d1 - point0.y.d1 - y.d1,
            d2=fall.d2 - point0.y.d2 - y.d2,
        ),
    );
    return (sum=EcPoint(x, y));
}

// `scalar` times a point, by nibbles from the highest.
func multiply{range_check_ptr}(point: EcPoint, scalar: Uint256) -> (product: EcPoint) {
    alloc_locals;
    let (local table: EcPoint*) = alloc();
    assert table[0] = EcPoint(BigInt3(0, 0, 0), BigInt3(0, 0, 0));
    assert table[1] = point;
    let (twice) = double(point);
    assert table[2] = twice;
    extend_table(&table[2], point, FURTHER_MULTIPLES);

    local first_nibble;
    local last_nibble;
    // The hint is the library's, as is that of `append_nibbles`. Bound by range checks and by the equality of each
    // half of the scalar with its nibbles.
    %{
        num = (ids.scalar.high << 128) + ids.scalar.low
        nibbles = [(num >> i) & 0xf for i in range(0, 256, 4)]
        ids.first_nibble = nibbles.pop()
        ids.last_nibble = nibbles[0]
    %}
    assert_nn_le(first_nibble, 15);
    let (high_product, high) = append_nibbles(table, table[first_nibble], first_nibble, NIBBLES);
    assert high = scalar.high;
    let (low_product, low) = append_nibbles(table, high_product, 0, NIBBLES);
    assert_nn_le(last_nibble, 15);
    assert scalar.low = 16 * low + last_nibble;
    // The last nibble may lead past the curve's order, where any two points may meet.
    let (shifted) = times_16(low_product);
    let (product) = add(shifted, table[last_nibble]);
    return (product=product);
}

// Writes the next `n` multiples of `point` behind `last`, one of its multiples between 2 and 15.
func extend_table{range_check_ptr}(last: EcPoint*, point: EcPoint, n: felt) {
    if (n == 0) {
        return ();
    }
    let (next) = add_distinct([last], point);
    assert last[1] = next;
    return extend_table(last + EcPoint.SIZE, point, n - 1);
}

// Appends `n` nibbles to `scalar` and to the product of it and the point whose multiples are in `table`.
//
// The scalar up to here is below 2^248, so that 16 times it, below the curve's order, is neither any nibble nor any
// nibble's negative but zero's: points that are added differ in x, or one is the identity.
func append_nibbles{range_check_ptr}(table: EcPoint*, product: EcPoint, scalar: felt, n: felt) -> (
    product: EcPoint, scalar: felt
) {
    alloc_locals;
    if (n == 0) {
        return (product=product, scalar=scalar);
    }
    local nibble = nondet %{ nibbles.pop() %};
    assert_nn_le(nibble, 15);
    let (shifted) = times_16(product);
    let (product) = add_distinct(shifted, table[nibble]);
    return append_nibbles(table, product, 16 * scalar + nibble, n - 1);
}

func times_16{range_check_ptr}(point: EcPoint) -> (product: EcPoint) {
    let (point) = double(point);
    let (point) = double(point);
    let (point) = double(point);
    let (point) = double(point);
    return (product=point);
}

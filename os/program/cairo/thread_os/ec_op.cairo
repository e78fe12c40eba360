// Checks instances of the ec_op builtin in Cairo: r = p + m * q on the STARK curve y^2 = x^3 + x + BETA.
//
// The proof's preprocessed trace has no ec_op component, so contracts get a segment of the OS's own for their ec_op
// instances, and every instance is checked here.

from starkware.cairo.common.cairo_builtins import EcOpBuiltin
from starkware.cairo.common.ec_point import EcPoint
from starkware.cairo.common.registers import get_ap

const BETA = 0x6f21413efbe40de150e596d72f7a8c5609ad26c15c915c1f4cdfcb99cee9e89;

// 3/2 and 1/2 in the field.
const THREE_HALVES = 3 / 2;
const HALF = 1 / 2;

// Memory cells that one bit of the scalar takes, and the most that a scalar may take: 251 bits.
const CELLS_PER_BIT = 23;
const MAX_BITS = 251;
// Cells between the two readings of `ap` that are not spent on bits.
const EXTRA_CELLS = 21;

// Checks the instances from `instance` up to `end`.
func check_instances{range_check_ptr}(instance: EcOpBuiltin*, end: EcOpBuiltin*) {
    if (instance == end) {
        return ();
    }
    check_instance(instance);
    return check_instances(instance + EcOpBuiltin.SIZE, end);
}

func assert_on_curve(point: EcPoint) {
    tempvar x = point.x;
    tempvar cube = x * x * x;
    assert point.y * point.y = cube + x + BETA;
    return ();
}

// Checks one instance by double-and-add from the least significant bit.
//
// No point is the identity and no y is zero: the curve has odd prime order and both inputs are on it. Points that
// are added have different x (else there is no `inverse`), hence the sum is never the identity. A scalar has at most
// 251 bits, so that its bits are those of one integer below the field's prime; a scalar of 2^251 or more cannot be
// proven.
func check_instance{range_check_ptr}(instance: EcOpBuiltin*) {
    alloc_locals;
    assert_on_curve(instance.p);
    assert_on_curve(instance.q);
    if (instance.m == 0) {
        assert instance.r = instance.p;
        return ();
    }
    local one = 1;
    let (local begin) = get_ap();

    // State of the loop, relative to `ap`: the sum at -13 (x) and -10 (y), what is left of the scalar at -8, the
    // doubled point at -4 (x) and -1 (y).
    tempvar sum_x = instance.p.x;
    ap += 2;
    tempvar sum_y = instance.p.y;
    ap += 1;
    tempvar scalar = instance.m;
    ap += 3;
    tempvar doubled_x = instance.q.x;
    ap += 2;
    tempvar doubled_y = instance.q.y;

    next_bit:
    // Writes the scalar's lowest bit to `[ap]`. Bound by the count of bits and the end of the loop: the bits add up
    // to the scalar modulo the prime, and there are at most 251 of them.
    %{ zkthreads.scalar_bit() %}
    jmp odd if [ap] != 0, ap++;

    // The lowest bit is 0. Skip cells, so that every bit takes the same number of them.
    ap += 9;
    // The sum's x.
    [ap] = [ap - 23], ap++;
    // Slope of the tangent (3 x^2 + 1) / 2 y, up to the division.
    [ap] = [ap - 15] * [ap - 15], ap++;
    [ap] = [ap - 1] * THREE_HALVES, ap++;
    // The sum's y.
    [ap] = [ap - 23], ap++;
    [ap] = [ap - 2] + HALF, ap++;
    // Half of the scalar.
    [ap - 23] = [ap] * 2, ap++;
    // Double the doubled point.
    [ap - 2] = [ap] * [ap - 17], ap++;
    [ap] = [ap - 1] * [ap - 1], ap++;
    [ap] = [ap - 22] + [ap - 22], ap++;
    [ap - 2] = [ap] + [ap - 1], ap++;
    [ap - 24] = [ap] + [ap - 1], ap++;
    [ap] = [ap - 5] * [ap - 1], ap++;
    [ap - 1] = [ap] + [ap - 23], ap++;
    jmp next_bit;

    odd:
    // Slope of the tangent, up to the division.
    [ap] = [ap - 5] * [ap - 5], ap++;
    [ap] = [ap - 1] * THREE_HALVES, ap++;
    [ap] = [ap - 1] + HALF, ap++;
    // Differences of the sum and the doubled point; the inverse of that of x; the slope; its square.
    [ap - 17] = [ap] + [ap - 8], ap++;
    [ap - 15] = [ap] + [ap - 6], ap++;
    one = [ap] * [ap - 2], ap++;
    [ap] = [ap - 2] * [ap - 1], ap++;
    [ap] = [ap - 1] * [ap - 1], ap++;
    // The new sum's x and y.
    [ap] = [ap - 22] + [ap - 13], ap++;
    [ap - 2] = [ap] + [ap - 1], ap++;
    [ap - 15] = [ap] + [ap - 1], ap++;
    [ap] = [ap - 5] * [ap - 1], ap++;
    [ap - 1] = [ap] + [ap - 14], ap++;
    // Half of the scalar without its bit.
    [ap] = [ap - 22] + (-1), ap++;
    [ap - 1] = [ap] * 2, ap++;
    // Double the doubled point.
    [ap - 13] = [ap] * [ap - 17], ap++;
    [ap] = [ap - 1] * [ap - 1], ap++;
    [ap] = [ap - 22] + [ap - 22], ap++;
    [ap - 2] = [ap] + [ap - 1], ap++;
    [ap - 24] = [ap] + [ap - 1], ap++;
    [ap] = [ap - 5] * [ap - 1], ap++;
    [ap - 1] = [ap] + [ap - 23], ap++;
    jmp next_bit if [ap - 8] != 0;

    // Nothing is left of the scalar.
    let result_x = [ap - 13];
    let result_y = [ap - 10];
    assert instance.r.x = result_x;
    assert instance.r.y = result_y;
    let (end) = get_ap();
    // Every bit took the same number of cells: there were at most `MAX_BITS`.
    assert [range_check_ptr] = MAX_BITS * CELLS_PER_BIT + EXTRA_CELLS - (end - begin);
    let range_check_ptr = range_check_ptr + 1;
    return ();
}

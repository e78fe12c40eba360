// Proves that a sum of multiples of points on the STARK curve, y^2 = x^3 + x + BETA, is the identity.
//
// A scalar is written to base 16 with digits from -8 to 7 below a leading digit 1. There is a column for each of the
// 64 places. It begins as the same arbitrary point, 15 * offset, and every term adds the multiple of its point that
// its digit in that place names. At the end the columns are folded into one point, from the highest place down. The
// fold starts at -offset, and with 16 * (-offset) + 15 * offset = -offset it must end there, too.
//
// The curve's order is an odd prime, so no point doubles to the identity, and among the first eight multiples of a
// point none is another's negative. Wherever else points are added, the difference of their x is tested: it is never
// zero, so that no slope is free and no sum is the identity.

from starkware.cairo.common.ec_point import EcPoint
from starkware.cairo.common.registers import get_fp_and_pc

const BETA = 0x6f21413efbe40de150e596d72f7a8c5609ad26c15c915c1f4cdfcb99cee9e89;

// 3/2 and 1/2 in the field.
const THREE_HALVES = 3 / 2;
const HALF = 1 / 2;

// Places of a long and of a short scalar, the leading digit's included.
const LONG_PLACES = 64;
const SHORT_PLACES = 33;

// A short scalar is this plus any integer below 2^128: 16^32 - 8 * (16^32 - 1) / 15.
const SHORT_BASE = 2 ** 128 - 0x88888888888888888888888888888888;

// Cells that a place takes in a frame of `add_terms`, and where among them the column's point is.
const PLACE_CELLS = 15;
const PLACE_X = 9;
const PLACE_Y = 12;
// Where the places begin in a frame, and the distance to the next frame: all places, two arguments, and what `call`
// writes.
const PLACES = 72;
const FRAME_CELLS = PLACES + LONG_PLACES * PLACE_CELLS + 4;
// Where a frame holds what is left of the scalar after 16, 32 and 48 digits: the last cell of a place.
const REST_16 = PLACES + 16 * PLACE_CELLS - 1;
const REST_32 = PLACES + 32 * PLACE_CELLS - 1;
const REST_48 = PLACES + 48 * PLACE_CELLS - 1;

// What `skipped` is for a short scalar; for a long one, it is 0.
const SKIPPED = (LONG_PLACES - SHORT_PLACES) * PLACE_CELLS;

// A multiple of a point.
struct Term {
    // On the curve.
    point: EcPoint,
    // The scalar modulo the field's prime. Its digits are in the frame.
    scalar: felt,
    // Cells of the places that a scalar does not have.
    skipped: felt,
    // The frame of `add_terms` that adds the term. Written by it.
    frame: felt*,
}

func assert_on_curve(point: EcPoint) {
    tempvar x = point.x;
    tempvar cubic = (x * x + 1) * x;
    assert point.y * point.y = cubic + BETA;
    return ();
}

// Twice a point of the curve.
func double(point: EcPoint) -> (point: EcPoint) {
    tempvar slope = (point.x * point.x * THREE_HALVES + HALF) / point.y;
    tempvar x = slope * slope - point.x - point.x;
    return (point=EcPoint(x=x, y=slope * (point.x - x) - point.y));
}

// Proves that the terms from `start` up to `end` add up to the identity. Those from `long` on have long scalars,
// those before have short ones; there are some of each.
func assert_sum_is_identity(start: Term*, long: Term*, end: Term*) {
    alloc_locals;
    local offset: EcPoint;
    // Any point on the curve will do; one that meets a column's point cannot be used.
    %{ zkthreads.ec_sum_offset(ids.start, ids.offset) %}
    assert_on_curve(offset);
    let (point) = double(offset);
    let (point) = double(point);
    let (point) = double(point);
    let (point) = double(point);
    tempvar slope = (point.y + offset.y) / (point.x - offset.x);
    tempvar x = slope * slope - point.x - offset.x;
    tempvar y = slope * (offset.x - x) + offset.y;
    begin_columns(x=x, y=y, end=end, start=start);

    // The columns of places that short scalars lack are in the frame of the long term that came last.
    let (sum) = fold_columns(
        column=long.frame + PLACES + (LONG_PLACES - 1) * PLACE_CELLS,
        left=LONG_PLACES - SHORT_PLACES,
        x=offset.x,
        y=-offset.y,
    );
    let (sum) = fold_columns(
        column=start.frame + PLACES + (SHORT_PLACES - 1) * PLACE_CELLS, left=SHORT_PLACES, x=sum.x, y=sum.y
    );
    assert sum.x = offset.x;
    assert sum.y = -offset.y;
    return ();
}

// Sets all columns to the point, in a frame of the same layout as those of `add_terms`, and adds the terms.
func begin_columns(x: felt, y: felt, end: Term*, start: Term*) {
    ap += PLACES - 1;
    tempvar left = LONG_PLACES;

    next:
    [ap + PLACE_X] = x;
    [ap + PLACE_Y] = y;
    [ap + PLACE_X + PLACE_CELLS] = x;
    [ap + PLACE_Y + PLACE_CELLS] = y;
    [ap + PLACE_X + 2 * PLACE_CELLS] = x;
    [ap + PLACE_Y + 2 * PLACE_CELLS] = y;
    [ap + PLACE_X + 3 * PLACE_CELLS] = x;
    [ap + PLACE_Y + 3 * PLACE_CELLS] = y;
    ap += 4 * PLACE_CELLS - 1;
    [ap] = [ap - 4 * PLACE_CELLS] + (-4), ap++;
    jmp next if [ap - 1] != 0;

    return add_terms(end=end, start=start);
}

// Adds the terms before `end` down to `start` to the columns in the caller's frame.
//
// A frame holds the columns at its end, place by place. All frames have the same length, so that a column is found
// `FRAME_CELLS` before its successor. The length is checked at the next call, and with it the number of digits.
func add_terms(end: Term*, start: Term*) {
    alloc_locals;
    let (__fp__, _) = get_fp_and_pc();
    assert cast(__fp__, felt) = [fp - 2] + FRAME_CELLS;
    if (end == start) {
        return ();
    }
    local term: Term* = end - Term.SIZE;
    assert term.frame = __fp__;
    local skipped = term.skipped;

    // The point's first eight multiples.
    local x1 = term.point.x;
    local y1 = term.point.y;
    tempvar slope = (x1 * x1 * THREE_HALVES + HALF) / y1;
    local x2 = slope * slope - x1 - x1;
    local y2 = slope * (x1 - x2) - y1;
    tempvar slope = (y2 - y1) / (x2 - x1);
    local x3 = slope * slope - x2 - x1;
    local y3 = slope * (x1 - x3) - y1;
    tempvar slope = (y3 - y1) / (x3 - x1);
    local x4 = slope * slope - x3 - x1;
    local y4 = slope * (x1 - x4) - y1;
    tempvar slope = (y4 - y1) / (x4 - x1);
    local x5 = slope * slope - x4 - x1;
    local y5 = slope * (x1 - x5) - y1;
    tempvar slope = (y5 - y1) / (x5 - x1);
    local x6 = slope * slope - x5 - x1;
    local y6 = slope * (x1 - x6) - y1;
    tempvar slope = (y6 - y1) / (x6 - x1);
    local x7 = slope * slope - x6 - x1;
    local y7 = slope * (x1 - x7) - y1;
    tempvar slope = (y7 - y1) / (x7 - x1);
    local x8 = slope * slope - x7 - x1;
    local y8 = slope * (x1 - x8) - y1;

    // Nothing to bind: it tells the next hint the digits.
    %{ zkthreads.ec_sum_digits(ids.term) %}
    tempvar rest = term.scalar;

    place:
    let x = [ap - FRAME_CELLS + PLACE_X];
    let y = [ap - FRAME_CELLS + PLACE_Y];
    let rest = [ap - 1];
    // Writes the lowest digit plus 8, in four bits from the highest down, to `[ap]`. They choose which digit is taken
    // from `rest`; nothing is left of it after the last one, a 1, and the length of the frame says how many there are.
    %{ zkthreads.ec_sum_digit() %}
    jmp bits_1 if [ap] != 0, ap++;
    jmp bits_01 if [ap] != 0, ap++;
    jmp bits_001 if [ap] != 0, ap++;
    jmp minus_7 if [ap] != 0, ap++;
    tempvar dx = x - x8;
    tempvar slope = (y + y8) / dx;
    tempvar new_x = slope * slope - x - x8;
    tempvar new_y = slope * (x - new_x) - y;
    tempvar new_rest = (rest + 8) / 16;
    jmp place if dx != 0;
    jmp same_x;

    minus_7:
    tempvar dx = x - x7;
    tempvar slope = (y + y7) / dx;
    tempvar new_x = slope * slope - x - x7;
    tempvar new_y = slope * (x - new_x) - y;
    tempvar new_rest = (rest + 7) / 16;
    jmp place if dx != 0;
    jmp same_x;

    bits_001:
    jmp minus_5 if [ap] != 0, ap++;
    tempvar dx = x - x6;
    tempvar slope = (y + y6) / dx;
    tempvar new_x = slope * slope - x - x6;
    tempvar new_y = slope * (x - new_x) - y;
    tempvar new_rest = (rest + 6) / 16;
    jmp place if dx != 0;
    jmp same_x;

    minus_5:
    tempvar dx = x - x5;
    tempvar slope = (y + y5) / dx;
    tempvar new_x = slope * slope - x - x5;
    tempvar new_y = slope * (x - new_x) - y;
    tempvar new_rest = (rest + 5) / 16;
    jmp place if dx != 0;
    jmp same_x;

    bits_01:
    jmp bits_011 if [ap] != 0, ap++;
    jmp minus_3 if [ap] != 0, ap++;
    tempvar dx = x - x4;
    tempvar slope = (y + y4) / dx;
    tempvar new_x = slope * slope - x - x4;
    tempvar new_y = slope * (x - new_x) - y;
    tempvar new_rest = (rest + 4) / 16;
    jmp place if dx != 0;
    jmp same_x;

    minus_3:
    tempvar dx = x - x3;
    tempvar slope = (y + y3) / dx;
    tempvar new_x = slope * slope - x - x3;
    tempvar new_y = slope * (x - new_x) - y;
    tempvar new_rest = (rest + 3) / 16;
    jmp place if dx != 0;
    jmp same_x;

    bits_011:
    jmp minus_1 if [ap] != 0, ap++;
    tempvar dx = x - x2;
    tempvar slope = (y + y2) / dx;
    tempvar new_x = slope * slope - x - x2;
    tempvar new_y = slope * (x - new_x) - y;
    tempvar new_rest = (rest + 2) / 16;
    jmp place if dx != 0;
    jmp same_x;

    minus_1:
    tempvar dx = x - x1;
    tempvar slope = (y + y1) / dx;
    tempvar new_x = slope * slope - x - x1;
    tempvar new_y = slope * (x - new_x) - y;
    tempvar new_rest = (rest + 1) / 16;
    jmp place if dx != 0;
    jmp same_x;

    bits_1:
    jmp bits_11 if [ap] != 0, ap++;
    jmp bits_101 if [ap] != 0, ap++;
    jmp plus_1 if [ap] != 0, ap++;
    // The digit is 0, and the column stays.
    [ap + PLACE_X - 4] = x;
    [ap + PLACE_Y - 4] = y;
    ap += PLACE_CELLS - 5;
    tempvar new_rest = rest / 16;
    jmp place;

    plus_1:
    tempvar dx = x1 - x;
    tempvar slope = (y1 - y) / dx;
    tempvar new_x = slope * slope - x - x1;
    tempvar new_y = slope * (x - new_x) - y;
    tempvar new_rest = (rest - 1) / 16;
    jmp plus_1_done if dx != 0;
    jmp same_x;

    plus_1_done:
    jmp place if new_rest != 0;
    ap += skipped;
    return add_terms(end=term, start=start);

    same_x:
    assert 1 = 0;
    ret;

    bits_101:
    jmp plus_3 if [ap] != 0, ap++;
    tempvar dx = x2 - x;
    tempvar slope = (y2 - y) / dx;
    tempvar new_x = slope * slope - x - x2;
    tempvar new_y = slope * (x - new_x) - y;
    tempvar new_rest = (rest - 2) / 16;
    jmp place if dx != 0;
    jmp same_x;

    plus_3:
    tempvar dx = x3 - x;
    tempvar slope = (y3 - y) / dx;
    tempvar new_x = slope * slope - x - x3;
    tempvar new_y = slope * (x - new_x) - y;
    tempvar new_rest = (rest - 3) / 16;
    jmp place if dx != 0;
    jmp same_x;

    bits_11:
    jmp bits_111 if [ap] != 0, ap++;
    jmp plus_5 if [ap] != 0, ap++;
    tempvar dx = x4 - x;
    tempvar slope = (y4 - y) / dx;
    tempvar new_x = slope * slope - x - x4;
    tempvar new_y = slope * (x - new_x) - y;
    tempvar new_rest = (rest - 4) / 16;
    jmp place if dx != 0;
    jmp same_x;

    plus_5:
    tempvar dx = x5 - x;
    tempvar slope = (y5 - y) / dx;
    tempvar new_x = slope * slope - x - x5;
    tempvar new_y = slope * (x - new_x) - y;
    tempvar new_rest = (rest - 5) / 16;
    jmp place if dx != 0;
    jmp same_x;

    bits_111:
    jmp plus_7 if [ap] != 0, ap++;
    tempvar dx = x6 - x;
    tempvar slope = (y6 - y) / dx;
    tempvar new_x = slope * slope - x - x6;
    tempvar new_y = slope * (x - new_x) - y;
    tempvar new_rest = (rest - 6) / 16;
    jmp place if dx != 0;
    jmp same_x;

    plus_7:
    tempvar dx = x7 - x;
    tempvar slope = (y7 - y) / dx;
    tempvar new_x = slope * slope - x - x7;
    tempvar new_y = slope * (x - new_x) - y;
    tempvar new_rest = (rest - 7) / 16;
    jmp place if dx != 0;
    jmp same_x;
}

// Folds `left` columns, from the one at `column` down, into the point: sum = 16 * sum + column.
func fold_columns(column: felt*, left: felt, x: felt, y: felt) -> (sum: EcPoint) {
    tempvar column = column;
    tempvar left = left;
    tempvar x = x;
    tempvar y = y;

    next:
    tempvar slope = (x * x * THREE_HALVES + HALF) / y;
    tempvar x2 = slope * slope - x - x;
    tempvar y2 = slope * (x - x2) - y;
    tempvar slope = (x2 * x2 * THREE_HALVES + HALF) / y2;
    tempvar x4 = slope * slope - x2 - x2;
    tempvar y4 = slope * (x2 - x4) - y2;
    tempvar slope = (x4 * x4 * THREE_HALVES + HALF) / y4;
    tempvar x8 = slope * slope - x4 - x4;
    tempvar y8 = slope * (x4 - x8) - y4;
    tempvar slope = (x8 * x8 * THREE_HALVES + HALF) / y8;
    tempvar x16 = slope * slope - x8 - x8;
    tempvar y16 = slope * (x8 - x16) - y8;

    tempvar column_x = column[PLACE_X];
    tempvar dx = column_x - x16;
    tempvar slope = (column[PLACE_Y] - y16) / dx;
    tempvar sum_x = slope * slope - x16 - column_x;
    tempvar sum_y = slope * (x16 - sum_x) - y16;
    jmp distinct if dx != 0;
    assert 1 = 0;
    ret;

    distinct:
    tempvar column = column - PLACE_CELLS;
    tempvar left = left - 1;
    tempvar x = sum_x;
    tempvar y = sum_y;
    jmp next if left != 0;
    return (sum=EcPoint(x=x, y=y));
}

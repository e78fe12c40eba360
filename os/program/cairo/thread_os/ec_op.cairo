// Checks instances of the ec_op builtin in Cairo, all at once: r = p + m * q on the STARK curve.
//
// The proof's preprocessed trace has no ec_op component, so contracts get a segment of the OS's own for their ec_op
// instances. All instances i are true at once, but for a probability of 2^-128, if the sum of
//     c_i * (p_i - r_i) + (c_i * m_i) * q_i
// is the identity for coefficients c_i of 128 bits that a hash of all instances yields. Instances with the same q share
// one term.

from starkware.cairo.common.alloc import alloc
from starkware.cairo.common.builtin_poseidon.poseidon import poseidon_hash, poseidon_hash_many
from starkware.cairo.common.cairo_builtins import EcOpBuiltin, PoseidonBuiltin
from starkware.cairo.common.dict_access import DictAccess
from starkware.cairo.common.ec_point import EcPoint
from starkware.cairo.common.squash_dict import squash_dict
from thread_os.ec_sum import (
    REST_16,
    REST_32,
    REST_48,
    SHORT_BASE,
    SKIPPED,
    Term,
    assert_on_curve,
    assert_sum_is_identity,
    double,
)

// The curve's order, a prime, and the digits of it to base 2^64.
const ORDER_0 = 0x1e66a241adc64d2f;
const ORDER_1 = 0xb781126dcae7b232;
const ORDER_2 = 0xffffffffffffffff;
const ORDER_3 = 0x800000000000010;
const ORDER = ORDER_0 + 2 ** 64 * ORDER_1 + 2 ** 128 * ORDER_2 + 2 ** 192 * ORDER_3;

// The upper part of the field's greatest element; its lower part is 0.
const MAX_HIGH = (-1) / 2 ** 128;

// Numbers from -2^147 to 2^147 come in two cells, of which the second counts 2^20 times.
const WIDE_SHIFT = 2 ** 20;
const WIDE_OFFSET = 2 ** 147;

// What the instances with one q, up to some instance, add to its scalar: the sum of c * m, as four integers that count
// 1, 2^64, 2^128 and 2^192 times. They are far below the field's prime.
struct Sum {
    q: EcPoint,
    s0: felt,
    s1: felt,
    s2: felt,
    s3: felt,
}

// Checks the instances from `start` up to `end`.
func check_instances{range_check_ptr, poseidon_ptr: PoseidonBuiltin*}(start: EcOpBuiltin*, end: EcOpBuiltin*) {
    alloc_locals;
    if (start == end) {
        return ();
    }
    let (seed) = poseidon_hash_many(end - start, cast(start, felt*));
    let (local start_terms: Term*) = alloc();
    let (sums: Sum*) = alloc();
    let (local start_log: DictAccess*) = alloc();
    let terms = start_terms;
    let log = start_log;
    with terms, sums, log {
        weigh_instances(seed, start, end);
    }
    local long_terms: Term* = terms;
    if (start_terms == long_terms) {
        return ();
    }
    let (local squashed: DictAccess*) = alloc();
    let (local squashed_end) = squash_dict(start_log, log, squashed);
    let terms = long_terms;
    with terms {
        add_long_terms(squashed, squashed_end);
    }
    assert_sum_is_identity(start_terms, long_terms, terms);
    check_scalars(squashed, squashed_end, long_terms);
    return ();
}

// Gives every instance its coefficient and its short term, and adds its product of coefficient and m to the sum for
// its q. `log` holds, for every q, which sum follows which.
func weigh_instances{
    range_check_ptr, poseidon_ptr: PoseidonBuiltin*, terms: Term*, sums: Sum*, log: DictAccess*
}(seed: felt, instance: EcOpBuiltin*, end: EcOpBuiltin*) {
    alloc_locals;
    if (instance == end) {
        return ();
    }
    assert_on_curve(instance.p);
    assert_on_curve(instance.q);
    assert_on_curve(instance.r);

    // p - r.
    if (instance.p.x == instance.r.x) {
        if (instance.p.y == instance.r.y) {
            // m * q is the identity.
            assert instance.m * (instance.m - ORDER) = 0;
            return weigh_instances(seed, instance + EcOpBuiltin.SIZE, end);
        }
        let (difference) = double(instance.p);
        assert terms.point = difference;
    } else {
        tempvar p: EcPoint = instance.p;
        tempvar r: EcPoint = instance.r;
        tempvar slope = (p.y + r.y) / (p.x - r.x);
        tempvar x = slope * slope - p.x - r.x;
        assert terms.point.x = x;
        assert terms.point.y = slope * (p.x - x) - p.y;
    }

    let (hash) = poseidon_hash(seed, end - instance);
    let (_, low) = split(hash);
    tempvar coefficient = low + SHORT_BASE;
    assert terms.scalar = coefficient;
    assert terms.skipped = SKIPPED;
    let (local m_high, local m_low) = split(instance.m);

    // Writes the coefficient's lower 64 bits, the same times 2^64, and what is above them. Bound by the range checks
    // and the assertions below.
    %{ zkthreads.ec_op_halves(ids.coefficient, ids.range_check_ptr) %}
    tempvar c_low = [range_check_ptr];
    assert [range_check_ptr + 1] = c_low * 2 ** 64;
    tempvar c_high = [range_check_ptr + 2];
    assert coefficient = c_low + c_high * 2 ** 64;
    let range_check_ptr = range_check_ptr + 3;

    // Writes a number for q, and the sum so far or 0 if there is none. Bound by `squash_dict`: each sum goes into just
    // one other sum or term. A sum for q that begins anew makes a term of its own.
    %{ zkthreads.ec_op_group(ids.instance, ids.log, ids.sums) %}
    assert log.new_value = cast(sums, felt);
    let previous = cast(log.prev_value, Sum*);
    assert sums.q = instance.q;
    if (cast(previous, felt) == 0) {
        assert sums.s0 = c_low * m_low;
        assert sums.s1 = c_high * m_low;
        assert sums.s2 = c_low * m_high;
        assert sums.s3 = c_high * m_high;
    } else {
        assert previous.q = instance.q;
        assert sums.s0 = previous.s0 + c_low * m_low;
        assert sums.s1 = previous.s1 + c_high * m_low;
        assert sums.s2 = previous.s2 + c_low * m_high;
        assert sums.s3 = previous.s3 + c_high * m_high;
    }

    let terms = terms + Term.SIZE;
    let sums = sums + Sum.SIZE;
    let log = log + DictAccess.SIZE;
    return weigh_instances(seed, instance + EcOpBuiltin.SIZE, end);
}

// Splits an element of the field, as an integer below the prime, into what is above 2^128 and what is below.
func split{range_check_ptr}(value: felt) -> (high: felt, low: felt) {
    // Writes low, high, and how far high is from its maximum. Bound by the range checks and the assertions.
    %{ zkthreads.ec_op_split(ids.value, ids.range_check_ptr) %}
    tempvar low = [range_check_ptr];
    tempvar high = [range_check_ptr + 1];
    tempvar below_max = [range_check_ptr + 2];
    assert value = low + high * 2 ** 128;
    assert high + below_max = MAX_HIGH;
    let range_check_ptr = range_check_ptr + 3;
    jmp below if below_max != 0;
    assert low = 0;

    below:
    return (high=high, low=low);
}

// Makes a term of the last sum for every q.
func add_long_terms{terms: Term*}(squashed: DictAccess*, end: DictAccess*) {
    if (squashed == end) {
        return ();
    }
    // The first sum had none before it.
    assert squashed.prev_value = 0;
    let sum = cast(squashed.new_value, Sum*);
    assert terms.point = sum.q;
    assert terms.skipped = 0;
    // Writes `terms.scalar`. Bound by `check_scalars`.
    %{ zkthreads.ec_op_scalar(ids.sum, ids.terms) %}
    let terms = terms + Term.SIZE;
    return add_long_terms(squashed + DictAccess.SIZE, end);
}

// Checks that every long term's scalar is its sum modulo the curve's order: sum - factor * ORDER - scalar = 0, as
// integers, by long subtraction to base 2^64.
//
// With rest_k for what is left of the scalar after k digits, its digits to that base are scalar - 2^64 * rest_16,
// rest_16 - 2^64 * rest_32, rest_32 - 2^64 * rest_48 and rest_48. Every side of every equation is below 2^220.
func check_scalars{range_check_ptr}(squashed: DictAccess*, end: DictAccess*, term: Term*) {
    if (squashed == end) {
        return ();
    }
    let sum = cast(squashed.new_value, Sum*);
    tempvar frame = term.frame;
    tempvar rest_16 = frame[REST_16];
    tempvar rest_32 = frame[REST_32];
    tempvar rest_48 = frame[REST_48];
    // Writes the factor and three carries, each in two cells. Bound by the range checks and the equations.
    %{ zkthreads.ec_op_carries(ids.sum, ids.term, ids.rest_16, ids.rest_32, ids.rest_48, ids.range_check_ptr) %}
    let cells = cast(range_check_ptr, felt*);
    tempvar factor = cells[0] + cells[1] * WIDE_SHIFT - WIDE_OFFSET;
    tempvar carry_0 = cells[2] + cells[3] * WIDE_SHIFT - WIDE_OFFSET;
    tempvar carry_1 = cells[4] + cells[5] * WIDE_SHIFT - WIDE_OFFSET;
    tempvar carry_2 = cells[6] + cells[7] * WIDE_SHIFT - WIDE_OFFSET;
    assert (carry_0 - rest_16) * 2 ** 64 = sum.s0 - factor * ORDER_0 - term.scalar;
    assert (carry_1 - rest_32) * 2 ** 64 = sum.s1 - factor * ORDER_1 - rest_16 + carry_0;
    assert (carry_2 - rest_48) * 2 ** 64 = sum.s2 - factor * ORDER_2 - rest_32 + carry_1;
    assert factor * ORDER_3 + rest_48 = sum.s3 + carry_2;
    let range_check_ptr = range_check_ptr + 8;
    return check_scalars(squashed + DictAccess.SIZE, end, term + Term.SIZE);
}

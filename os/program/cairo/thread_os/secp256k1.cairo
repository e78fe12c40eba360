// The curve y^2 = x^3 + 7 of secp256k1, as far as the Cairo library leaves it to us.
//
// The library takes a point whose x is zero for the identity. No other point has such an x, since 7 is no square.

from starkware.cairo.common.cairo_secp.bigint3 import SumBigInt3, UnreducedBigInt3
from starkware.cairo.common.cairo_secp.constants import BETA
from starkware.cairo.common.cairo_secp.ec_point import EcPoint
from starkware.cairo.common.cairo_secp.field import is_zero, reduce, unreduced_mul, unreduced_sqr

// Whether x and y, whose limbs are reduced, satisfy the curve's equation.
func is_on_secp256k1{range_check_ptr}(point: EcPoint) -> (yes: felt) {
    alloc_locals;
    let (x_square) = unreduced_sqr(point.x);
    let (x_square_reduced) = reduce(x_square);
    let (x_cube) = unreduced_mul(point.x, x_square_reduced);
    let (y_square) = unreduced_sqr(point.y);
    let (difference) = reduce(
        UnreducedBigInt3(
            d0=x_cube.d0 + BETA - y_square.d0,
            d1=x_cube.d1 - y_square.d1,
            d2=x_cube.d2 - y_square.d2,
        ),
    );
    let (yes) = is_zero(SumBigInt3(d0=difference.d0, d1=difference.d1, d2=difference.d2));
    return (yes=yes);
}

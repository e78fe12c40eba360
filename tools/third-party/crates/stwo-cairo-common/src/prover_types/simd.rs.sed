# Rust 1.95 renamed the conversion of a mask in the portable SIMD API.
497s/\.to_int()/.to_simd()/

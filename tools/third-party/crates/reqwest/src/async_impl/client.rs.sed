# As in Cargo.toml: ring.
2510s/aws_lc_rs/ring/

# What only the published build script needs: bindgen, which needs libclang, is replaced by bindings.rs.
/^bindgen-\(runtime\|static\) = /d
/^    "bindgen\/runtime",$/d
/^\[build-dependencies\.bindgen\]$/,/^$/d
/^\[build-dependencies\.rustflags\]$/,/^$/d
# Formats that zstd had before its first release: no database of ours has one.
/^    "legacy",$/d

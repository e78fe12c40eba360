# TLS by ring alone: jsonrpsee's client uses it anyway, and aws-lc is some 400 files of C and assembler besides. The
# feature keeps its name, which is in other crates' manifests.
/^__rustls-aws-lc-rs = \[$/,/^\]$/s/?\/aws-lc-rs"/?\/ring"/

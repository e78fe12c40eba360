# What only the parser needed.
s|^build = "src/build.rs"$|build = false|
/^\[dependencies\.lalrpop-util\]$/,/^$/d
/^\[build-dependencies\.lalrpop\]$/,/^$/d
/^\[build-dependencies\.regex\]$/,/^$/d

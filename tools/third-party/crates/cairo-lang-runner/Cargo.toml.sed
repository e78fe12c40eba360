# What only the profiler and the command line options needed.
/^\[dependencies\.cairo-lang-lowering\]$/,/^$/d
/^\[dependencies\.cairo-lang-sierra-generator\]$/,/^$/d
/^\[dependencies\.cairo-lang-starknet\]$/,/^$/d
/^\[dependencies\.clap\]$/,/^$/d
/^\[dependencies\.salsa\]$/,/^$/d

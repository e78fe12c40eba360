# src/lib.rs of cairo-lang-sierra 2.21.0 without the parser of Sierra's text form: classes come as felts, and making the
# parser takes a parser generator. Line numbers are those of the published file.
12,13d
26,34d

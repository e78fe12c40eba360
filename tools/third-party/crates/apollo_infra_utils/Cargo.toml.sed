# An allocator that is compiled, by its own configure script, and then set by nobody.
/^\[dependencies\.tikv-jemallocator\]$/,/^$/d

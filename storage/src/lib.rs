//! Typed RocksDB tables, state history and the Patricia tries.

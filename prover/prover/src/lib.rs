//! Trace and proof of a sub-block.

//! None is needed.

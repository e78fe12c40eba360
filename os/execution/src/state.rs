//! Blockifier's view of our storage.

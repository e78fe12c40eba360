//! Tests of the database through its public interface, in one binary.

mod base_cache;
mod check;
mod concurrency;
mod crash;
mod dump;
mod fork;
mod history;
mod journal;
mod oracle;
mod prune;
mod refusals;
mod reopening;
mod revert;
mod rows;
mod storage_proofs;
mod support;
mod trie_properties;

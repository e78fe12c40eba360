//! Tests of the database through its public interface, in one binary.

mod concurrency;
mod crash;
mod history;
mod oracle;
mod refusals;
mod reopening;
mod rows;
mod storage_proofs;
mod support;
mod trie_properties;

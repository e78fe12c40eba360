//! Tests of the database through its public interface, in one binary.

mod base_cache;
mod block_bytes;
mod check;
mod concurrency;
mod crash;
mod dump;
mod events;
mod followed;
mod fork;
mod history;
mod journal;
mod migrate;
mod oracle;
mod packages;
mod prune;
mod refusals;
mod reopening;
mod revert;
mod rows;
mod storage_proofs;
mod support;
mod thread_journal;
mod thread_journal_crash;
mod times;
mod trie_properties;

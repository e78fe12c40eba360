//! The tables.

use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::hash::StateRoots;
use starknet_api::state::{StorageKey, ThinStateDiff};
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{L1TransactionHash, LogicalTime, PackageDigest, StateCell};

use super::events_in_block::EventsInBlock;
use super::keys::{BLOCK_BYTES, Backwards, FELT_BYTES, Holder};
use super::rows::{
    Beginning, Contract, Header, InnerPlace, JournalNext, Latest, Received, Tip, TransactionPlace, Undo,
};
use super::table::{Layout, Table};
use super::{decode, decode_key};
use crate::StorageError;
use crate::model::{
    BlockTransaction, ClassRecord, ForkPoint, PackageSummary, PooledTransaction, RejectedTransaction,
    SettledInner, TransactionTrace,
};
use crate::thread_journal::{JournalOwner, JournalPlace, JournalSubBlock};
use crate::trie::{Path, TrieNode};

/// What can be said of a table without naming its types.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnyTable {
    /// Name of the column family.
    pub(crate) name: &'static str,
    /// How it is laid out.
    pub(crate) layout: Layout,
    /// Whether these are the bytes of a key and of a row.
    pub(crate) check: fn(&[u8], &[u8]) -> Result<(), StorageError>,
}

fn check<T: Table>(key: &[u8], row: &[u8]) -> Result<(), StorageError> {
    decode_key::<T>(key)?;
    decode::<T>(row)?;
    Ok(())
}

macro_rules! tables {
    (
        $(#[$list_doc:meta])* $list:ident:
        $($(#[$doc:meta])* $table:ident = $name:literal: $key:ty => $value:ty, $layout:expr;)*
    ) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub(crate) enum $table {}

            impl Table for $table {
                const NAME: &'static str = $name;
                const LAYOUT: Layout = $layout;
                type Key = $key;
                type Value = $value;
            }
        )*

        $(#[$list_doc])*
        pub(crate) const $list: &[AnyTable] =
            &[$(AnyTable { name: $name, layout: $layout, check: check::<$table> }),*];
    };
}

tables! {
    /// Every table of a chain.
    TABLES:

    /// The schema version: one row, in the column family that every RocksDB database has.
    Schema = "default": () => u32, Layout::Point;
    /// The last committed block: one row.
    Tips = "tip": () => Tip, Layout::Point;
    /// Where the chain begins, if not at block 0 or if it is followed: one row, or none.
    Beginnings = "fork": () => Beginning, Layout::Point;
    /// The first block after which the state is available, if earlier ones were pruned: one row, or none.
    Oldest = "oldest": () => BlockNumber, Layout::Point;
    /// Headers.
    Headers = "headers": BlockNumber => Header, Layout::Point;
    /// Block numbers by hash.
    BlockNumbers = "block_numbers": BlockHash => BlockNumber, Layout::Point;
    /// Transactions and receipts, by block and index.
    Transactions = "transactions": (BlockNumber, u32) => BlockTransaction, Layout::Blob;
    /// Where transactions are, by hash.
    TransactionPlaces = "transaction_places": TransactionHash => TransactionPlace, Layout::Point;
    /// What transactions did, by block and index.
    Traces = "traces": (BlockNumber, u32) => TransactionTrace, Layout::Blob;
    /// Where inner transactions that settled are, by hash.
    InnerPlaces = "inner_places": TransactionHash => InnerPlace, Layout::Point;
    /// The inner transactions that a thread transaction settled, by block and index, and where their events begin.
    SettledInners = "settled_inner": (BlockNumber, u32) => SettledInner, Layout::Blob;
    /// Where the events of a contract are, block by block.
    EventsByContract = "events_by_contract": (ContractAddress, BlockNumber) => EventsInBlock, Layout::Point;
    /// Where the events are that have a value for the key at a position, block by block.
    EventsByKey = "events_by_key": (u32, Felt, BlockNumber) => EventsInBlock, Layout::Point;
    /// The transactions that delivered an L1 transaction's messages, by block and place among the block's messages.
    L1Messages = "l1_messages": (L1TransactionHash, BlockNumber, u32) => TransactionHash, Layout::Prefix(FELT_BYTES);
    /// The last block accepted on L1: one row.
    L1Accepted = "l1_accepted": () => BlockNumber, Layout::Point;
    /// How packages of thread transactions are made up.
    PackageSummaries = "package_summaries": PackageDigest => PackageSummary, Layout::Point;
    /// Their segments by index: statement, inner transactions, events.
    PackageSegments = "package_segments": (PackageDigest, u32) => Vec<u8>, Layout::Blob;
    /// Their proofs, which are compressed already. A followed chain has none.
    PackageProofs = "package_proofs": (PackageDigest, u32) => Vec<u8>, Layout::PackedBlob;
    /// The transactions that name a package. Without one it is not kept.
    PackageHolders = "package_holders": (PackageDigest, Holder) => (), Layout::Point;
    /// State diffs.
    StateDiffs = "state_diffs": BlockNumber => ThinStateDiff, Layout::Blob;
    /// Classes, both kinds.
    Classes = "classes": ClassHash => ClassRecord, Layout::Blob;

    /// The latest state: class, nonce and storage root by contract.
    Contracts = "contracts": ContractAddress => Contract, Layout::Point;
    /// The latest state: storage. A cell without a row was never written.
    Cells = "cells": (ContractAddress, StorageKey) => Latest<Felt>, Layout::Point;
    /// Every write to a storage cell, last first.
    CellHistory = "cell_history": (ContractAddress, StorageKey, Backwards) => Felt, Layout::Prefix(2 * FELT_BYTES);
    /// Every nonce of a contract, last first.
    NonceHistory = "nonce_history": (ContractAddress, Backwards) => Nonce, Layout::Prefix(FELT_BYTES);
    /// Every class of a contract, last first.
    ClassHashHistory = "class_hash_history": (ContractAddress, Backwards) => ClassHash, Layout::Prefix(FELT_BYTES);

    /// When the cells were written that sub-blocks wrote, as the sub-blocks saw it, by the block that holds them. (Nothing of
    /// other writes: theirs is the block's time.)
    ThreadTimes = "thread_times": (BlockNumber, ContractAddress, StateCell) => LogicalTime, Layout::Prefix(BLOCK_BYTES);

    /// Roots of the contract and class tries after each block.
    Roots = "roots": BlockNumber => StateRoots, Layout::Point;
    /// Nodes of the contract trie, at the tip.
    ContractTrie = "contract_trie": Path => TrieNode, Layout::Point;
    /// Nodes of the storage tries, at the tip.
    StorageTries = "storage_tries": (ContractAddress, Path) => TrieNode, Layout::Point;
    /// Nodes of the class trie, at the tip.
    ClassTrie = "class_trie": Path => TrieNode, Layout::Point;
    /// What the blocks that changed the contract trie's nodes put an end to.
    ContractTrieHistory = "contract_trie_history": (Path, u32) => Option<TrieNode>, Layout::Point;
    /// The same of the storage tries.
    StorageTriesHistory = "storage_tries_history": ((ContractAddress, Path), u32) => Option<TrieNode>, Layout::Point;
    /// The same of the class trie.
    ClassTrieHistory = "class_trie_history": (Path, u32) => Option<TrieNode>, Layout::Point;
    /// What to look for when a block is reverted or its history pruned.
    Undos = "undo": BlockNumber => Undo, Layout::Blob;

    /// Pending transactions, without their packages.
    Pool = "pool": TransactionHash => PooledTransaction, Layout::Blob;
    /// The packages of pending transactions.
    PooledPackages = "pooled_packages": TransactionHash => PackageDigest, Layout::Point;
    /// Why pending transactions were dropped, in the order in which they were.
    PoolRejections = "pool_rejections": u64 => RejectedTransaction, Layout::Point;
}

tables! {
    /// Every table of a [cache](crate::CachedBase), the schema version aside.
    CACHE_TABLES:

    /// The block whose state this is: one row.
    BaseForks = "base_fork": () => ForkPoint, Layout::Point;
    /// Storage cells.
    BaseCells = "base_cells": (ContractAddress, StorageKey) => Felt, Layout::Point;
    /// Nonces.
    BaseNonces = "base_nonces": ContractAddress => Nonce, Layout::Point;
    /// Classes of contracts.
    BaseClassHashes = "base_class_hashes": ContractAddress => ClassHash, Layout::Point;
    /// Classes.
    BaseClasses = "base_classes": ClassHash => ClassRecord, Layout::Blob;
}

tables! {
    /// Every table of a [thread's journal](crate::ThreadJournal), the schema version aside.
    JOURNAL_TABLES:

    /// Whose journal it is: one row.
    JournalOwners = "journal_owner": () => JournalOwner, Layout::Point;
    /// What the next transaction and sub-block are called: one row.
    JournalNexts = "journal_next": () => JournalNext, Layout::Point;
    /// Transactions as they came, by their place in the order.
    JournalReceived = "journal_received": u64 => Received, Layout::Point;
    /// What became of transactions, by the same.
    JournalPlaces = "journal_places": u64 => JournalPlace, Layout::Point;
    /// Places in the order, by hash.
    JournalSeqs = "journal_seqs": TransactionHash => u64, Layout::Point;
    /// The transactions of which it is known what became of them, by the block in which that was.
    JournalFinished = "journal_finished": (BlockNumber, u64) => (), Layout::Point;
    /// Sub-blocks.
    JournalSubBlocks = "journal_sub_blocks": u64 => JournalSubBlock, Layout::Point;
    /// Settled sub-blocks, by the block that settled them.
    JournalSettled = "journal_settled": (BlockNumber, u64) => (), Layout::Point;
    /// Proven segments, by sub-block. Their proofs are compressed already.
    JournalSegments = "journal_segments": u64 => Vec<u8>, Layout::PackedBlob;
}

tables! {
    /// Tables that chains of earlier versions had.
    FORMER_TABLES:

    /// Packages of thread transactions, by transaction hash. Up to version 6.
    FormerPackages = "packages": TransactionHash => Vec<u8>, Layout::PackedBlob;
    /// Packages of pending transactions. Up to version 6.
    FormerPoolPackages = "pool_packages": TransactionHash => Vec<u8>, Layout::PackedBlob;
}

//! Building blocks from state diffs.

use anyhow::Context;
use indexmap::IndexMap;
use starknet_api::block::{BlockHash, BlockHeader, BlockHeaderWithoutHash, BlockNumber};
use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress, Nonce, PatriciaKey};
use starknet_api::state::{SierraContractClass, StorageKey, ThinStateDiff};
use starknet_types_core::felt::Felt;
use zkthreads_storage::{BlockCommit, ClassDefinition, ClassRecord, Storage};

pub(crate) fn key(felt: impl Into<Felt>) -> PatriciaKey {
    PatriciaKey::try_from(felt.into()).expect("below 2^251")
}

pub(crate) fn address(felt: impl Into<Felt>) -> ContractAddress {
    ContractAddress(key(felt))
}

pub(crate) fn cell(felt: impl Into<Felt>) -> StorageKey {
    StorageKey(key(felt))
}

/// A diff that sets storage cells: `(contract, key, value)`.
pub(crate) fn storage_diff(
    cells: impl IntoIterator<Item = (ContractAddress, StorageKey, Felt)>,
) -> ThinStateDiff {
    let mut diff = ThinStateDiff::default();
    for (contract, key, value) in cells {
        diff.storage_diffs.entry(contract).or_default().insert(key, value);
    }
    diff
}

/// A diff that touches every kind of thing, different for each block.
pub(crate) fn busy_diff(block: u64) -> ThinStateDiff {
    let contract = |n: u64| address(0x1000 + n % 7);
    ThinStateDiff {
        deployed_contracts: IndexMap::from([(contract(block), ClassHash(Felt::from(0xc0 + block)))]),
        nonces: IndexMap::from([(contract(block + 1), Nonce(Felt::from(block + 1)))]),
        storage_diffs: (0..3)
            .map(|n| {
                let cells = (0..5).map(|k| {
                    let value = if (block + k).is_multiple_of(4) { 0 } else { block * 100 + k };
                    (cell((block * k) % 23), Felt::from(value))
                });
                (contract(block + n), cells.collect())
            })
            .collect(),
        class_hash_to_compiled_class_hash: IndexMap::from([(
            ClassHash(Felt::from(0xc0 + block)),
            CompiledClassHash(Felt::from(0xcc00 + block)),
        )]),
        deprecated_declared_classes: Vec::new(),
    }
}

/// The next block, with this diff and no transactions.
pub(crate) fn next_block(storage: &Storage, diff: ThinStateDiff) -> anyhow::Result<BlockCommit> {
    let parent = storage.latest()?;
    let number = parent.map_or(BlockNumber(0), |parent| parent.unchecked_next());
    let parent_hash = match parent {
        Some(parent) => storage.header(parent)?.context("the tip has a header")?.block_hash,
        None => BlockHash::default(),
    };
    let state = storage.prepare_state(&diff)?;
    let classes = diff.class_hash_to_compiled_class_hash.iter();
    Ok(BlockCommit {
        header: BlockHeader {
            block_hash: block_hash(number),
            block_header_without_hash: BlockHeaderWithoutHash {
                parent_hash,
                block_number: number,
                state_root: state.global_root(),
                ..Default::default()
            },
            ..Default::default()
        },
        transactions: Vec::new(),
        traces: Vec::new(),
        packages: Vec::new(),
        inner_places: Vec::new(),
        l1_messages: Vec::new(),
        classes: classes.map(|(hash, compiled)| (*hash, class_record(*compiled, number))).collect(),
        state_diff: diff,
        state,
    })
}

pub(crate) fn block_hash(number: BlockNumber) -> BlockHash {
    BlockHash(Felt::from(0xb10c_0000 + number.0))
}

/// A class without code.
pub(crate) fn class_record(compiled: CompiledClassHash, declared_at: BlockNumber) -> ClassRecord {
    ClassRecord {
        definition: ClassDefinition::Legacy { class: Default::default() },
        compiled_class_hash: compiled,
        declared_at,
    }
}

/// Commits a block with this diff; gives its number.
pub(crate) fn commit(storage: &Storage, diff: ThinStateDiff) -> anyhow::Result<BlockNumber> {
    let block = next_block(storage, diff)?;
    let number = block.header.block_header_without_hash.block_number;
    storage.commit(block)?;
    Ok(number)
}

/// Everything the diffs set, applied one after the other: what the database must agree with.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Model {
    pub(crate) cells: IndexMap<(ContractAddress, StorageKey), Felt>,
    pub(crate) nonces: IndexMap<ContractAddress, Nonce>,
    pub(crate) class_hashes: IndexMap<ContractAddress, ClassHash>,
    pub(crate) compiled: IndexMap<ClassHash, CompiledClassHash>,
    /// The block that last wrote a cell.
    pub(crate) written_at: IndexMap<(ContractAddress, StorageKey), BlockNumber>,
    blocks: u64,
}

impl Model {
    pub(crate) fn apply(&mut self, diff: &ThinStateDiff) {
        for (contract, cells) in &diff.storage_diffs {
            self.cells.extend(cells.iter().map(|(key, value)| ((*contract, *key), *value)));
            self.written_at.extend(cells.keys().map(|key| ((*contract, *key), BlockNumber(self.blocks))));
        }
        self.blocks += 1;
        self.nonces.extend(&diff.nonces);
        self.class_hashes.extend(&diff.deployed_contracts);
        self.compiled.extend(&diff.class_hash_to_compiled_class_hash);
    }

    /// The diff that makes this state out of nothing.
    pub(crate) fn as_diff(&self) -> ThinStateDiff {
        let mut diff =
            storage_diff(self.cells.iter().map(|((contract, key), value)| (*contract, *key, *value)));
        diff.nonces = self.nonces.clone();
        diff.deployed_contracts = self.class_hashes.clone();
        diff.class_hash_to_compiled_class_hash = self.compiled.clone();
        diff
    }
}

/// A small Sierra class.
pub(crate) fn sierra_class() -> SierraContractClass {
    SierraContractClass { abi: "[]".into(), ..Default::default() }
}

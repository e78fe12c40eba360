//! Building blocks from state diffs.

use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;
use proptest::prelude::*;
use starknet_api::block::{BlockHash, BlockHeader, BlockHeaderWithoutHash, BlockNumber, BlockTimestamp};
use starknet_api::contract_class::EntryPointType;
use starknet_api::core::{
    ClassHash, CompiledClassHash, ContractAddress, EntryPointSelector, Nonce, PatriciaKey,
};
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::state::{SierraContractClass, StorageKey, ThinStateDiff};
use starknet_api::transaction::fields::{AllResourceBounds, Fee, ValidResourceBounds};
use starknet_api::transaction::{
    Event, EventContent, EventData, EventKey, InvokeTransactionV3, TransactionHash,
};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{
    BaseBlock, IncludedTransaction, InnerEvent, InnerOutcome, InnerTransaction, L1Message, L1TransactionHash,
    LogicalTime, OsProgramHash, Package, PackageDigest, Segment, SettleError, StateCell, Statement,
    ThreadFacts, Transaction,
};
use zkthreads_storage::{
    BlockCommit, BlockTransaction, CallGas, CallTrace, CallType, ClassDefinition, ClassRecord,
    ExecutionStatus, OrderedEvent, OrderedMessage, Receipt, SettledInner, Storage, ThreadOutcome,
    ThreadTimes, TransactionTrace,
};

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
    let (number, parent_hash) = storage.next_place()?;
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
        settled: Vec::new(),
        l1_messages: Vec::new(),
        classes: classes.map(|(hash, compiled)| (*hash, class_record(*compiled, number))).collect(),
        state_diff: diff,
        thread_times: Vec::new(),
        state,
    })
}

pub(crate) fn block_hash(number: BlockNumber) -> BlockHash {
    BlockHash(Felt::from(0xb10c_0000 + number.0))
}

/// The next block with something of every kind in it: transactions with traces, a thread with its package, inner
/// transactions and times, messages from L1. `salt` tells chains apart.
pub(crate) fn rich_block(storage: &Storage, diff: ThinStateDiff, salt: u64) -> anyhow::Result<BlockCommit> {
    let mut block = next_block(storage, diff)?;
    let number = block.header.block_header_without_hash.block_number;
    let hash = |n: u64| TransactionHash(Felt::from(salt << 32 | number.0 << 8 | n));
    block.header.block_hash.0 += Felt::from(salt << 32);
    block.transactions = (0..3).map(|n| BlockTransaction { hash: hash(n), ..transaction() }).collect();
    block.traces = (0..3).map(|n| trace(salt + n)).collect();
    block.header.n_transactions = 3;
    let package = package([hash(10), hash(11)], salt);
    block.transactions[1].body = thread(&package);
    block.transactions[1].receipt.events = package.events().map(|(_, event)| emitted(event)).collect();
    block.transactions[1].receipt.thread = Some(outcome(None));
    block.settled = vec![(1, SettledInner::of(0, &package.segments))];
    block.packages = vec![(digest(&package), Arc::new(package))];
    block.thread_times = thread_times(&block.state_diff, number, salt);
    let l1_transaction = |n: u64| L1TransactionHash::from(Felt::from(n));
    block.l1_messages =
        vec![(l1_transaction(7), hash(0)), (l1_transaction(number.0), hash(2)), (l1_transaction(7), hash(2))];
    Ok(block)
}

/// A package of two inner transactions, each of which emits an event. `salt` tells proofs apart.
pub(crate) fn package(hashes: [TransactionHash; 2], salt: u64) -> Package {
    let event = |transaction_index| InnerEvent {
        transaction_index,
        from_address: address(0xe7),
        content: EventContent { keys: vec![EventKey(Felt::from(salt))], data: EventData(vec![Felt::ONE]) },
    };
    let statement = Statement {
        chain_id: Felt::ONE,
        submitter: ContractAddress::default(),
        base_block: BaseBlock {
            number: BlockNumber(1),
            timestamp: BlockTimestamp(2),
            sequencer: address(0x5e9),
        },
        inner_transactions: hashes.map(|hash| InnerOutcome { hash, reverted: false }).into(),
        classes: vec![],
        contracts: vec![],
        event_count: 2,
        events_commitment: Felt::ZERO,
        messages: vec![],
    };
    let inner_transactions = (0..2).map(|n| IncludedTransaction::succeeded(inner_transaction(n))).collect();
    let (events, proof) = (vec![event(0), event(1)], vec![salt as u8; 10_000]);
    Segment { statement, inner_transactions, events, proof }.into()
}

/// What an inner transaction has emitted, as the receipt of its thread has it.
pub(crate) fn emitted(event: &InnerEvent) -> Event {
    Event { from_address: event.from_address, content: event.content.clone() }
}

/// Of a package of one segment, which settled if there is no error.
pub(crate) fn outcome(error: Option<SettleError>) -> ThreadOutcome {
    ThreadOutcome {
        settled_segments: u32::from(error.is_none()),
        error,
        failed_segment: None,
        segments: 1,
        package_bytes: 7,
        verify_micros: None,
    }
}

pub(crate) fn digest(package: &Package) -> PackageDigest {
    PackageDigest::of(&package.encode())
}

/// A thread transaction that names a package.
pub(crate) fn thread(package: &Package) -> Transaction {
    let facts =
        ThreadFacts { os_program_hash: OsProgramHash(Felt::from(5)), package_digest: digest(package) };
    let mut envelope = inner_transaction(0).as_invoke().clone();
    envelope.proof_facts = facts.to_proof_facts();
    Transaction::Thread { envelope, facts }
}

/// Times for every second change of a block: sub-blocks over the block before it made them.
fn thread_times(diff: &ThinStateDiff, block: BlockNumber, salt: u64) -> ThreadTimes {
    let storage = diff
        .storage_diffs
        .iter()
        .flat_map(|(contract, cells)| cells.keys().map(|key| (*contract, StateCell::Storage(*key))));
    let nonces = diff.nonces.keys().map(|contract| (*contract, StateCell::Nonce));
    let classes = diff.deployed_contracts.keys().map(|contract| (*contract, StateCell::ClassHash));
    let cells = storage.chain(nonces).chain(classes).step_by(2);
    let time = |number| LogicalTime { number, timestamp: BlockTimestamp(salt + block.0) };
    // Below block 0 there is nothing to be based on.
    block.prev().map_or(vec![], |base| cells.map(|cell| (cell, time(base))).collect())
}

/// Some transaction.
pub(crate) fn transaction() -> BlockTransaction {
    let body = Transaction::L1Handler(L1Message {
        tx: Default::default(),
        paid_fee: Fee(1),
        l1_transaction: Some(Felt::TWO.into()),
    });
    let receipt = Receipt {
        actual_fee: Fee(0),
        status: ExecutionStatus::Succeeded,
        events: vec![],
        messages: vec![],
        gas: Default::default(),
        deployed: None,
        thread: None,
    };
    BlockTransaction { hash: TransactionHash::default(), body, receipt }
}

/// A trace with calls as deep as they get.
pub(crate) fn trace(salt: u64) -> TransactionTrace {
    let call = (0..60).fold(None, |inner: Option<CallTrace>, depth| {
        Some(CallTrace {
            contract: address(salt),
            selector: EntryPointSelector(Felt::from(depth)),
            calldata: vec![Felt::MAX, Felt::from(salt)],
            caller: address(depth),
            class_hash: ClassHash(Felt::ONE),
            entry_point_type: EntryPointType::L1Handler,
            call_type: if depth % 2 == 0 { CallType::Call } else { CallType::LibraryCall },
            result: vec![Felt::ZERO],
            calls: inner.into_iter().collect(),
            events: vec![OrderedEvent { order: depth, content: Default::default() }],
            messages: vec![OrderedMessage { order: 1, to: Default::default(), payload: vec![Felt::TWO] }],
            gas: CallGas { l1_gas: salt, l2_gas: u64::MAX },
            failed: depth % 3 == 0,
        })
    });
    let state_diff = storage_diff([(address(1), cell(2), Felt::from(salt))]);
    TransactionTrace { validate: None, execute: call, fee_transfer: None, state_diff }
}

/// A database as RocksDB sees it, with all its tables: to do to it what no program of ours does.
pub(crate) fn raw(path: &Path) -> anyhow::Result<rocksdb::DB> {
    let options = rocksdb::Options::default();
    let families = rocksdb::DB::list_cf(&options, path)?;
    Ok(rocksdb::DB::open_cf(&options, path, families)?)
}

/// All rows, as the database's dump: equal for equal databases.
pub(crate) fn rows(storage: &Storage) -> anyhow::Result<Vec<u8>> {
    let mut dump = Vec::new();
    storage.export(&mut dump)?;
    Ok(dump)
}

/// A chain of rich blocks, one for each diff.
pub(crate) fn chain(path: &Path, diffs: &[ThinStateDiff], salt: u64) -> anyhow::Result<Storage> {
    let storage = Storage::open(path)?;
    for diff in diffs {
        storage.commit(rich_block(&storage, diff.clone(), salt)?)?;
    }
    Ok(storage)
}

/// Short chains of diffs over few contracts and cells, so that blocks overwrite and delete what others wrote.
/// Neighbouring keys, so that a seek that runs out of its prefix is noticed.
pub(crate) fn diffs() -> impl Strategy<Value = Vec<ThinStateDiff>> {
    let write = (1..4u64, 0..4u64, 0..5u64);
    let writes = prop::collection::vec(write, 0..6);
    let nonces = prop::collection::vec((1..4u64, 1..100u64), 0..3);
    let classes = prop::collection::vec((1..4u64, 1..6u64), 0..2);
    let diff = (writes, nonces, classes).prop_map(|(writes, nonces, classes)| {
        let writes = writes.into_iter().map(|(c, key, value)| (address(c), cell(key), Felt::from(value)));
        let mut diff = storage_diff(writes);
        diff.nonces = nonces.into_iter().map(|(c, nonce)| (address(c), Nonce(Felt::from(nonce)))).collect();
        for (contract, class) in classes {
            let (class, compiled) = (ClassHash(Felt::from(class)), CompiledClassHash(Felt::from(class + 9)));
            diff.deployed_contracts.insert(address(contract), class);
            diff.class_hash_to_compiled_class_hash.insert(class, compiled);
        }
        diff
    });
    prop::collection::vec(diff, 1..8)
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

/// What a user signed, different for each number.
pub(crate) fn inner_transaction(n: u64) -> InnerTransaction {
    let bounds = ValidResourceBounds::AllResources(AllResourceBounds::default());
    InnerTransaction::try_from(InvokeTransactionV3 {
        resource_bounds: bounds,
        tip: Default::default(),
        signature: Default::default(),
        nonce: Nonce(Felt::from(n)),
        sender_address: address(0xacc),
        calldata: Default::default(),
        nonce_data_availability_mode: DataAvailabilityMode::L1,
        fee_data_availability_mode: DataAvailabilityMode::L1,
        paymaster_data: Default::default(),
        account_deployment_data: Default::default(),
        proof_facts: Default::default(),
    })
    .expect("one that a sub-block can hold")
}

//! Blocks as a node would make them.

use std::collections::BTreeMap;
use std::sync::Arc;

use starknet_api::block::{BlockHash, BlockHeader, BlockNumber, BlockTimestamp};
use starknet_api::core::{ContractAddress, GlobalRoot, Nonce};
use starknet_api::hash::StateRoots;
use starknet_api::state::{StorageKey, ThinStateDiff};
use starknet_api::transaction::TransactionHash;
use starknet_api::transaction::fields::Fee;
use starknet_types_core::felt::Felt;
use zkthreads_execution::thread::{conflicts, stale_cells};
use zkthreads_execution::{ChainState, Executor};
use zkthreads_protocol::{
    BaseBlock, ContractAccess, InnerTransaction, LogicalTime, OsProgramHash, Package, PackageDigest,
    SettleError, StateCell, Statement, StorageAccess, ThreadFacts, Transaction,
};
use zkthreads_storage::{
    BlockTransaction, ExecutionStatus, FollowedBlock, Receipt, SettledInner, ThreadOutcome, TransactionTrace,
};
use zkthreads_sub_block::{LeftOut, LeftOutReason, OpenSubBlock, SubBlockContext};

/// Something that a block does.
#[derive(Clone)]
pub(crate) enum Item {
    /// A cell is written, by no transaction.
    Write(ContractAddress, StorageKey, Felt),
    /// A user's transaction, as it is.
    Send(InnerTransaction),
    /// A thread transaction.
    Thread(TransactionHash, Package),
}

impl Item {
    /// When it can be in a block, if it has to wait for its time.
    pub(crate) fn due(&self) -> Option<BlockTimestamp> {
        let Self::Thread(_, package) = self else { return None };
        package.segments.iter().map(|segment| segment.statement.base_block.timestamp).max()
    }
}

/// A block with `items`, `seconds` after the newest one; and what it holds back, since its time has not come.
pub(crate) fn block(
    executor: &Executor,
    salt: u64,
    seconds: u64,
    items: &[Item],
) -> (FollowedBlock, Vec<Item>) {
    let parent = executor.latest_header().expect("a block");
    let header = header(&parent, salt, seconds);
    let now = base_block(&header);
    let seen = parent.block_header_without_hash.timestamp;
    let mut making = Making {
        executor,
        now,
        parent: seen,
        seen,
        state: executor.state_after(now.number.prev().expect("a parent")),
        times: BTreeMap::new(),
        held: vec![],
        block: FollowedBlock {
            header,
            roots: StateRoots::EMPTY,
            transactions: vec![],
            traces: vec![],
            packages: vec![],
            settled: vec![],
            l1_messages: vec![],
            state_diff: ThinStateDiff::default(),
            classes: vec![],
            thread_times: vec![],
        },
    };
    for item in items {
        match item {
            held if held.due().is_some_and(|due| due > now.timestamp) => making.held.push(held.clone()),
            Item::Write(contract, key, value) => making.write(*contract, *key, *value),
            Item::Send(transaction) => making.send(transaction.clone()),
            Item::Thread(hash, package) => making.settle(*hash, package),
        }
    }
    let Making { mut block, times, held, .. } = making;
    block.header.n_transactions = block.transactions.len();
    block.thread_times = times.into_iter().collect();
    (block, held)
}

fn header(parent: &BlockHeader, salt: u64, seconds: u64) -> BlockHeader {
    let mut header = parent.clone();
    let inner = &mut header.block_header_without_hash;
    inner.parent_hash = parent.block_hash;
    inner.block_number = inner.block_number.unchecked_next();
    inner.timestamp.0 += seconds;
    inner.state_root = GlobalRoot(StateRoots::EMPTY.global_root().0);
    header.block_hash = BlockHash(Felt::from(inner.block_number.0 * 1_000_000 + salt));
    header
}

fn base_block(header: &BlockHeader) -> BaseBlock {
    let header = &header.block_header_without_hash;
    BaseBlock { number: header.block_number, timestamp: header.timestamp, sequencer: header.sequencer.0 }
}

struct Making<'a> {
    executor: &'a Executor,
    /// The block itself.
    now: BaseBlock,
    /// Its parent's time.
    parent: BlockTimestamp,
    /// The latest time that a transaction has seen so far.
    seen: BlockTimestamp,
    state: ChainState,
    /// The cells that segments wrote last.
    times: BTreeMap<(ContractAddress, StateCell), LogicalTime>,
    held: Vec<Item>,
    block: FollowedBlock,
}

impl Making<'_> {
    fn write(&mut self, contract: ContractAddress, key: StorageKey, value: Felt) {
        let before = self.state.storage(contract, key).expect("reads");
        let class_hash = self.state.class_hash(contract).expect("reads");
        let access = ContractAccess {
            address: contract,
            class_hash_before: class_hash,
            class_hash_after: class_hash,
            nonce_before: Nonce::default(),
            nonce_after: Nonce::default(),
            storage: vec![StorageAccess { key, before, after: value }],
        };
        self.apply_own(&Statement {
            chain_id: Felt::ZERO,
            submitter: ContractAddress::default(),
            base_block: self.now,
            inner_transactions: vec![],
            classes: vec![],
            contracts: vec![access],
            event_count: 0,
            events_commitment: Felt::ZERO,
            messages: vec![],
        });
    }

    /// Something that the block itself does.
    fn apply_own(&mut self, statement: &Statement) {
        self.seen = self.now.timestamp;
        for cell in self.apply(statement) {
            self.times.remove(&cell);
        }
    }

    /// Something that a segment did; the cells that it wrote.
    fn apply(&mut self, statement: &Statement) -> Vec<(ContractAddress, StateCell)> {
        self.state = self.state.with(statement);
        write(&mut self.block.state_diff, statement)
    }

    /// Whoever's transaction is not valid any more does not get in; one whose nonce is ahead waits.
    fn send(&mut self, transaction: InnerTransaction) {
        let chain_id = self.executor.config().chain_id.clone();
        let context = SubBlockContext::new(chain_id, self.now, ContractAddress::default());
        let mut open = OpenSubBlock::open(self.state.clone(), context);
        let executed = match open.execute(transaction) {
            Ok(executed) => executed,
            Err(left_out) => {
                let LeftOut { transaction, reason, .. } = *left_out;
                if matches!(reason, LeftOutReason::Nonce { expected, found, .. } if found > expected) {
                    self.held.push(Item::Send(transaction));
                }
                return;
            }
        };
        let executed_block = open.close().expect("closes");
        self.apply_own(&executed_block.statement);
        self.block.transactions.push(executed.in_block.transaction.clone());
        self.block.traces.push(executed.in_block.trace.clone());
    }

    /// The check that a segment fails.
    fn failure(&self, statement: &Statement) -> Option<SettleError> {
        let (rules, base) = (self.executor.config().thread_rules.at(self.now.number), statement.base_block);
        let known = self.executor.storage().header(base.number).expect("reads");
        let is_of_block =
            |header: BaseBlock| header.sequencer == base.sequencer && header.timestamp <= base.timestamp;
        let number = base.number.0;
        if !known.is_some_and(|header| is_of_block(base_block(&header))) {
            return Some(SettleError::BaseBlockContext { number });
        }
        let (age, max_age) = (self.now.number.0 - number, rules.max_age);
        if age > max_age {
            return Some(SettleError::BaseBlockTooOld { number, age, max_age });
        }
        let seen = if rules.is_strict() { self.seen } else { self.parent };
        let (timestamp, max_lag) = (base.timestamp.0, rules.max_lag);
        let lag = seen.0.saturating_sub(timestamp);
        if lag > max_lag {
            return Some(SettleError::TooLate { timestamp, lag, max_lag });
        }
        let conflicts = conflicts(&self.state, statement).expect("reads");
        if !conflicts.is_empty() {
            return Some(SettleError::Conflicts(conflicts));
        }
        let cells = stale_cells(&self.state, statement).expect("reads");
        (!cells.is_empty()).then(|| SettleError::StaleBase { base: base.time(), cells })
    }

    fn settle(&mut self, hash: TransactionHash, package: &Package) {
        let (mut settled, mut error) = (0, None);
        let mut trace = TransactionTrace::default();
        for segment in &package.segments {
            error = self.failure(&segment.statement);
            if error.is_some() {
                break;
            }
            let time = segment.statement.base_block.time();
            self.seen = self.seen.max(time.timestamp);
            let written = self.apply(&segment.statement);
            write(&mut trace.state_diff, &segment.statement);
            self.times.extend(written.into_iter().map(|cell| (cell, time)));
            settled += 1;
        }
        let status = match &error {
            Some(error) if settled == 0 => ExecutionStatus::Reverted { reason: error.to_string() },
            _ => ExecutionStatus::Succeeded,
        };
        let (bytes, index) = (package.encode(), self.block.transactions.len());
        if settled > 0 {
            let inner = SettledInner::of(0, &package.segments[..settled as usize]);
            self.block.settled.push((u32::try_from(index).expect("few"), inner));
        }
        let segments = u32::try_from(package.segments.len()).expect("few");
        let outcome = ThreadOutcome {
            failed_segment: error.as_ref().map(|_| settled),
            error,
            segments,
            settled_segments: settled,
            package_bytes: u64::try_from(bytes.len()).expect("small"),
            verify_micros: None,
        };
        let facts = ThreadFacts {
            os_program_hash: OsProgramHash(Felt::ONE),
            package_digest: PackageDigest::of(&bytes),
        };
        let envelope = package.segments[0].inner_transactions[0].transaction.as_invoke().clone();
        self.block.transactions.push(BlockTransaction {
            hash,
            body: Transaction::Thread { envelope, facts },
            receipt: Receipt {
                actual_fee: Fee(0),
                status,
                events: vec![],
                messages: vec![],
                gas: Default::default(),
                deployed: None,
                thread: Some(outcome),
            },
        });
        self.block.traces.push(trace);
        self.block.packages.push((facts.package_digest, Arc::new(package.contents(usize::MAX))));
    }
}

/// Notes what a statement writes; the cells.
fn write(diff: &mut ThinStateDiff, statement: &Statement) -> Vec<(ContractAddress, StateCell)> {
    let mut written = vec![];
    for access in &statement.contracts {
        for cell in access.storage.iter().filter(|cell| cell.is_write()) {
            diff.storage_diffs.entry(access.address).or_default().insert(cell.key, cell.after);
            written.push((access.address, StateCell::Storage(cell.key)));
        }
        if access.consumes_nonces() {
            diff.nonces.insert(access.address, access.nonce_after);
            written.push((access.address, StateCell::Nonce));
        }
    }
    written
}

/// A block as others get it.
pub(crate) fn genesis(executor: &Executor) -> FollowedBlock {
    let export = executor.storage().export_block(BlockNumber::ZERO).expect("reads");
    Arc::new(export.expect("genesis")).as_ref().clone()
}

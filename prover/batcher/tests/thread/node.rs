//! Blocks as a node would make them.

use std::sync::Arc;

use starknet_api::block::{BlockHash, BlockHeader, BlockNumber};
use starknet_api::core::{ContractAddress, GlobalRoot, Nonce};
use starknet_api::hash::StateRoots;
use starknet_api::state::{StorageKey, ThinStateDiff};
use starknet_api::transaction::TransactionHash;
use starknet_api::transaction::fields::Fee;
use starknet_types_core::felt::Felt;
use zkthreads_execution::sub_block::{OpenSubBlock, SubBlockContext, conflicts};
use zkthreads_execution::{ChainState, Executor};
use zkthreads_protocol::{
    BaseBlock, ContractAccess, InnerTransaction, OsProgramHash, Package, PackageDigest, SettleError,
    Statement, StorageAccess, ThreadFacts, Transaction,
};
use zkthreads_storage::{
    BlockTransaction, ExecutionStatus, FollowedBlock, Receipt, ThreadOutcome, TransactionTrace,
};

/// Something that a block does.
#[derive(Clone)]
pub(crate) enum Item {
    /// Somebody else's transaction writes a cell.
    Write(ContractAddress, StorageKey, Felt),
    /// A user's transaction, as it is.
    Send(InnerTransaction),
    /// A thread transaction.
    Thread(TransactionHash, Package),
}

/// A block with `items` after block `parent`.
pub(crate) fn block(executor: &Executor, salt: u64, items: &[Item]) -> FollowedBlock {
    let parent = executor.latest_header().expect("a block");
    let number = parent.block_header_without_hash.block_number.unchecked_next();
    let mut making = Making {
        executor,
        base: base_block(&parent),
        number,
        state: executor.state_after(number.prev().expect("a parent")),
        block: FollowedBlock {
            header: header(&parent, salt),
            roots: StateRoots::EMPTY,
            transactions: vec![],
            traces: vec![],
            packages: vec![],
            inner_places: vec![],
            l1_messages: vec![],
            state_diff: ThinStateDiff::default(),
            classes: vec![],
        },
    };
    for item in items {
        match item {
            Item::Write(contract, key, value) => making.write(*contract, *key, *value),
            Item::Send(transaction) => making.send(transaction.clone()),
            Item::Thread(hash, package) => making.settle(*hash, package),
        }
    }
    making.block.header.n_transactions = making.block.transactions.len();
    making.block
}

fn header(parent: &BlockHeader, salt: u64) -> BlockHeader {
    let mut header = parent.clone();
    let inner = &mut header.block_header_without_hash;
    inner.parent_hash = parent.block_hash;
    inner.block_number = inner.block_number.unchecked_next();
    inner.timestamp.0 += 1;
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
    base: BaseBlock,
    number: BlockNumber,
    state: ChainState,
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
        self.apply(&Statement {
            chain_id: Felt::ZERO,
            submitter: ContractAddress::default(),
            base_block: self.base,
            inner_transactions: vec![],
            classes: vec![],
            contracts: vec![access],
            event_count: 0,
            events_commitment: Felt::ZERO,
            messages: vec![],
        });
    }

    fn apply(&mut self, statement: &Statement) {
        self.state = self.state.with(statement);
        let diff = &mut self.block.state_diff;
        for access in &statement.contracts {
            for cell in access.storage.iter().filter(|cell| cell.is_write()) {
                diff.storage_diffs.entry(access.address).or_default().insert(cell.key, cell.after);
            }
            if access.consumes_nonces() {
                diff.nonces.insert(access.address, access.nonce_after);
            }
        }
    }

    /// Whoever's transaction is not valid any more does not get in.
    fn send(&mut self, transaction: InnerTransaction) {
        let chain_id = self.executor.config().chain_id.clone();
        let context = SubBlockContext::new(chain_id, self.base, ContractAddress::default());
        let mut open = OpenSubBlock::open(self.state.clone(), context);
        let Ok(executed) = open.execute(transaction) else { return };
        let executed_block = open.close().expect("closes");
        self.apply(&executed_block.statement);
        self.block.transactions.push(executed.in_block.transaction.clone());
        self.block.traces.push(executed.in_block.trace.clone());
    }

    fn settle(&mut self, hash: TransactionHash, package: &Package) {
        let max_age = self.executor.config().max_thread_age;
        let (mut settled, mut error) = (0, None);
        for segment in &package.segments {
            let base = segment.statement.base_block;
            let known = self.executor.storage().header(base.number).expect("reads");
            let age = self.number.0 - base.number.0.min(self.number.0);
            if known.is_none_or(|header| base_block(&header) != base) {
                error = Some(SettleError::BaseBlockContext { number: base.number.0 });
            } else if age > max_age {
                error = Some(SettleError::BaseBlockTooOld { number: base.number.0, age, max_age });
            } else {
                let conflicts = conflicts(&self.state, &segment.statement).expect("reads");
                error = (!conflicts.is_empty()).then_some(SettleError::Conflicts(conflicts));
            }
            if error.is_some() {
                break;
            }
            self.apply(&segment.statement);
            for inner in segment.statement.transaction_hashes() {
                let index = u32::try_from(self.block.inner_places.len()).expect("few");
                self.block.inner_places.push((inner, hash, index));
            }
            settled += 1;
        }
        let status = match &error {
            Some(error) if settled == 0 => ExecutionStatus::Reverted { reason: error.to_string() },
            _ => ExecutionStatus::Succeeded,
        };
        let bytes = package.encode();
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
        self.block.traces.push(TransactionTrace::default());
        self.block.packages.push((hash, bytes));
    }
}

/// A block as others get it.
pub(crate) fn genesis(executor: &Executor) -> FollowedBlock {
    let export = executor.storage().export_block(BlockNumber::ZERO).expect("reads");
    Arc::new(export.expect("genesis")).as_ref().clone()
}

//! How large a sub-block is, piece by piece: what its statement and its package must have room for.

use std::collections::{BTreeMap, BTreeSet};

use starknet_api::core::ClassHash;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::StateCell;
use zkthreads_protocol::limits::{
    MAX_INNER_TRANSACTIONS, MAX_PROOF_BYTES, MAX_SEGMENT_BYTES, MAX_STATEMENT_FELTS,
};
use zkthreads_storage::ExecutionStatus;

use crate::accesses::Cell;
use crate::code::ClassUse;
use crate::inner::ExecutedInner;
use crate::left_out::Limit;
use crate::steps::{self, Work};

/// A statement without transactions, classes, contracts and messages.
const STATEMENT_FELTS: usize = 12;
const TRANSACTION_FELTS: usize = 2;
const CLASS_FELTS: usize = 3;
const CONTRACT_FELTS: usize = 6;
const CELL_FELTS: usize = 3;
/// A message without its payload.
const MESSAGE_FELTS: usize = 4;

const FELT_BYTES: usize = 32;
/// A package of one segment without its felts, transactions, events and proof.
const PACKAGE_BYTES: usize = 26;
/// The length of a revert reason.
const REASON_BYTES: usize = 4;
/// An event without keys and data.
const EVENT_BYTES: usize = 44;

/// Room that a segment leaves beside its proof, bytes.
const MAX_BYTES_WITHOUT_PROOF: usize = MAX_SEGMENT_BYTES - MAX_PROOF_BYTES;

/// What the transactions of a sub-block add up to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Size {
    cells: BTreeSet<Cell>,
    classes: BTreeMap<ClassHash, ClassUse>,
    counts: Counts,
}

/// How many there are of what takes room.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    transactions: usize,
    classes: usize,
    contracts: usize,
    cells: usize,
    message_felts: usize,
    /// Calldata, signatures, revert reasons and events.
    other_bytes: usize,
    senders: usize,
    /// Cells that are read and cells that are written, each for every transaction that does.
    accesses: usize,
    work: Work,
    class_steps: u64,
}

impl Size {
    /// The cells that are touched. Of every contract, the class hash is.
    pub(crate) fn cells(&self) -> &BTreeSet<Cell> {
        &self.cells
    }

    /// The classes that run, and those that contracts are given.
    pub(crate) fn classes(&self) -> impl Iterator<Item = (&ClassHash, &ClassUse)> {
        self.classes.iter()
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What it would be with one more transaction.
    pub(crate) fn counts_with(&self, inner: &ExecutedInner) -> Counts {
        let mut counts = self.counts;
        for cell in inner.accesses.reads.difference(&self.cells) {
            match cell.cell {
                StateCell::Storage(_) => counts.cells = counts.cells.saturating_add(1),
                StateCell::ClassHash => counts.contracts = counts.contracts.saturating_add(1),
                StateCell::Nonce => counts.senders = counts.senders.saturating_add(1),
            }
        }
        for (class_hash, used) in &inner.classes {
            let (is_new, steps) = match self.classes.get(class_hash) {
                None => (true, steps::of_class(used.code.extent(&used.visited))),
                Some(known) if used.visited.is_subset(&known.visited) => (false, 0),
                Some(known) => {
                    let all = used.code.extent(used.visited.union(&known.visited));
                    let before = steps::of_class(known.code.extent(&known.visited));
                    (false, steps::of_class(all).saturating_sub(before))
                }
            };
            counts.classes = counts.classes.saturating_add(usize::from(is_new));
            counts.class_steps = counts.class_steps.saturating_add(steps);
        }
        counts.transactions = counts.transactions.saturating_add(1);
        counts.accesses = counts.accesses.saturating_add(inner.accesses.count());
        counts.work = counts.work.plus(inner.work);
        let receipt = &inner.in_block.transaction.receipt;
        let messages = receipt.messages.iter().map(|message| message_felts(&message.payload.0));
        counts.message_felts = messages.fold(counts.message_felts, usize::saturating_add);
        counts.other_bytes = counts.other_bytes.saturating_add(bytes_of(inner));
        counts
    }

    /// Adds a transaction.
    pub(crate) fn add(&mut self, inner: &ExecutedInner) {
        self.counts = self.counts_with(inner);
        self.cells.extend(&inner.accesses.reads);
        for (class_hash, used) in &inner.classes {
            let known = self.classes.entry(*class_hash).or_insert_with(|| used.clone());
            known.visited.extend(&used.visited);
        }
    }
}

impl Counts {
    /// Length of the statement, felts.
    pub(crate) fn felts(&self) -> usize {
        [
            STATEMENT_FELTS,
            self.transactions.saturating_mul(TRANSACTION_FELTS),
            self.classes.saturating_mul(CLASS_FELTS),
            self.contracts.saturating_mul(CONTRACT_FELTS),
            self.cells.saturating_mul(CELL_FELTS),
            self.message_felts,
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }

    /// Size of the package, without the proof.
    pub(crate) fn bytes(&self) -> usize {
        PACKAGE_BYTES.saturating_add(felt_bytes(self.felts())).saturating_add(self.other_bytes)
    }

    /// How often a transaction reads or writes a cell.
    pub(crate) fn accesses(&self) -> usize {
        self.accesses
    }

    /// About how many steps the thread OS takes: seldom fewer, at most a third more.
    pub(crate) fn steps(&self) -> u64 {
        let besides_classes = self.work.sub_block_steps(self.senders, self.contracts, self.cells);
        steps::with_margin(besides_classes.saturating_add(self.class_steps))
    }

    /// About how large the proof is: the steps, and what takes as much memory as so many steps.
    pub(crate) fn proof_steps(&self) -> u64 {
        self.steps().saturating_add(self.work.beside.as_steps())
    }

    /// The first limit that is exceeded, with the size and what is allowed.
    pub(crate) fn exceeds(&self, max_steps: Option<u64>) -> Option<(Limit, u64, u64)> {
        let size = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
        [
            (Limit::Transactions, size(self.transactions), size(MAX_INNER_TRANSACTIONS)),
            (Limit::StatementFelts, size(self.felts()), size(MAX_STATEMENT_FELTS)),
            (Limit::PackageBytes, size(self.bytes()), size(MAX_BYTES_WITHOUT_PROOF)),
            (Limit::Steps, self.proof_steps(), max_steps.unwrap_or(u64::MAX)),
        ]
        .into_iter()
        .find(|(_, size, max)| size > max)
    }
}

fn message_felts(payload: &[Felt]) -> usize {
    MESSAGE_FELTS.saturating_add(payload.len())
}

/// What one transaction takes in a package, besides the statement.
fn bytes_of(inner: &ExecutedInner) -> usize {
    let receipt = &inner.in_block.transaction.receipt;
    let signed = inner.transaction.encoded_len();
    let reason = match &receipt.status {
        ExecutionStatus::Succeeded => 0,
        ExecutionStatus::Reverted { reason } => REASON_BYTES.saturating_add(reason.len()),
    };
    let events = receipt.events.iter().map(|event| {
        let felts = event.content.keys.len().saturating_add(event.content.data.0.len());
        EVENT_BYTES.saturating_add(felt_bytes(felts))
    });
    [signed, reason].into_iter().chain(events).fold(0, usize::saturating_add)
}

fn felt_bytes(felts: usize) -> usize {
    felts.saturating_mul(FELT_BYTES)
}

//! About how many steps the thread OS takes, told from what blockifier did. The numbers are fitted to runs of the OS;
//! a test of `zkthreads-program` holds them to it.

use blockifier::execution::call_info::CallInfo;
use blockifier::execution::syscalls::vm_syscall_utils::SyscallSelector;
use cairo_vm::types::builtin_name::BuiltinName;
use zkthreads_protocol::InnerTransaction;

use crate::beside::{Beside, builtin, count};
use crate::code::Extent;

/// A sub-block without transactions.
const SUB_BLOCK: u64 = 4_600;
/// A sender, whose public key is another term of the check of elliptic-curve operations.
const SENDER: u64 = 1_160;
const CONTRACT: u64 = 70;
const CELL: u64 = 55;

const TRANSACTION: u64 = 820;
const SIGNATURE_FELT: u64 = 23;
const CALL: u64 = 400;
/// How a call that failed is undone.
const FAILED_CALL: u64 = 130;
/// A felt of a call's calldata, of what it returns, of a message.
const CALL_FELT: u64 = 4;
const EVENT_FELT: u64 = 7;
const EC_OP: u64 = 1_150;

/// Keccak's permutations are computed three at a time, SHA-256's blocks seven at a time.
const KECCAKS: Batch = Batch { size: 3, steps: 18_600 };
const SHA256S: Batch = Batch { size: 7, steps: 12_800 };

/// A class without code.
const CLASS: u64 = 1_050;
const ENTRY_POINT: u64 = 125;
/// A part of a class's code.
const PART: u64 = 49;
/// What a part takes more if it is hashed, besides its felts.
const HASHED_PART: u64 = 150;
/// Eight felts below 2^63 in a row; another such felt; any other felt; a block of Blake2s.
const EIGHT_SMALL_FELTS: u64 = 60;
const SMALL_FELT: u64 = 13;
const LARGE_FELT: u64 = 37;
const BLAKE_BLOCK: u64 = 6;

/// Something that is computed so many at a time.
struct Batch {
    size: u64,
    steps: u64,
}

impl Batch {
    /// Whole batches.
    fn whole(&self, count: u64) -> u64 {
        count.div_ceil(self.size).saturating_mul(self.steps)
    }

    /// Their part of batches that others fill up.
    fn shared(&self, count: u64) -> u64 {
        count.saturating_mul(self.steps).div_ceil(self.size)
    }
}

/// How far an estimate is to be above what was fitted to many runs, percent: a prover with too little memory fails.
const MARGIN: u64 = 7;

/// An estimate that is seldom exceeded.
pub(crate) fn with_margin(steps: u64) -> u64 {
    steps.saturating_add(steps.saturating_mul(MARGIN) / 100)
}

/// What the OS does for transactions.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Work {
    steps: u64,
    keccaks: u64,
    sha256s: u64,
    /// What takes room in a proof for which no step is taken.
    pub(crate) beside: Beside,
}

impl Work {
    /// For one transaction, whose contracts' own code took so many steps.
    pub(crate) fn of(
        transaction: &InnerTransaction,
        validate: &CallInfo,
        execute: &CallInfo,
        of_code: u64,
    ) -> Self {
        let signature = count(transaction.as_invoke().signature.0.len());
        let steps = TRANSACTION.saturating_add(signature.saturating_mul(SIGNATURE_FELT));
        let steps = steps.saturating_add(of_code);
        let own = Self { steps, beside: Beside::of(transaction), ..Self::default() };
        let calls = validate.iter().chain(execute.iter());
        calls.fold(own, |work, call| work.plus(Self::of_call(call)))
    }

    /// For one call (inner calls not looked at), its own code left aside.
    fn of_call(call: &CallInfo) -> Self {
        let mut work = Self { steps: CALL, ..Self::default() };
        for (selector, usage) in &call.syscalls_usage {
            let calls = count(usage.call_count);
            match selector {
                SyscallSelector::Keccak => work.keccaks = work.keccaks.saturating_add(calls),
                SyscallSelector::Sha256ProcessBlock => work.sha256s = work.sha256s.saturating_add(calls),
                _ => work.add(calls, syscall_steps(*selector)),
            }
        }
        let execution = &call.execution;
        let messages = execution.l2_to_l1_messages.iter().map(|sent| sent.message.payload.0.len());
        let felts = [call.call.calldata.0.len(), execution.retdata.0.len()].into_iter().chain(messages);
        work.add(felts.map(count).fold(0, u64::saturating_add), CALL_FELT);
        let events = execution
            .events
            .iter()
            .map(|event| count(event.event.keys.len()).saturating_add(count(event.event.data.0.len())));
        work.add(events.fold(0, u64::saturating_add), EVENT_FELT);
        work.add(builtin(call, BuiltinName::ec_op), EC_OP);
        work.add(u64::from(execution.failed), FAILED_CALL);
        work.beside = Beside::of_call(call);
        work
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            steps: self.steps.saturating_add(other.steps),
            keccaks: self.keccaks.saturating_add(other.keccaks),
            sha256s: self.sha256s.saturating_add(other.sha256s),
            beside: self.beside.plus(other.beside),
        }
    }

    fn add(&mut self, times: u64, steps: u64) {
        self.steps = self.steps.saturating_add(times.saturating_mul(steps));
    }

    /// Steps for a transaction among others.
    pub(crate) fn steps(self) -> u64 {
        [self.steps, KECCAKS.shared(self.keccaks), SHA256S.shared(self.sha256s)]
            .into_iter()
            .fold(0, u64::saturating_add)
    }

    /// Steps for a sub-block of such work, its classes left aside.
    pub(crate) fn sub_block_steps(self, senders: usize, contracts: usize, cells: usize) -> u64 {
        let each = [(senders, SENDER), (contracts, CONTRACT), (cells, CELL)];
        let each = each.map(|(number, steps)| count(number).saturating_mul(steps));
        [SUB_BLOCK, self.steps, KECCAKS.whole(self.keccaks), SHA256S.whole(self.sha256s)]
            .into_iter()
            .chain(each)
            .fold(0, u64::saturating_add)
    }
}

/// Steps for a syscall's answer to be checked, its calls and its felts left aside. Multiplications on secp curves depend
/// on their scalars: these are large ones.
fn syscall_steps(selector: SyscallSelector) -> u64 {
    match selector {
        SyscallSelector::CallContract => 350,
        SyscallSelector::Deploy => 550,
        SyscallSelector::EmitEvent => 185,
        SyscallSelector::GetBlockHash => 220,
        SyscallSelector::GetClassHashAt => 130,
        SyscallSelector::GetExecutionInfo => 80,
        SyscallSelector::LibraryCall => 130,
        SyscallSelector::MetaTxV0 => 700,
        SyscallSelector::ReplaceClass => 110,
        SyscallSelector::Secp256k1Mul => 73_000,
        SyscallSelector::Secp256r1Mul => 127_000,
        SyscallSelector::Secp256r1New | SyscallSelector::Secp256r1GetPointFromX => 1_700,
        SyscallSelector::Secp256k1New
        | SyscallSelector::Secp256k1GetPointFromX
        | SyscallSelector::Secp256k1Add
        | SyscallSelector::Secp256r1Add
        | SyscallSelector::Secp256k1GetXy
        | SyscallSelector::Secp256r1GetXy => 600,
        SyscallSelector::SendMessageToL1 => 75,
        SyscallSelector::StorageRead => 65,
        SyscallSelector::StorageWrite => 60,
        _ => 0,
    }
}

/// Steps for the hash of a class of which `extent` runs.
pub(crate) fn of_class(extent: Extent) -> u64 {
    [
        (1, CLASS),
        (extent.entry_points, ENTRY_POINT),
        (extent.parts, PART),
        (extent.hashed_parts, HASHED_PART),
        (extent.felts.eights, EIGHT_SMALL_FELTS),
        (extent.felts.small, SMALL_FELT),
        (extent.felts.large, LARGE_FELT),
        (extent.felts.blocks, BLAKE_BLOCK),
    ]
    .into_iter()
    .fold(0, |sum, (count, steps)| count.saturating_mul(steps).saturating_add(sum))
}

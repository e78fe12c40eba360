//! What settling a thread costs beyond what every transaction costs, in L2 gas.
//!
//! | work | L2 gas | why |
//! |---|---|---|
//! | verify the proof of a segment | [`VERIFICATION_L2_GAS`] | 5 to 20 ms on one core; the VM executes about 2.5·10^8 gas a second |
//! | a byte of a proof, decompressed | [`PROOF_BYTE_L2_GAS`] | so that the worst proof that passes all checks of its shape pays for what it takes, 0.1 to 0.2 s for 8 MiB (`docs/soundness.md`, section 10) |
//! | a byte of the package | [`PACKAGE_BYTE_L2_GAS`] | an eighth of what Starknet takes for a byte of calldata: a package is received, hashed, decoded and stored once, and its proof may be pruned |
//! | an inner transaction | [`INNER_TRANSACTION_L2_GAS`] | its hash is computed again, some 60 Poseidon permutations |
//! | a listed class | [`CLASS_L2_GAS`] | it is loaded and compared, about what a contract pays for `library_call`, which loads one too |
//! | a precondition | [`PRECONDITION_L2_GAS`] | one state read, half of what a contract pays for `storage_read`: nobody has to prove the value that was read |
//! | a diff entry | [`DIFF_ENTRY_L2_GAS`] | one state write (cell, nonce or class hash), as a contract pays for `storage_write`: writing and sealing take 58 µs |
//!
//! Data gas (class changes included) and the allocation of new cells, events and messages are charged for the settled
//! diff exactly as for an ordinary transaction with the same effects; they are not in this table.
//!
//! A thread that fails is charged for the work that was done until it failed; one whose first segments settled, for those
//! and for what was read of the segment that did not. Proofs are verified before a block takes the thread, all of them; so
//! all are charged for, however it ends, unless the mempool saw that its preconditions do not hold and had none verified.
//! Work is metered before it is done, and none is begun that the L2 gas bound does not cover: so nobody makes the node
//! work for nothing.

use starknet_api::execution_resources::GasAmount;
use zkthreads_protocol::{Package, Statement};
use zkthreads_verifier::encoding::promised_bytes;
use zkthreads_verifier::params::MAX_DECODED_BYTES;

/// How far ahead of the open block's time a package may be that waits for its time, seconds.
pub const MAX_FORECAST_SECONDS: u64 = 600;

/// L2 gas for verifying a proof, its bytes left aside.
pub const VERIFICATION_L2_GAS: u64 = 2_000_000;

/// L2 gas per byte of a proof, decompressed.
pub const PROOF_BYTE_L2_GAS: u64 = 6;

/// L2 gas per byte of the package.
pub const PACKAGE_BYTE_L2_GAS: u64 = 20;

/// L2 gas per inner transaction.
pub const INNER_TRANSACTION_L2_GAS: u64 = 30_000;

/// L2 gas per class that the statement lists.
pub const CLASS_L2_GAS: u64 = 89_000;

/// L2 gas per precondition.
pub const PRECONDITION_L2_GAS: u64 = 13_000;

/// L2 gas per entry of the diff.
pub const DIFF_ENTRY_L2_GAS: u64 = 60_000;

/// Adds up what a thread's settlement has cost so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Meter(u64);

impl Meter {
    /// Receiving the package: charged whatever becomes of it.
    pub(crate) fn for_package(package_bytes: usize) -> Self {
        Self(times(package_bytes, PACKAGE_BYTE_L2_GAS))
    }

    /// Loading the classes.
    pub(crate) fn classes(&mut self, statement: &Statement) {
        self.add(times(statement.classes.len(), CLASS_L2_GAS));
    }

    /// Reading the preconditions.
    pub(crate) fn preconditions(&mut self, statement: &Statement) {
        self.add(times(precondition_count(statement), PRECONDITION_L2_GAS));
    }

    /// Checking inner transactions, events and proof of every segment.
    pub(crate) fn proofs(&mut self, package: &Package) {
        for segment in &package.segments {
            self.add(times(segment.inner_transactions.len(), INNER_TRANSACTION_L2_GAS));
            self.add(verification_gas(&segment.proof));
        }
    }

    /// Writing the diff.
    pub(crate) fn apply(&mut self, statement: &Statement) {
        self.add(times(diff_entry_count(statement), DIFF_ENTRY_L2_GAS));
    }

    pub(crate) fn gas(self) -> GasAmount {
        GasAmount(self.0)
    }

    fn add(&mut self, gas: u64) {
        self.0 = self.0.saturating_add(gas);
    }
}

/// The least L2 gas that a thread's bounds must offer: package, inner transactions and proofs of all segments. Less than
/// that, and the node would verify proofs for nothing.
#[must_use]
pub fn minimal_l2_gas(package: &Package, package_bytes: usize) -> GasAmount {
    let mut meter = Meter::for_package(package_bytes);
    meter.proofs(package);
    meter.gas()
}

/// The least of that for any package of so many bytes.
#[must_use]
pub fn least_l2_gas(package_bytes: usize) -> GasAmount {
    let mut meter = Meter::for_package(package_bytes);
    meter.add(VERIFICATION_L2_GAS);
    meter.gas()
}

/// L2 gas for verifying a proof.
#[must_use]
pub fn verification_gas(proof: &[u8]) -> u64 {
    // What has no header is refused by its first bytes.
    let bytes = promised_bytes(proof).unwrap_or_default().min(MAX_DECODED_BYTES);
    times(bytes, PROOF_BYTE_L2_GAS).saturating_add(VERIFICATION_L2_GAS)
}

/// How many values the statement requires the state to hold.
#[must_use]
pub fn precondition_count(statement: &Statement) -> usize {
    let of_contract = |contract: &zkthreads_protocol::ContractAccess| {
        contract.storage.len().saturating_add(1).saturating_add(usize::from(contract.consumes_nonces()))
    };
    statement.contracts.iter().map(of_contract).fold(0, usize::saturating_add)
}

/// How many values the statement changes.
#[must_use]
pub fn diff_entry_count(statement: &Statement) -> usize {
    let of_contract = |contract: &zkthreads_protocol::ContractAccess| {
        let writes = contract.storage.iter().filter(|cell| cell.is_write()).count();
        let others = [contract.consumes_nonces(), contract.changes_class()];
        others.into_iter().map(usize::from).fold(writes, usize::saturating_add)
    };
    statement.contracts.iter().map(of_contract).fold(0, usize::saturating_add)
}

fn times(count: usize, gas: u64) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(gas)
}

#[cfg(test)]
mod tests {
    use blockifier::blockifier_versioned_constants::VersionedConstants;
    use blockifier::execution::syscalls::vm_syscall_utils::SyscallSelector;
    use starknet_api::versioned_constants_logic::VersionedConstantsTrait;

    use super::*;
    use crate::context::STARKNET_VERSION;

    /// Starknet changes its prices with its versions.
    #[test]
    fn threads_pay_for_the_state_what_contracts_pay() {
        let costs = &VersionedConstants::get(&STARKNET_VERSION).unwrap().os_constants.gas_costs;
        let price = |syscall| costs.syscalls.get_syscall_gas_cost(&syscall).unwrap().get_syscall_cost(0);
        let rounded_up = |price: u64| price.div_ceil(1_000) * 1_000;
        assert_eq!(PRECONDITION_L2_GAS, rounded_up(price(SyscallSelector::StorageRead) / 2));
        assert_eq!(DIFF_ENTRY_L2_GAS, rounded_up(price(SyscallSelector::StorageWrite)));
        assert_eq!(CLASS_L2_GAS, rounded_up(price(SyscallSelector::LibraryCall)));
    }
}

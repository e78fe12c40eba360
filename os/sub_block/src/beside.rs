//! What takes room in a proof without steps: one instruction may hash thousands of felts, or evaluate a circuit of any
//! size. It is counted as so many steps as take the same memory of a prover.

use blockifier::execution::call_info::{CairoPrimitiveName, CallInfo};
use cairo_vm::types::builtin_name::BuiltinName;
use zkthreads_protocol::InnerTransaction;

/// A Poseidon permutation: 0.9 MiB, measured (`zkthreads_workers::budget`), where a step takes 4 KiB.
const POSEIDON: u64 = 230;
/// A modular product, a modular sum: 426 and 267 columns of a proof and three range checks of four limbs, by which a
/// Poseidon permutation, of 21,000 columns, is 230.
const MODULAR_PRODUCT: u64 = 8;
const MODULAR_SUM: u64 = 6;

/// Permutations for an INVOKE that does nothing: its hash, its nonce, its signature's curve operations.
const TRANSACTION_POSEIDONS: u64 = 24;
/// For an event. (Messages are stated as they are.)
const EVENT_POSEIDONS: u64 = 3;
/// So many for each transaction are in what a step takes.
const POSEIDONS_IN_STEPS: u64 = 36;

/// What transactions take beside steps.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Beside {
    transactions: u64,
    poseidons: u64,
    products: u64,
    sums: u64,
}

impl Beside {
    /// Of a transaction, its calls left aside.
    pub(crate) fn of(transaction: &InnerTransaction) -> Self {
        let felts = count(transaction.as_invoke().calldata.0.len());
        let poseidons = TRANSACTION_POSEIDONS.saturating_add(felts.div_ceil(2));
        Self { transactions: 1, poseidons, ..Self::default() }
    }

    /// Of a call, inner calls left aside.
    pub(crate) fn of_call(call: &CallInfo) -> Self {
        let events = call.execution.events.iter().map(|event| {
            let felts = event.event.keys.len().saturating_add(event.event.data.0.len());
            count(felts).div_ceil(2).saturating_add(EVENT_POSEIDONS)
        });
        Self {
            transactions: 0,
            poseidons: events.fold(builtin(call, BuiltinName::poseidon), u64::saturating_add),
            products: builtin(call, BuiltinName::mul_mod),
            sums: builtin(call, BuiltinName::add_mod),
        }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            transactions: self.transactions.saturating_add(other.transactions),
            poseidons: self.poseidons.saturating_add(other.poseidons),
            products: self.products.saturating_add(other.products),
            sums: self.sums.saturating_add(other.sums),
        }
    }

    /// As many steps as take the same memory, beyond what steps are taken for anyway.
    pub(crate) fn as_steps(self) -> u64 {
        let in_steps = self.transactions.saturating_mul(POSEIDONS_IN_STEPS);
        [
            (self.poseidons.saturating_sub(in_steps), POSEIDON),
            (self.products, MODULAR_PRODUCT),
            (self.sums, MODULAR_SUM),
        ]
        .into_iter()
        .fold(0, |sum, (number, steps)| number.saturating_mul(steps).saturating_add(sum))
    }
}

pub(crate) fn builtin(call: &CallInfo, name: BuiltinName) -> u64 {
    call.builtin_counters.get(&CairoPrimitiveName::Builtin(name)).copied().map_or(0, count)
}

pub(crate) fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

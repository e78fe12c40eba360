//! Hints that lay out inner transactions.

use cairo_vm::types::relocatable::MaybeRelocatable;
use cairo_vm::vm::errors::hint_errors::HintError;
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::transaction::fields::{ResourceBounds, ValidResourceBounds};
use starknet_types_core::felt::Felt;

use super::args::Args;
use super::{HintResult, broken};
use crate::input::{OsInput, RecordedTransaction};

/// The transactions not yet run.
pub(super) struct Transactions<'a> {
    chain_id: Felt,
    rest: std::slice::Iter<'a, RecordedTransaction>,
    current: Option<&'a RecordedTransaction>,
}

impl<'a> Transactions<'a> {
    pub(super) fn new(input: &'a OsInput) -> Self {
        Self { chain_id: input.chain_id, rest: input.transactions.iter(), current: None }
    }

    /// The transaction that runs.
    pub(super) fn current(&self) -> Result<&'a RecordedTransaction, HintError> {
        self.current.ok_or_else(|| broken("no transaction runs"))
    }

    /// Lays out an `Invoke`. The transaction's hash is left to the OS.
    pub(super) fn load(&mut self, args: &mut Args<'_>) -> HintResult {
        self.current = self.rest.next();
        let transaction = self.current()?.transaction.as_invoke();
        let ValidResourceBounds::AllResources(bounds) = transaction.resource_bounds else {
            return Err(broken("an inner transaction has all resource bounds"));
        };
        let signature = args.allocate(transaction.signature.0.iter().map(|felt| (*felt).into()))?;
        let signature_end = (signature + transaction.signature.0.len())?;
        let bounds_start = args.allocate(
            [
                bound_cells("L1_GAS", bounds.l1_gas),
                bound_cells("L2_GAS", bounds.l2_gas),
                bound_cells("L1_DATA", bounds.l1_data_gas),
            ]
            .into_iter()
            .flatten(),
        )?;
        let bounds_end = (bounds_start + 9_usize)?;
        let calldata = args.allocate(transaction.calldata.0.iter().map(|felt| (*felt).into()))?;
        let zero = || MaybeRelocatable::from(Felt::ZERO);
        let invoke = args.allocate([
            Felt::THREE.into(),
            (*transaction.sender_address.0.key()).into(),
            zero(),
            signature.into(),
            signature_end.into(),
        ])?;
        // Behind the cell of the hash.
        args.write(
            (invoke + 6)?,
            [
                self.chain_id.into(),
                transaction.nonce.0.into(),
                bounds_start.into(),
                bounds_end.into(),
                Felt::from(transaction.tip.0).into(),
                zero(),
                zero(),
                mode(transaction.nonce_data_availability_mode),
                mode(transaction.fee_data_availability_mode),
                zero(),
                zero(),
                zero(),
                zero(),
                transaction.calldata.0.len().into(),
                calldata.into(),
            ],
        )?;
        args.set("invoke", invoke)
    }
}

fn bound_cells(name: &str, bounds: ResourceBounds) -> [MaybeRelocatable; 3] {
    [
        Felt::from_bytes_be_slice(name.as_bytes()).into(),
        Felt::from(bounds.max_amount.0).into(),
        Felt::from(bounds.max_price_per_unit.0).into(),
    ]
}

fn mode(mode: DataAvailabilityMode) -> MaybeRelocatable {
    match mode {
        DataAvailabilityMode::L1 => Felt::ZERO.into(),
        DataAvailabilityMode::L2 => Felt::ONE.into(),
    }
}

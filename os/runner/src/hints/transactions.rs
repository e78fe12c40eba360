//! Hints that lay out inner transactions.

use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::errors::hint_errors::HintError;
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::{ResourceBounds, ValidResourceBounds};
use starknet_types_core::felt::Felt;
use zkthreads_program::input::{OsInput, RecordedTransaction};

use super::args::Args;
use super::{HintResult, broken};

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

    /// Lays out the next transaction.
    pub(super) fn load(&mut self, args: &mut Args<'_>) -> HintResult {
        self.current = self.rest.next();
        let invoke = lay_out_invoke(args, self.chain_id, self.current()?.transaction.as_invoke())?;
        args.set("invoke", invoke)
    }
}

/// Lays out an `Invoke`. The transaction's hash is left to the OS.
pub(crate) fn lay_out_invoke(
    args: &mut Args<'_>,
    chain_id: Felt,
    transaction: &InvokeTransactionV3,
) -> Result<Relocatable, HintError> {
    let ValidResourceBounds::AllResources(bounds) = transaction.resource_bounds else {
        return Err(broken("an inner transaction has all resource bounds"));
    };
    let [signature, signature_end] = lay_out_array(args, &transaction.signature.0)?;
    let bounds = [
        bound_cells("L1_GAS", bounds.l1_gas),
        bound_cells("L2_GAS", bounds.l2_gas),
        bound_cells("L1_DATA", bounds.l1_data_gas),
    ];
    let [bounds_start, bounds_end] = lay_out_array(args, bounds.as_flattened())?;
    let [paymaster, paymaster_end] = lay_out_array(args, &transaction.paymaster_data.0)?;
    let [deployment, deployment_end] = lay_out_array(args, &transaction.account_deployment_data.0)?;
    let [calldata, _] = lay_out_array(args, &transaction.calldata.0)?;
    let zero = || MaybeRelocatable::from(Felt::ZERO);
    let invoke = args.allocate([
        Felt::THREE.into(),
        (*transaction.sender_address.0.key()).into(),
        zero(),
        signature,
        signature_end,
    ])?;
    // Behind the cell of the hash.
    args.write(
        (invoke + 6)?,
        [
            chain_id.into(),
            transaction.nonce.0.into(),
            bounds_start,
            bounds_end,
            Felt::from(transaction.tip.0).into(),
            paymaster,
            paymaster_end,
            mode(transaction.nonce_data_availability_mode),
            mode(transaction.fee_data_availability_mode),
            deployment,
            deployment_end,
            // Proof facts.
            zero(),
            zero(),
            transaction.calldata.0.len().into(),
            calldata,
        ],
    )?;
    Ok(invoke)
}

/// Lays out an array; returns its start and end.
fn lay_out_array(args: &mut Args<'_>, felts: &[Felt]) -> Result<[MaybeRelocatable; 2], HintError> {
    let start = args.allocate(felts.iter().map(|felt| (*felt).into()))?;
    Ok([start.into(), (start + felts.len())?.into()])
}

fn bound_cells(name: &str, bounds: ResourceBounds) -> [Felt; 3] {
    [
        Felt::from_bytes_be_slice(name.as_bytes()),
        Felt::from(bounds.max_amount.0),
        Felt::from(bounds.max_price_per_unit.0),
    ]
}

fn mode(mode: DataAvailabilityMode) -> MaybeRelocatable {
    match mode {
        DataAvailabilityMode::L1 => Felt::ZERO.into(),
        DataAvailabilityMode::L2 => Felt::ONE.into(),
    }
}

//! `invoke_hash` of `cairo/thread_os/transaction_hash.cairo`.

use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use proptest::prelude::*;
use starknet_api::block::GasPrice;
use starknet_api::core::{ChainId, ContractAddress, Nonce};
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::fields::{
    AccountDeploymentData, AllResourceBounds, Calldata, PaymasterData, ProofFacts, ResourceBounds, Tip,
    TransactionSignature, ValidResourceBounds,
};
use starknet_api::transaction::{InvokeTransactionV3, TransactionHasher, TransactionVersion};
use starknet_types_core::felt::Felt;

use super::{Call, Returned};
use crate::hints::lay_out_invoke;

const CHAIN_ID: ChainId = ChainId::Sepolia;
const FIELDS: usize = 21;

// Offsets of fields in `Invoke`.
const SIGNATURE_END: usize = 4;
const HASH: usize = 5;
const BOUNDS_START: usize = 8;
const TIP: usize = 10;
const PAYMASTER_DATA_END: usize = 12;
const NONCE_MODE: usize = 13;
const FEE_MODE: usize = 14;
const ACCOUNT_DEPLOYMENT_DATA_END: usize = 16;
const CALLDATA_SIZE: usize = 19;

fn felt() -> impl Strategy<Value = Felt> {
    any::<[u8; 32]>().prop_map(|bytes| Felt::from_bytes_be(&bytes))
}

fn felts() -> impl Strategy<Value = Vec<Felt>> {
    proptest::collection::vec(felt(), 0..14)
}

fn bounds() -> impl Strategy<Value = ResourceBounds> {
    (any::<u64>(), any::<u128>()).prop_map(|(amount, price)| ResourceBounds {
        max_amount: GasAmount(amount),
        max_price_per_unit: GasPrice(price),
    })
}

fn mode() -> impl Strategy<Value = DataAvailabilityMode> {
    prop_oneof![Just(DataAvailabilityMode::L1), Just(DataAvailabilityMode::L2)]
}

fn invoke() -> impl Strategy<Value = InvokeTransactionV3> {
    let arrays = (felts(), felts(), felts(), felts());
    let modes = (mode(), mode());
    (bounds(), bounds(), bounds(), any::<u64>(), arrays, modes, 1_u128.., any::<u64>()).prop_map(
        |(l1_gas, l2_gas, l1_data_gas, tip, arrays, modes, sender, nonce)| InvokeTransactionV3 {
            resource_bounds: ValidResourceBounds::AllResources(AllResourceBounds {
                l1_gas,
                l2_gas,
                l1_data_gas,
            }),
            tip: Tip(tip),
            signature: TransactionSignature(arrays.0.into()),
            nonce: Nonce(nonce.into()),
            sender_address: ContractAddress::try_from(Felt::from(sender)).unwrap(),
            calldata: Calldata(arrays.1.into()),
            nonce_data_availability_mode: modes.0,
            fee_data_availability_mode: modes.1,
            paymaster_data: PaymasterData(arrays.2),
            account_deployment_data: AccountDeploymentData(arrays.3),
            proof_facts: ProofFacts::default(),
        },
    )
}

/// Runs `invoke_hash` on a transaction, after `alter` has replaced fields of it.
fn invoke_hash(
    transaction: &InvokeTransactionV3,
    alter: impl FnOnce(&mut Call, &mut [MaybeRelocatable]),
) -> Result<Returned, String> {
    let mut call = Call::new();
    let chain_id = Felt::try_from(&CHAIN_ID).unwrap();
    let invoke = call.lay_out(|args| lay_out_invoke(args, chain_id, transaction)).unwrap();
    let mut fields: Vec<MaybeRelocatable> = (0..FIELDS)
        .map(|offset| match offset {
            HASH => Felt::ZERO.into(),
            _ => call.runner.vm.get_maybe(&(invoke + offset).unwrap()).expect("laid out"),
        })
        .collect();
    alter(&mut call, &mut fields);
    let info = call.allocate(&fields);
    let [.., size, calldata] = &fields[..] else { unreachable!() };
    call.with_builtin(BuiltinName::range_check)
        .with_builtin(BuiltinName::poseidon)
        .with(info)
        .with(calldata.clone())
        .with(size.clone())
        .run("transaction_hash.invoke_hash")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn hashes_are_starknets(transaction in invoke()) {
        let expected = transaction.calculate_transaction_hash(&CHAIN_ID, &TransactionVersion::THREE);
        let found = invoke_hash(&transaction, |_, _| ()).unwrap();
        prop_assert_eq!(found.felt(), expected.unwrap().0);
    }

    /// The signature is not hashed; it is bounded all the same.
    #[test]
    fn fields_out_of_range_are_refused(transaction in invoke()) {
        let refused = |offset: usize, value: Felt| {
            invoke_hash(&transaction, |_, fields| fields[offset] = value.into()).is_err()
        };
        prop_assert!(refused(TIP, Felt::TWO.pow(64_u32)));
        prop_assert!(refused(TIP, -Felt::ONE));
        prop_assert!(refused(NONCE_MODE, Felt::TWO));
        prop_assert!(refused(FEE_MODE, Felt::TWO));
        prop_assert!(refused(FEE_MODE, Felt::TWO.pow(32_u32)));
        for cell in 0..9 {
            let wrong = match cell % 3 {
                // The resource's name; amount; price.
                0 => Felt::ONE,
                1 => Felt::TWO.pow(64_u32),
                _ => Felt::TWO.pow(128_u32),
            };
            let outcome = invoke_hash(&transaction, |call, fields| {
                let start = fields[BOUNDS_START].get_relocatable().unwrap();
                let mut cells = call.runner.vm.get_continuous_range(start, 9).unwrap();
                cells[cell] = wrong.into();
                fields[BOUNDS_START] = call.allocate(&cells).into();
            });
            prop_assert!(outcome.is_err(), "bound {cell}");
        }
    }
}

/// An array whose end lies before its start or 2^32 cells behind it, or which shares the bound with others.
#[test]
fn arrays_too_long_are_refused() {
    let transaction = plain_invoke();
    let moved = |field: &MaybeRelocatable, by: isize| -> MaybeRelocatable {
        let Relocatable { segment_index, offset } = field.get_relocatable().unwrap();
        Relocatable { segment_index, offset: offset.checked_add_signed(by).unwrap() }.into()
    };
    for end in [SIGNATURE_END, PAYMASTER_DATA_END, ACCOUNT_DEPLOYMENT_DATA_END] {
        let outcome = invoke_hash(&transaction, |_, fields| fields[end] = moved(&fields[end], 1 << 32));
        assert!(outcome.is_err(), "field {end}");
        let outcome = invoke_hash(&transaction, |_, fields| {
            fields[end - 1] = moved(&fields[end - 1], 2);
            fields[end] = moved(&fields[end - 1], -1);
        });
        assert!(outcome.is_err(), "field {end} before its start");
    }
    for size in [Felt::TWO.pow(32_u32), -Felt::ONE] {
        let outcome = invoke_hash(&transaction, |_, fields| fields[CALLDATA_SIZE] = size.into());
        assert!(outcome.is_err(), "{size:#x}");
    }
    // A signature of 2^32 - 1 cells passes alone (nobody reads it here), and leaves no room for another array.
    let longest = (1 << 32) - 1;
    let with_signature = |size: isize, paymaster_data: Vec<Felt>| {
        let transaction =
            InvokeTransactionV3 { paymaster_data: PaymasterData(paymaster_data), ..plain_invoke() };
        invoke_hash(&transaction, |_, fields| {
            fields[SIGNATURE_END] = moved(&fields[SIGNATURE_END - 1], size);
        })
    };
    assert!(with_signature(longest, vec![]).is_ok());
    assert!(with_signature(longest, vec![Felt::ONE]).is_err());
    assert!(with_signature(longest - 1, vec![Felt::ONE]).is_ok());
}

/// What an ordinary transaction costs: two felts of signature, one call with three arguments.
#[test]
fn steps_of_an_ordinary_transaction() {
    let transaction = InvokeTransactionV3 {
        signature: TransactionSignature(vec![Felt::ONE; 2].into()),
        calldata: Calldata(vec![Felt::ONE; 7].into()),
        ..plain_invoke()
    };
    let found = invoke_hash(&transaction, |_, _| ()).unwrap();
    println!("{} steps", found.steps);
    assert!(found.steps < 400, "{}", found.steps);
}

/// A transaction with empty arrays.
fn plain_invoke() -> InvokeTransactionV3 {
    InvokeTransactionV3 {
        resource_bounds: ValidResourceBounds::AllResources(AllResourceBounds::default()),
        tip: Tip(0),
        signature: TransactionSignature::default(),
        nonce: Nonce::default(),
        sender_address: ContractAddress::default(),
        calldata: Calldata::default(),
        nonce_data_availability_mode: DataAvailabilityMode::L1,
        fee_data_availability_mode: DataAvailabilityMode::L1,
        paymaster_data: PaymasterData::default(),
        account_deployment_data: AccountDeploymentData::default(),
        proof_facts: ProofFacts::default(),
    }
}

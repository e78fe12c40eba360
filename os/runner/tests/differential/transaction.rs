//! Random inner transactions.

use starknet_api::block::GasPrice;
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::{
    AllResourceBounds, Calldata, ResourceBounds, Tip, TransactionSignature, ValidResourceBounds,
};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::InnerTransaction;

use super::actions;
use super::random::Random;
use super::scene::{Account, Scene};
use crate::sub_block_support::{Call, multicall};

/// Enough gas for anything but waste.
const PLENTY: u64 = 1_000_000_000;

/// A random transaction of the account with this index.
pub fn random(scene: &Scene, index: usize, nonce: Nonce, random: &mut Random) -> InnerTransaction {
    let account = &scene.accounts[index];
    let mut invoke = invoke(account.address(), nonce);
    invoke.tip = Tip(if random.chance(500) { 0 } else { random.next() });
    let mode = |random: &mut Random| {
        if random.chance(900) { DataAvailabilityMode::L1 } else { DataAvailabilityMode::L2 }
    };
    invoke.nonce_data_availability_mode = mode(random);
    invoke.fee_data_availability_mode = mode(random);
    invoke.resource_bounds = bounds(random);
    match account {
        Account::Signing(user) => {
            let calls: Vec<Call> = (0..random.between(1, 4)).map(|_| call(scene, index, random)).collect();
            invoke.calldata = Calldata(multicall(&calls).into());
            let signed = user.sign_invoke(invoke);
            if random.chance(980) { signed } else { forged(signed) }
        }
        Account::Programmable(_) => {
            let validation = actions::validation(scene, random);
            let program = actions::program(scene, random);
            programmed_invoke(invoke, &program, validation)
        }
    }
}

/// A transaction of `account` that makes `calls`.
pub fn calling(account: &Account, nonce: Nonce, calls: &[Call]) -> InnerTransaction {
    match account {
        Account::Signing(user) => {
            let calldata = Calldata(multicall(calls).into());
            user.sign_invoke(InvokeTransactionV3 { calldata, ..invoke(user.address, nonce) })
        }
        Account::Programmable(address) => programmed(*address, nonce, &actions::calling(calls), vec![]),
    }
}

/// A transaction of a programmable account: `program` in `__execute__`, `validation` in `__validate__`.
pub fn programmed(
    account: ContractAddress,
    nonce: Nonce,
    program: &[Felt],
    validation: Vec<Felt>,
) -> InnerTransaction {
    programmed_invoke(invoke(account, nonce), program, validation)
}

fn programmed_invoke(
    mut invoke: InvokeTransactionV3,
    program: &[Felt],
    validation: Vec<Felt>,
) -> InnerTransaction {
    let mut calldata = vec![program.len().into()];
    calldata.extend(program);
    invoke.calldata = Calldata(calldata.into());
    invoke.signature = TransactionSignature(validation.into());
    InnerTransaction::try_from(invoke).expect("an inner transaction")
}

/// What a signing account calls: a program, or a contract.
fn call(scene: &Scene, index: usize, random: &mut Random) -> Call {
    if random.chance(450) {
        let program = actions::program(scene, random);
        let to = ContractAddress::try_from(scene.programmable(random)).expect("an address");
        let mut calldata = vec![program.len().into()];
        calldata.extend(program);
        return Call::new(to, "run", calldata);
    }
    scene.call(Some(index), random)
}

/// The same transaction with another tip than the one that was signed.
fn forged(transaction: InnerTransaction) -> InnerTransaction {
    let mut invoke = transaction.as_invoke().clone();
    invoke.tip = Tip(invoke.tip.0 ^ 1);
    InnerTransaction::try_from(invoke).expect("an inner transaction")
}

fn invoke(sender_address: ContractAddress, nonce: Nonce) -> InvokeTransactionV3 {
    InvokeTransactionV3 {
        resource_bounds: ValidResourceBounds::AllResources(AllResourceBounds {
            l1_gas: bound(0, 1),
            l2_gas: bound(PLENTY, 1),
            l1_data_gas: bound(10_000, 1),
        }),
        tip: Tip::default(),
        signature: TransactionSignature::default(),
        nonce,
        sender_address,
        calldata: Calldata::default(),
        nonce_data_availability_mode: DataAvailabilityMode::L1,
        fee_data_availability_mode: DataAvailabilityMode::L1,
        paymaster_data: Default::default(),
        account_deployment_data: Default::default(),
        proof_facts: Default::default(),
    }
}

fn bound(max_amount: u64, price: u128) -> ResourceBounds {
    ResourceBounds { max_amount: GasAmount(max_amount), max_price_per_unit: GasPrice(price) }
}

/// Mostly plenty of gas; sometimes so little that it ends anywhere.
fn bounds(random: &mut Random) -> ValidResourceBounds {
    let l2_gas = if random.chance(750) {
        PLENTY
    } else {
        // From 2^17 to 2^24: from what `__validate__` needs to what a few syscalls cost.
        let exponent = random.between(17, 23);
        (1 << exponent) + random.next() % (1 << exponent)
    };
    let price = |random: &mut Random| u128::from(random.next() >> random.below(64));
    ValidResourceBounds::AllResources(AllResourceBounds {
        l1_gas: bound(random.next() >> random.below(64), price(random)),
        l2_gas: bound(l2_gas, price(random)),
        l1_data_gas: bound(random.next() >> random.below(64), price(random)),
    })
}

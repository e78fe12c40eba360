//! A thread's settlement as part of its trace. Nothing was called on this chain, so what the inner transactions did is
//! shown as calls that hold what the proof tells: who called what, and the events and messages by contract.

use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::core::ContractAddress;
use starknet_api::transaction::constants::EXECUTE_ENTRY_POINT_NAME;
use starknet_rust_core::types::{
    CallType, EntryPointType, FunctionInvocation, InnerCallExecutionResources, OrderedEvent, OrderedMessage,
};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::statement::ContractAccess;
use zkthreads_protocol::{IncludedTransaction, PackageContents};

/// Puts one call per inner transaction in front of the calls of the `envelope`, since they took place before those.
pub(crate) fn show(package: &PackageContents, envelope: &mut FunctionInvocation) {
    let (events, messages) = (package.events().count() as u64, package.messages().count() as u64);
    shift(envelope, events, messages);
    let inner = package.inner_transactions().enumerate();
    let inner: Vec<_> = inner.map(|(index, included)| transaction(package, index, included)).collect();
    envelope.calls.splice(0..0, inner);
}

/// Moves the places of all events and messages up.
fn shift(call: &mut FunctionInvocation, events: u64, messages: u64) {
    call.events.iter_mut().for_each(|event| event.order += events);
    call.messages.iter_mut().for_each(|message| message.order += messages);
    call.calls.iter_mut().for_each(|call| shift(call, events, messages));
}

fn transaction(
    package: &PackageContents,
    index: usize,
    included: &IncludedTransaction,
) -> FunctionInvocation {
    let invoke = included.transaction.as_invoke();
    let contracts = package.segment_of(index).map(|(segment, _)| segment.statement.contracts.as_slice());
    let contracts = contracts.unwrap_or_default();
    let mut call = FunctionInvocation {
        entry_point_selector: selector_from_name(EXECUTE_ENTRY_POINT_NAME).0,
        calldata: invoke.calldata.0.to_vec(),
        is_reverted: included.revert_reason.is_some(),
        ..of(contracts, invoke.sender_address)
    };
    for (order, (_, event)) in package.events().enumerate().filter(|(_, (of, _))| *of == index) {
        inside(contracts, &mut call, event.from_address).events.push(OrderedEvent {
            order: order as u64,
            keys: event.content.keys.iter().map(|key| key.0).collect(),
            data: event.content.data.0.clone(),
        });
    }
    for (order, (_, message)) in package.messages().enumerate().filter(|(_, (of, _))| *of == index) {
        inside(contracts, &mut call, message.from_address).messages.push(OrderedMessage {
            order: order as u64,
            from_address: *message.from_address.0.key(),
            to_address: message.to_address.0,
            payload: message.payload.clone(),
        });
    }
    call
}

/// The call of `contract` inside the call of an account, or that call itself.
fn inside<'a>(
    contracts: &[ContractAccess],
    account: &'a mut FunctionInvocation,
    contract: ContractAddress,
) -> &'a mut FunctionInvocation {
    let address = *contract.0.key();
    if account.contract_address == address {
        return account;
    }
    let known = account.calls.iter().position(|call| call.contract_address == address);
    let place = known.unwrap_or_else(|| {
        account
            .calls
            .push(FunctionInvocation { caller_address: account.contract_address, ..of(contracts, contract) });
        account.calls.len() - 1
    });
    &mut account.calls[place]
}

/// An empty call of `contract`.
fn of(contracts: &[ContractAccess], contract: ContractAddress) -> FunctionInvocation {
    let class =
        contracts.iter().find(|access| access.address == contract).map(|access| access.class_hash_before.0);
    FunctionInvocation {
        contract_address: *contract.0.key(),
        entry_point_selector: Felt::ZERO,
        calldata: Vec::new(),
        caller_address: Felt::ZERO,
        class_hash: class.unwrap_or_default(),
        entry_point_type: EntryPointType::External,
        call_type: CallType::Call,
        result: Vec::new(),
        calls: Vec::new(),
        events: Vec::new(),
        messages: Vec::new(),
        execution_resources: InnerCallExecutionResources { l1_gas: 0, l2_gas: 0 },
        is_reverted: false,
    }
}

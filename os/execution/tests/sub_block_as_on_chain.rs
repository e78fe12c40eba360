//! A sub-block changes the state exactly as its transactions would on the chain, sent one by one through blockifier's
//! own account flow (the fee left aside).

#[path = "../../program/tests/sub_block_support/mod.rs"]
mod sub_block_support;

use blockifier::blockifier_versioned_constants::VersionedConstants;
use blockifier::bouncer::BouncerConfig;
use blockifier::context::{BlockContext, ChainInfo};
use blockifier::state::cached_state::CachedState;
use blockifier::transaction::account_transaction::{AccountTransaction, ExecutionFlags};
use blockifier::transaction::transactions::ExecutableTransaction;
use starknet_api::block::{BlockInfo, StarknetVersion};
use starknet_api::executable_transaction::{AccountTransaction as Executable, InvokeTransaction};
use starknet_api::versioned_constants_logic::VersionedConstantsTrait;
use starknet_types_core::felt::Felt;
use sub_block_support::{Call, MemoryState, World, chain_id, probe, transfer};
use zkthreads_protocol::{InnerEvent, InnerTransaction};

/// The state and the events after `transactions`, one by one, on the chain.
fn on_chain(world: &World, transactions: &[InnerTransaction]) -> (MemoryState, Vec<InnerEvent>) {
    let base_block = world.context.base_block;
    let block_info = BlockInfo {
        block_number: base_block.number,
        block_timestamp: base_block.timestamp,
        starknet_version: StarknetVersion::LATEST,
        sequencer_address: base_block.sequencer,
        gas_prices: Default::default(),
        use_kzg_da: true,
    };
    let chain_info = ChainInfo { chain_id: chain_id(), ..Default::default() };
    let constants = VersionedConstants::latest_constants().clone();
    let context = BlockContext::new(block_info, chain_info, constants, BouncerConfig::max());
    let execution_flags = ExecutionFlags { charge_fee: false, ..Default::default() };

    let mut state = CachedState::new(world.state.clone());
    let mut events = Vec::new();
    for (index, transaction) in transactions.iter().enumerate() {
        let invoke = InvokeTransaction::create(transaction.as_invoke().clone().into(), &chain_id()).unwrap();
        let tx =
            AccountTransaction { tx: Executable::Invoke(invoke), execution_flags: execution_flags.clone() };
        let info = tx.execute(&mut state, &context).unwrap();
        assert!(info.revert_error.is_none(), "{:?}", info.revert_error);
        for phase in [&info.validate_call_info, &info.execute_call_info].into_iter().flatten() {
            events.extend(phase.get_sorted_events().into_iter().map(|event| InnerEvent {
                transaction_index: u32::try_from(index).unwrap(),
                from_address: event.from_address,
                content: event.content,
            }));
        }
    }
    let diff = state.to_state_diff().unwrap().state_maps;
    let mut after = world.state.clone();
    assert!(diff.class_hashes.is_empty());
    after.nonces.extend(diff.nonces);
    after.storage.extend(diff.storage);
    after.storage.retain(|_, value| *value != Felt::ZERO);
    (after, events)
}

#[test]
fn the_same_state_and_events() {
    let mut world = World::new(4);
    let addresses: Vec<_> = world.users.iter().map(|user| user.address).collect();
    let (strk, eth, a, b) = (world.strk(), world.eth(), world.probe(), world.other_probe());
    let recurse = Call::new(a, "recurse", vec![*b.0.key(), Felt::from(3)]);
    let calls = [
        vec![transfer(strk, addresses[1], 5), transfer(eth, addresses[2], 6)],
        vec![transfer(strk, addresses[0], 5), probe(a, "put", &[1, 2]), recurse],
        vec![probe(b, "add", &[1, 2, 3]), probe(a, "remember_context", &[])],
        vec![probe(a, "put", &[1, 0]), transfer(eth, addresses[0], 1)],
        vec![],
    ];
    let transactions: Vec<_> =
        calls.iter().enumerate().map(|(index, calls)| world.users[index % 4].sign(calls)).collect();

    let (chain, chain_events) = on_chain(&world, &transactions);
    let executed = world.execute(transactions);
    assert!(executed.left_out.is_empty());
    let mut thread = world.state.clone();
    thread.apply(&executed.statement);
    thread.storage.retain(|_, value| *value != Felt::ZERO);

    assert_eq!(thread.nonces, chain.nonces);
    assert_eq!(thread.storage, chain.storage);
    assert_eq!(executed.events, chain_events);
}

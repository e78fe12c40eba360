//! Sub-blocks on blockifier: what is recorded, what is stated, what is left out.

use starknet_api::abi::abi_utils::{get_fee_token_var_address, get_storage_var_address, selector_from_name};
use starknet_api::core::{ClassHash, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::commitments::events_commitment;
use zkthreads_protocol::{ContractAccess, InnerOutcome, Statement, StorageAccess};
use zkthreads_sub_block::{AbortCause, LeftOutReason, SubBlockError};

use crate::sub_block_support::{
    Call, INITIAL_BALANCE, TestState, address, chain_id, classes, probe, transfer,
};

fn contract(statement: &Statement, address: starknet_api::core::ContractAddress) -> &ContractAccess {
    statement.contracts.iter().find(|contract| contract.address == address).expect("is listed")
}

fn cell(access: &ContractAccess, key: StorageKey) -> StorageAccess {
    *access.storage.iter().find(|cell| cell.key == key).expect("is listed")
}

#[test]
fn a_transfer_is_stated_in_full() {
    let mut world = TestState::new(2);
    let (sender, recipient) = (world.users[0].address, world.users[1].address);
    let call = transfer(world.strk(), recipient, 7);
    let transaction = world.users[0].sign(&[call]);
    let hash = transaction.hash(&chain_id()).unwrap();
    let executed = world.execute([transaction]);
    let statement = &executed.statement;

    assert!(executed.left_out.is_empty());
    assert_eq!(statement.chain_id, Felt::from_bytes_be_slice(b"SN_SEPOLIA"));
    assert_eq!(statement.submitter, world.context.submitter);
    assert_eq!(statement.base_block, world.context.base_block);
    assert_eq!(statement.inner_transactions, [InnerOutcome { hash, reverted: false }]);

    let classes: Vec<_> =
        statement.classes.iter().map(|class| (class.class_hash, class.compiled_class_hash)).collect();
    let mut expected = [classes::account(), classes::strk()]
        .map(|class| (class.hash, class.hardened.compiled_class_hash().unwrap()));
    expected.sort();
    assert_eq!(classes, expected);

    assert_eq!(statement.contracts.len(), 2, "the recipient's account is not touched");
    let account = contract(statement, sender);
    assert_eq!(account.class_hash_before, classes::account().hash);
    assert_eq!((account.nonce_before, account.nonce_after), (Nonce(Felt::ZERO), Nonce(Felt::ONE)));
    let public_key = world.users[0].public_key();
    let key = get_storage_var_address("Account_public_key", &[]);
    assert_eq!(account.storage, [StorageAccess { key, before: public_key, after: public_key }]);

    let token = contract(statement, world.strk());
    assert!(!token.consumes_nonces());
    let balance = Felt::from(INITIAL_BALANCE);
    for (owner, after) in [(sender, balance - Felt::from(7)), (recipient, balance + Felt::from(7))] {
        let low = get_fee_token_var_address(owner);
        assert_eq!(cell(token, low), StorageAccess { key: low, before: balance, after });
        let high = low.next_storage_key().unwrap();
        assert_eq!(cell(token, high), StorageAccess { key: high, before: Felt::ZERO, after: Felt::ZERO });
    }

    assert_eq!(executed.events.len(), 1);
    assert_eq!(executed.events[0].from_address, world.strk());
    assert_eq!(executed.events[0].content.keys[0].0, selector_from_name("Transfer").0);
    assert_eq!(statement.event_count, 1);
    let hashes: Vec<_> = statement.transaction_hashes().collect();
    let commitment = events_commitment(&executed.events, &hashes).unwrap();
    assert_eq!(statement.events_commitment, commitment);
    assert_eq!(Statement::decode(&statement.encode()).as_ref(), Ok(statement));

    assert_eq!(executed.input.contracts.len(), 2);
    assert_eq!(executed.input.contracts[&sender].nonce, Nonce::default());
    let recorded = &executed.input.transactions[0];
    assert_eq!(recorded.validate.retdata, [Felt::from_bytes_be_slice(b"VALID")]);
    assert_eq!(recorded.execute.inner_calls.len(), 1);
    assert_eq!(recorded.execute.inner_calls[0].retdata, [Felt::ONE]);
    assert!(recorded.execute.inner_calls[0].storage_reads.contains(&balance));
}

#[test]
fn transactions_build_on_each_other() {
    let mut world = TestState::new(3);
    let addresses: Vec<_> = world.users.iter().map(|user| user.address).collect();
    let mut transactions = Vec::new();
    for round in 0..4_u128 {
        for from in 0..3 {
            let call = transfer(world.strk(), addresses[(from + 1) % 3], 10 + round);
            transactions.push(world.users[from].sign(&[call]));
        }
    }
    let executed = world.execute(transactions);
    assert_eq!(executed.statement.inner_transactions.len(), 12);
    for user in &addresses {
        let account = contract(&executed.statement, *user);
        assert_eq!((account.nonce_before.0, account.nonce_after.0), (Felt::ZERO, Felt::from(4)));
    }
    let mut after = world.state.clone();
    after.apply(&executed.statement);
    for user in &addresses {
        assert_eq!(after.balance(world.strk(), *user), Felt::from(INITIAL_BALANCE));
    }
    let indices: Vec<u32> = executed.events.iter().map(|event| event.transaction_index).collect();
    assert_eq!(indices, (0..12).collect::<Vec<_>>());
}

#[test]
fn what_fails_is_left_out_without_a_trace() {
    let mut world = TestState::new(3);
    let (a, b) = (world.users[0].address, world.users[1].address);
    let strk = world.strk();
    let stranger = world.users[2].sign(&[transfer(strk, b, 1)]);
    let mut forged = stranger.as_invoke().clone();
    forged.tip = starknet_api::transaction::fields::Tip(8); // not what was signed
    let transactions = vec![
        world.users[0].sign_with_nonce(&[transfer(strk, b, 1)], 5),
        forged.try_into().unwrap(),
        world.users[0].sign_with_nonce(&[transfer(strk, b, 3)], 0),
    ];
    let executed = world.execute(transactions);
    let reasons: Vec<_> = executed.left_out.iter().map(|left_out| &left_out.reason).collect();
    assert!(matches!(reasons[0], LeftOutReason::Nonce { account, .. } if *account == a), "{reasons:?}");
    assert!(matches!(reasons[1], LeftOutReason::Validate { .. }), "{reasons:?}");
    assert_eq!(reasons.len(), 2);

    assert_eq!(executed.statement.inner_transactions.len(), 1);
    assert_eq!(executed.statement.contracts.len(), 2, "the stranger's account is not touched");
    assert_eq!(executed.statement.event_count, 1);
    let mut after = world.state.clone();
    after.apply(&executed.statement);
    assert_eq!(after.balance(strk, b), Felt::from(INITIAL_BALANCE + 3));
}

#[test]
fn a_reverted_transaction_consumes_its_nonce_and_states_what_it_read() {
    let mut world = TestState::new(2);
    let (a, b, strk) = (world.users[0].address, world.users[1].address, world.strk());
    let transaction = world.users[0].sign(&[transfer(strk, b, 10 * INITIAL_BALANCE)]);
    let executed = world.execute([transaction]);
    let statement = &executed.statement;
    assert!(statement.inner_transactions[0].reverted);
    assert_eq!((statement.event_count, executed.events.len()), (0, 0));
    let account = contract(statement, a);
    assert_eq!((account.nonce_before, account.nonce_after), (Nonce(Felt::ZERO), Nonce(Felt::ONE)));
    let token = contract(statement, strk);
    assert!(token.storage.iter().all(|cell| !cell.is_write()));
    assert_eq!(cell(token, get_fee_token_var_address(a)).before, Felt::from(INITIAL_BALANCE));
    let reason = executed.input.transactions[0].revert_reason.as_deref().expect("a reason");
    assert!(reason.contains("insufficient balance"), "{reason}");
}

#[test]
fn what_the_os_cannot_prove_is_left_out() {
    let mut world = TestState::new(1);
    let reason = |world: &TestState, call: Call| {
        let transaction = world.users[0].sign_with_nonce(&[call], 0);
        match world.try_execute([transaction]) {
            Err(SubBlockError::Empty { left_out }) => left_out[0].reason.clone(),
            other => panic!("included: {other:?}"),
        }
    };
    let nothing = vec![Felt::from(0x404), selector_from_name("get").0, Felt::ZERO];
    let undeclared = reason(&world, Call::new(world.probe(), "delegate", nothing));
    let cause = AbortCause::UndeclaredClass(ClassHash(Felt::from(0x404)));
    assert!(
        matches!(&undeclared, LeftOutReason::Abort { cause: found, .. } if *found == cause),
        "{undeclared}"
    );

    world.users[0].address = address(0x99_u64);
    let missing = reason(&world, probe(world.probe(), "put", &[1, 2]));
    assert_eq!(missing, LeftOutReason::NotDeployed { account: address(0x99_u64) });
    assert!(matches!(world.try_execute([]), Err(SubBlockError::Empty { .. })));
}

#[test]
fn a_block_hash_is_a_cell_of_the_block_hash_contract() {
    let mut world = TestState::new(1);
    let key = StorageKey::from(1000_u128);
    world.state.storage.insert((address(1_u64), key), Felt::from(0xb10c));
    let call = probe(world.probe(), "remember_block_hash", &[1000]);
    let transaction = world.users[0].sign(&[call]);
    let executed = world.execute([transaction]);
    let block_hashes = contract(&executed.statement, address(1_u64));
    assert_eq!(block_hashes.class_hash_before, ClassHash::default());
    let hash = Felt::from(0xb10c);
    assert_eq!(block_hashes.storage, [StorageAccess { key, before: hash, after: hash }]);
    assert_eq!(executed.input.transactions[0].execute.inner_calls[0].block_hash_reads, [hash]);
}

#[test]
fn a_library_call_runs_in_the_caller() {
    let mut world = TestState::new(1);
    let class = classes::strk();
    let calldata = vec![class.hash.0, selector_from_name("decimals").0, Felt::ZERO];
    world.state.classes.insert(class.hash, class.clone());
    let call = Call::new(world.probe(), "delegate", calldata);
    let transaction = world.users[0].sign(&[call]);
    let executed = world.execute([transaction]);
    let touched: Vec<_> = executed.statement.contracts.iter().map(|contract| contract.address).collect();
    assert_eq!(touched, [world.probe(), world.users[0].address]);
    assert!(executed.statement.classes.iter().any(|executed| executed.class_hash == class.hash));
    let delegate = &executed.input.transactions[0].execute.inner_calls[0];
    assert_eq!(delegate.inner_calls.len(), 1);
}

#[test]
fn events_and_messages_keep_their_order() {
    let mut world = TestState::new(1);
    let (a, b) = (world.probe(), world.other_probe());
    let recurse = Call::new(a, "recurse", vec![*b.0.key(), Felt::from(2)]);
    let calls = [recurse, probe(a, "send", &[0xe1, 2, 5, 6]), probe(b, "send", &[0xe2, 0])];
    let transaction = world.users[0].sign(&calls);
    let executed = world.execute([transaction]);
    let depths: Vec<_> = executed.events.iter().map(|event| event.content.data.0[0]).collect();
    assert_eq!(depths, [2, 1, 0, 0, 1, 2].map(Felt::from));
    let senders: Vec<_> = executed.events.iter().map(|event| event.from_address).collect();
    assert_eq!(senders, [a, b, b, b, b, a]);
    let messages: Vec<_> = executed
        .statement
        .messages
        .iter()
        .map(|message| (message.from_address, Felt::from(message.to_address), message.payload.clone()))
        .collect();
    let payload = vec![Felt::from(5), Felt::from(6)];
    assert_eq!(messages, [(a, Felt::from(0xe1), payload), (b, Felt::from(0xe2), vec![])]);
}

//! One small well-formed sub-block, and generators of arbitrary ones.

use std::sync::Arc;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use starknet_api::block::{BlockNumber, BlockTimestamp, GasPrice};
use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress, L1Address, Nonce};
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::execution_resources::GasAmount;
use starknet_api::state::StorageKey;
use starknet_api::transaction::fields::{
    AllResourceBounds, Calldata, ResourceBounds, Tip, TransactionSignature, ValidResourceBounds,
};
use starknet_api::transaction::{EventContent, EventData, EventKey, InvokeTransactionV3, TransactionHash};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::limits::MAX_SEGMENTS;
use zkthreads_protocol::{
    BaseBlock, ContractAccess, ExecutedClass, IncludedTransaction, InnerEvent, InnerMessage, InnerOutcome,
    InnerTransaction, Package, Segment, Statement, StorageAccess,
};

pub(crate) fn felt(value: u64) -> Felt {
    Felt::from(value)
}

pub(crate) fn address(value: u64) -> ContractAddress {
    ContractAddress::try_from(felt(value)).unwrap()
}

fn key(value: Felt) -> StorageKey {
    StorageKey::try_from(value).unwrap()
}

fn bounds(max_amount: u64, max_price_per_unit: u128) -> ResourceBounds {
    ResourceBounds { max_amount: GasAmount(max_amount), max_price_per_unit: GasPrice(max_price_per_unit) }
}

/// An INVOKE v3 that may be an inner transaction.
pub(crate) fn invoke(sender: u64, nonce: u64) -> InvokeTransactionV3 {
    InvokeTransactionV3 {
        sender_address: address(sender),
        nonce: Nonce(felt(nonce)),
        tip: Tip(7),
        resource_bounds: ValidResourceBounds::AllResources(AllResourceBounds {
            l1_gas: bounds(1, 2),
            l2_gas: bounds(3, u128::from(u64::MAX) + 4),
            l1_data_gas: bounds(5, 6),
        }),
        nonce_data_availability_mode: DataAvailabilityMode::L1,
        fee_data_availability_mode: DataAvailabilityMode::L1,
        calldata: Calldata(Arc::new(vec![felt(1), Felt::MAX])),
        signature: TransactionSignature(Arc::new(vec![felt(11), felt(12)])),
        paymaster_data: Default::default(),
        account_deployment_data: Default::default(),
        proof_facts: Default::default(),
    }
}

/// A package of one sub-block.
pub(crate) fn package() -> Package {
    segment().into()
}

/// A package of two sub-blocks, the second a sub-block of one transaction.
pub(crate) fn two_segments() -> Package {
    let (first, mut second) = (segment(), segment());
    second.inner_transactions.remove(0);
    second.events.remove(0);
    second.events[0].transaction_index = 0;
    let statement = &mut second.statement;
    statement.inner_transactions.remove(0);
    statement.event_count = 1;
    let hashes: Vec<_> = statement.transaction_hashes().collect();
    statement.events_commitment =
        zkthreads_protocol::commitments::events_commitment(&second.events, &hashes).unwrap();
    statement.messages[0].transaction_index = 0;
    second.proof = b"another one".to_vec();
    Package { segments: vec![first, second] }
}

/// A sub-block of two transactions that touches every kind of field.
pub(crate) fn segment() -> Segment {
    let [first, second] =
        [invoke(0x100, 4), invoke(0x200, 0)].map(|invoke| InnerTransaction::try_from(invoke).unwrap());
    let inner_transactions = vec![
        IncludedTransaction::succeeded(first),
        IncludedTransaction::reverted(second, "ENTRYPOINT_FAILED: \u{201c}too poor\u{201d}"),
    ];
    let cell = |key_: u64, before: u64, after: u64| StorageAccess {
        key: key(felt(key_)),
        before: felt(before),
        after: felt(after),
    };
    let contract = |at: u64, before: u64, after: u64, storage| ContractAccess {
        address: address(at),
        class_hash_before: ClassHash(felt(at + 1)),
        class_hash_after: ClassHash(felt(at + 1)),
        nonce_before: Nonce(felt(before)),
        nonce_after: Nonce(felt(after)),
        storage,
    };
    let event = |transaction_index, from: u64, keys: &[u64], data: &[u64]| InnerEvent {
        transaction_index,
        from_address: address(from),
        content: EventContent {
            keys: keys.iter().map(|key| EventKey(felt(*key))).collect(),
            data: EventData(data.iter().map(|value| felt(*value)).collect()),
        },
    };
    let events = vec![event(0, 0x49, &[1, 2], &[3]), event(1, 0x49, &[], &[])];
    let hashes = vec![TransactionHash(felt(0xaaa)), TransactionHash(felt(0xbbb))];
    let statement = Statement {
        chain_id: Felt::from_bytes_be_slice(b"SN_SEPOLIA"),
        submitter: address(0x777),
        base_block: BaseBlock {
            number: BlockNumber(12),
            timestamp: BlockTimestamp(1_700_000_000),
            sequencer: address(0x1000),
        },
        classes: vec![
            ExecutedClass {
                class_hash: ClassHash(felt(5)),
                compiled_class_hash: CompiledClassHash(felt(50)),
                gas_metered: true,
            },
            ExecutedClass {
                class_hash: ClassHash(felt(6)),
                compiled_class_hash: CompiledClassHash(Felt::MAX),
                gas_metered: false,
            },
        ],
        contracts: vec![
            contract(0x49, 0, 0, vec![cell(1, 10, 9), cell(2, 0, 1), cell(3, 8, 8)]),
            contract(0x100, 4, 5, vec![]),
            contract(0x200, 0, 1, vec![cell(0, 0, 0)]),
            ContractAccess {
                class_hash_before: ClassHash::default(),
                class_hash_after: ClassHash(felt(5)),
                ..contract(0x300, 0, 0, vec![cell(7, 0, 1)])
            },
            ContractAccess { class_hash_after: ClassHash(felt(6)), ..contract(0x400, 0, 0, vec![]) },
        ],
        event_count: 2,
        events_commitment: zkthreads_protocol::commitments::events_commitment(&events, &hashes).unwrap(),
        messages: vec![InnerMessage {
            transaction_index: 1,
            from_address: address(0x49),
            to_address: L1Address(felt(0xdead)),
            payload: vec![felt(1), felt(2)],
        }],
        inner_transactions: vec![
            InnerOutcome { hash: hashes[0], reverted: false },
            InnerOutcome { hash: hashes[1], reverted: true },
        ],
    };
    Segment { statement, inner_transactions, events, proof: b"not a proof".to_vec() }
}

/// Any felt, small ones and the largest ones often.
pub(crate) fn any_felt() -> impl Strategy<Value = Felt> {
    prop_oneof![
        any::<u8>().prop_map(Felt::from),
        any::<[u8; 32]>().prop_map(|bytes| Felt::from_bytes_be(&bytes)),
        Just(Felt::MAX),
    ]
}

/// A felt below 2^250: an address or a key.
fn small_felt() -> impl Strategy<Value = Felt> {
    prop_oneof![
        any::<u8>().prop_map(Felt::from),
        any::<[u8; 31]>().prop_map(|bytes| Felt::from_bytes_be_slice(&bytes)),
    ]
}

fn any_address() -> impl Strategy<Value = ContractAddress> {
    small_felt().prop_map(|value| ContractAddress::try_from(value).unwrap())
}

fn felts(max: usize) -> impl Strategy<Value = Vec<Felt>> {
    vec(any_felt(), 0..=max)
}

fn any_storage() -> impl Strategy<Value = Vec<StorageAccess>> {
    btree_map(small_felt(), (any_felt(), any_felt()), 0..5).prop_map(|cells| {
        let cell = |(at, (before, after))| StorageAccess { key: key(at), before, after };
        cells.into_iter().map(cell).collect()
    })
}

/// Contracts, some of which are given one of `classes`.
fn any_contracts(classes: Vec<ExecutedClass>) -> impl Strategy<Value = Vec<ContractAccess>> {
    let nonces = prop_oneof![
        Just((0, 0)),
        (0..u64::MAX).prop_flat_map(|before| (Just(before), before + 1..=u64::MAX)),
    ];
    let given = prop::option::of(any::<prop::sample::Index>());
    let contract = (any_felt(), given, nonces, any_storage());
    btree_map(small_felt(), contract, 0..5).prop_map(move |contracts| {
        let contract = |(at, (class, given, (before, after), storage)): (_, (_, _, (u64, u64), _))| {
            let class_hash_before = ClassHash(class);
            let given: Option<prop::sample::Index> = given;
            let given = given.filter(|_| !classes.is_empty()).map(|index| index.get(&classes).class_hash);
            ContractAccess {
                address: ContractAddress::try_from(at).unwrap(),
                class_hash_before,
                class_hash_after: given.unwrap_or(class_hash_before),
                nonce_before: Nonce(before.into()),
                nonce_after: Nonce(after.into()),
                storage,
            }
        };
        contracts.into_iter().map(contract).collect()
    })
}

fn any_classes() -> impl Strategy<Value = Vec<ExecutedClass>> {
    btree_map(any_felt(), (any_felt(), any::<bool>()), 0..4).prop_map(|classes| {
        let class = |(hash, (compiled, gas_metered))| ExecutedClass {
            class_hash: ClassHash(hash),
            compiled_class_hash: CompiledClassHash(compiled),
            gas_metered,
        };
        classes.into_iter().map(class).collect()
    })
}

fn any_base_block() -> impl Strategy<Value = BaseBlock> {
    (any::<u64>(), any::<u64>(), any_address()).prop_map(|(number, timestamp, sequencer)| BaseBlock {
        number: BlockNumber(number),
        timestamp: BlockTimestamp(timestamp),
        sequencer,
    })
}

fn any_messages(transactions: usize) -> impl Strategy<Value = Vec<InnerMessage>> {
    let index = 0..u32::try_from(transactions).unwrap();
    vec((index, any_address(), any_felt(), felts(3)), 0..3).prop_map(|messages| {
        let message = |(transaction_index, from_address, to, payload)| InnerMessage {
            transaction_index,
            from_address,
            to_address: L1Address(to),
            payload,
        };
        messages.into_iter().map(message).collect()
    })
}

/// Any well-formed statement about `transactions` inner transactions and `events` events.
fn statement_about(transactions: usize, events: u64) -> impl Strategy<Value = Statement> {
    let outcomes = (btree_set(any_felt(), transactions), vec(any::<bool>(), transactions));
    let outcomes = outcomes.prop_map(|(hashes, reverted)| {
        let outcome = |(hash, reverted)| InnerOutcome { hash: TransactionHash(hash), reverted };
        hashes.into_iter().zip(reverted).map(outcome).collect()
    });
    let header = (any_felt(), any_address(), any_base_block(), any_felt());
    let state = any_classes().prop_flat_map(|classes| (Just(classes.clone()), any_contracts(classes)));
    (header, outcomes, state, any_messages(transactions)).prop_map(
        move |(
            (chain_id, submitter, base_block, events_commitment),
            inner_transactions,
            (classes, contracts),
            messages,
        )| {
            Statement {
                chain_id,
                submitter,
                base_block,
                inner_transactions,
                classes,
                contracts,
                event_count: events,
                events_commitment,
                messages,
            }
        },
    )
}

/// Any well-formed statement.
pub(crate) fn any_statement() -> impl Strategy<Value = Statement> {
    (1..4_usize, any::<u64>()).prop_flat_map(|(transactions, events)| statement_about(transactions, events))
}

fn any_inner_transaction() -> impl Strategy<Value = InnerTransaction> {
    let bound = || (any::<u64>(), any::<u128>()).prop_map(|(amount, price)| bounds(amount, price));
    let mode = || prop_oneof![Just(DataAvailabilityMode::L1), Just(DataAvailabilityMode::L2)];
    let who = (any_address(), any_felt(), any::<u64>());
    (who, [bound(), bound(), bound()], (mode(), mode()), felts(4), felts(3)).prop_map(
        |((sender_address, nonce, tip), [l1_gas, l2_gas, l1_data_gas], modes, calldata, signature)| {
            let bounds = AllResourceBounds { l1_gas, l2_gas, l1_data_gas };
            let transaction = InvokeTransactionV3 {
                sender_address,
                nonce: Nonce(nonce),
                tip: Tip(tip),
                resource_bounds: ValidResourceBounds::AllResources(bounds),
                nonce_data_availability_mode: modes.0,
                fee_data_availability_mode: modes.1,
                calldata: Calldata(Arc::new(calldata)),
                signature: TransactionSignature(Arc::new(signature)),
                ..invoke(0, 0)
            };
            InnerTransaction::try_from(transaction).unwrap()
        },
    )
}

fn any_events(transactions: usize) -> impl Strategy<Value = Vec<InnerEvent>> {
    let index = 0..u32::try_from(transactions).unwrap();
    vec((index, any_address(), felts(3), felts(3)), 0..4).prop_map(|events| {
        let event = |(transaction_index, from_address, keys, data): (_, _, Vec<Felt>, _)| InnerEvent {
            transaction_index,
            from_address,
            content: EventContent { keys: keys.into_iter().map(EventKey).collect(), data: EventData(data) },
        };
        events.into_iter().map(event).collect()
    })
}

/// Any well-formed package, of one segment or several.
pub(crate) fn any_package() -> impl Strategy<Value = Package> {
    prop_oneof![vec(any_segment(), 1), vec(any_segment(), 2..4), vec(any_segment(), MAX_SEGMENTS)]
        .prop_map(|segments| Package { segments })
}

fn any_segment() -> impl Strategy<Value = Segment> {
    (1..4_usize)
        .prop_flat_map(|count| (vec(any_inner_transaction(), count), any_events(count)))
        .prop_flat_map(|(transactions, events)| {
            let statement = statement_about(transactions.len(), events.len() as u64);
            let reasons = vec("\\PC{0,30}", transactions.len());
            (statement, Just(transactions), reasons, Just(events), vec(any::<u8>(), 0..64))
        })
        .prop_map(|(statement, transactions, reasons, events, proof)| {
            let include = |((outcome, transaction), reason): ((&InnerOutcome, _), String)| {
                IncludedTransaction { transaction, revert_reason: outcome.reverted.then_some(reason) }
            };
            let outcomes = statement.inner_transactions.iter();
            let inner_transactions = outcomes.zip(transactions).zip(reasons).map(include).collect();
            Segment { statement, inner_transactions, events, proof }
        })
}

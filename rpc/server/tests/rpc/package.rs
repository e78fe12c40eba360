//! A well-formed package whose proof proves nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_api::core::{ChainId, ContractAddress, L1Address, Nonce};
use starknet_api::transaction::{EventContent, EventData, EventKey, InvokeTransactionV3};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::commitments::events_commitment;
use zkthreads_protocol::{
    BaseBlock, ContractAccess, IncludedTransaction, InnerEvent, InnerMessage, InnerOutcome, InnerTransaction,
    Package, PackageDigest, Segment, Statement, StorageAccess, ThreadFacts,
};

use crate::chain::{BOB, Chain, GENESIS_TIME, STRK, os_program};
use crate::transactions::{invoke, sign, to_json, transfer, unsigned};

/// A sub-block of two transfers by Bob, of which the second is said to be reverted. It read a cell of the token that is
/// 0 as `read`.
pub(crate) fn package(chain: &Chain, read: Felt) -> Package {
    segment(chain, read, 0).into()
}

/// A package of that sub-block and one like it that follows.
pub(crate) fn two_segments(chain: &Chain, read: Felt) -> Package {
    Package { segments: vec![segment(chain, read, 0), segment(chain, read, 2)] }
}

/// A sub-block that begins at this nonce of Bob's.
fn segment(chain: &Chain, read: Felt, nonce: u64) -> Segment {
    let [first, second] = [1, 2_u64].map(|amount| {
        let invoke = invoke(BOB, nonce + amount - 1, transfer(STRK, amount.into()));
        InnerTransaction::try_from(invoke).unwrap()
    });
    let token: ContractAddress = STRK.try_into().unwrap();
    let storage = chain.executor.storage().state_at(BlockNumber(0));
    let contract = |address: Felt, nonces: (u64, u64), storage| {
        let address: ContractAddress = address.try_into().unwrap();
        let class_hash = chain.executor.storage().state_at(BlockNumber(0)).class_hash(address).unwrap();
        ContractAccess {
            address,
            class_hash_before: class_hash,
            class_hash_after: class_hash,
            nonce_before: Nonce(nonces.0.into()),
            nonce_after: Nonce(nonces.1.into()),
            storage,
        }
    };
    let cell = StorageAccess { key: 7_u64.into(), before: read, after: read };
    assert_eq!(storage.storage(token, cell.key).unwrap(), Felt::ZERO);
    let hashes = [&first, &second].map(|inner| inner.hash(&ChainId::Sepolia).unwrap());
    let event = |transaction_index, value: u64| InnerEvent {
        transaction_index,
        from_address: token,
        content: EventContent { keys: vec![EventKey(value.into())], data: EventData(vec![value.into()]) },
    };
    let events = vec![event(0, 5), event(0, 6), event(1, 7)];
    let message = InnerMessage {
        transaction_index: 0,
        from_address: token,
        to_address: L1Address(Felt::from(0xe1)),
        payload: vec![Felt::from(8)],
    };
    Segment {
        statement: Statement {
            chain_id: Felt::try_from(&ChainId::Sepolia).unwrap(),
            submitter: ContractAddress::default(),
            base_block: BaseBlock {
                number: BlockNumber(0),
                timestamp: BlockTimestamp(GENESIS_TIME),
                sequencer: chain.executor.config().sequencer_address,
            },
            inner_transactions: vec![
                InnerOutcome { hash: hashes[0], reverted: false },
                InnerOutcome { hash: hashes[1], reverted: true },
            ],
            classes: vec![],
            contracts: vec![contract(BOB, (nonce, nonce + 2), vec![]), contract(STRK, (0, 0), vec![cell])],
            event_count: 3,
            events_commitment: events_commitment(&events, &hashes).unwrap(),
            messages: vec![message],
        },
        inner_transactions: vec![
            IncludedTransaction::succeeded(first),
            IncludedTransaction::reverted(second, "too poor"),
        ],
        events,
        proof: vec![1, 2, 3],
    }
}

/// The signed envelope of a package.
pub(crate) fn envelope(sender: Felt, nonce: u64, bytes: &[u8]) -> InvokeTransactionV3 {
    let facts =
        ThreadFacts { os_program_hash: os_program().hash(), package_digest: PackageDigest::of(bytes) };
    let mut envelope = unsigned(sender, nonce, vec![Felt::ZERO]);
    envelope.proof_facts = facts.to_proof_facts();
    sign(envelope)
}

/// Envelope and package as they stand in a request.
pub(crate) fn to_request(envelope: &InvokeTransactionV3, bytes: &[u8]) -> Value {
    let mut value = to_json(envelope);
    value["proof"] = STANDARD.encode(bytes).into();
    value
}

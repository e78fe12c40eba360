//! A block's hash and commitments by the formulas of the protocol's documentation, computed from what is stored, with
//! no code of the node's and no other hash functions than Poseidon and Keccak themselves.

use sha3::{Digest, Keccak256};
use starknet_api::block::{BlockNumber, GasPricePerToken};
use starknet_api::state::ThinStateDiff;
use starknet_crypto::{poseidon_hash, poseidon_hash_many};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::Transaction;
use zkthreads_storage::{BlockTransaction, ExecutionStatus, Storage};

/// Compares what a block's header says with what its contents hash to. Gives the number of its transactions.
pub fn assert_recomputed(storage: &Storage, number: BlockNumber) -> usize {
    let header = storage.header(number).expect("reads").expect("a header");
    let transactions = storage.transactions(number).expect("reads").expect("a block");
    let diff = storage.state_diff(number).expect("reads").expect("a diff");

    let signed = root(&transactions.iter().map(signed).collect::<Vec<_>>(), 64);
    let events: Vec<Felt> = transactions.iter().flat_map(events).collect();
    let (event_count, events) = (events.len(), root(&events, 64));
    let receipts = root(&transactions.iter().map(receipt).collect::<Vec<_>>(), 64);
    let (diff_length, diff) = (diff_length(&diff), state_diff(&diff));
    assert_eq!(header.transaction_commitment.expect("set").0, signed);
    assert_eq!(header.event_commitment.expect("set").0, events);
    assert_eq!(header.receipt_commitment.expect("set").0, receipts);
    assert_eq!(header.state_diff_commitment.expect("set").0.0, diff);
    assert_eq!(header.state_diff_length, Some(diff_length));

    let inner = &header.block_header_without_hash;
    let fri = |price: GasPricePerToken| Felt::from(price.price_in_fri.0);
    let wei = |price: GasPricePerToken| Felt::from(price.price_in_wei.0);
    let (l1, data, l2) = (inner.l1_gas_price, inner.l1_data_gas_price, inner.l2_gas_price);
    let prices = [text("STARKNET_GAS_PRICES0"), wei(l1), fri(l1), wei(data), fri(data), wei(l2), fri(l2)];
    let counts = [transactions.len() as u64, event_count as u64, diff_length as u64, 1 << 63];
    let counts: Vec<u8> = counts.iter().flat_map(|count| count.to_be_bytes()).collect();
    let hash = poseidon_hash_many(&[
        text("STARKNET_BLOCK_HASH1"),
        number.0.into(),
        inner.state_root.0,
        *inner.sequencer.0.0.key(),
        inner.timestamp.0.into(),
        Felt::from_bytes_be_slice(&counts),
        diff,
        signed,
        events,
        receipts,
        poseidon_hash_many(&prices),
        text(&inner.starknet_version.to_string()),
        Felt::ZERO,
        inner.parent_hash.0,
    ]);
    assert_eq!(header.block_hash.0, hash);
    transactions.len()
}

fn text(text: &str) -> Felt {
    Felt::from_bytes_be_slice(text.as_bytes())
}

/// A transaction's leaf: its hash and signature.
fn signed(transaction: &BlockTransaction) -> Felt {
    let mut felts = vec![transaction.hash.0];
    match &transaction.body {
        Transaction::Invoke(tx) | Transaction::Thread { envelope: tx, .. } => {
            felts.extend(tx.signature.0.iter())
        }
        Transaction::Declare(tx) => felts.extend(tx.signature.0.iter()),
        Transaction::DeployAccount(tx) => felts.extend(tx.signature.0.iter()),
        Transaction::L1Handler(_) => {}
    }
    poseidon_hash_many(&felts)
}

fn events(transaction: &BlockTransaction) -> Vec<Felt> {
    let leaf = |event: &starknet_api::transaction::Event| {
        let (keys, data) = (&event.content.keys, &event.content.data.0);
        let mut felts = vec![*event.from_address.0.key(), transaction.hash.0, keys.len().into()];
        felts.extend(keys.iter().map(|key| key.0));
        felts.push(data.len().into());
        felts.extend(data);
        poseidon_hash_many(&felts)
    };
    transaction.receipt.events.iter().map(leaf).collect()
}

fn receipt(transaction: &BlockTransaction) -> Felt {
    let receipt = &transaction.receipt;
    let mut messages = vec![receipt.messages.len().into()];
    for message in &receipt.messages {
        messages.push(*message.from_address.0.key());
        messages.push(Felt::from_bytes_be_slice(message.to_address.0.as_bytes()));
        messages.push(message.payload.0.len().into());
        messages.extend(&message.payload.0);
    }
    let revert_reason = match &receipt.status {
        ExecutionStatus::Succeeded => Felt::ZERO,
        ExecutionStatus::Reverted { reason } => {
            let mut digest: [u8; 32] = Keccak256::digest(reason.as_bytes()).into();
            digest[0] &= 3;
            Felt::from_bytes_be(&digest)
        }
    };
    poseidon_hash_many(&[
        transaction.hash.0,
        receipt.actual_fee.0.into(),
        poseidon_hash_many(&messages),
        revert_reason,
        Felt::ZERO,
        receipt.gas.l1_gas.0.into(),
        receipt.gas.l1_data_gas.0.into(),
    ])
}

fn diff_length(diff: &ThinStateDiff) -> usize {
    let cells: usize = diff.storage_diffs.values().map(|cells| cells.len()).sum();
    let classes = diff.class_hash_to_compiled_class_hash.len() + diff.deprecated_declared_classes.len();
    diff.deployed_contracts.len() + classes + cells + diff.nonces.len()
}

fn state_diff(diff: &ThinStateDiff) -> Felt {
    fn sorted(pairs: impl Iterator<Item = (Felt, Felt)>) -> Vec<Felt> {
        let mut pairs: Vec<_> = pairs.collect();
        pairs.sort_unstable();
        let count = Felt::from(pairs.len());
        std::iter::once(count).chain(pairs.into_iter().flat_map(|(key, value)| [key, value])).collect()
    }
    let mut felts = vec![text("STARKNET_STATE_DIFF0")];
    felts.extend(sorted(diff.deployed_contracts.iter().map(|(to, class)| (*to.0.key(), class.0))));
    let declared = diff.class_hash_to_compiled_class_hash.iter();
    felts.extend(sorted(declared.map(|(class, compiled)| (class.0, compiled.0))));
    let mut legacy: Vec<Felt> = diff.deprecated_declared_classes.iter().map(|class| class.0).collect();
    legacy.sort_unstable();
    felts.push(legacy.len().into());
    felts.extend(legacy);
    felts.extend([Felt::ONE, Felt::ZERO]);
    let mut contracts: Vec<_> = diff.storage_diffs.iter().filter(|(_, cells)| !cells.is_empty()).collect();
    contracts.sort_unstable_by_key(|(contract, _)| **contract);
    felts.push(contracts.len().into());
    for (contract, cells) in contracts {
        felts.push(*contract.0.key());
        felts.extend(sorted(cells.iter().map(|(key, value)| (*key.0.key(), *value))));
    }
    felts.extend(sorted(diff.nonces.iter().map(|(contract, nonce)| (*contract.0.key(), nonce.0))));
    poseidon_hash_many(&felts)
}

/// Root of a Patricia tree of this height whose leaves are at 0, 1, 2 …
fn root(leaves: &[Felt], height: u32) -> Felt {
    if leaves.is_empty() {
        return Felt::ZERO;
    }
    let mut below = height;
    while below > 0 && leaves.len() <= 1 << (below - 1) {
        below -= 1;
    }
    let bottom = match below {
        0 => leaves[0],
        _ => {
            let (left, right) = leaves.split_at(1 << (below - 1));
            poseidon_hash(root(left, below - 1), root(right, below - 1))
        }
    };
    match height - below {
        0 => bottom,
        length => poseidon_hash(bottom, Felt::ZERO) + Felt::from(length),
    }
}

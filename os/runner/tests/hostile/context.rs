//! The statement's header: chain, submitter, base block.

use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_types_core::felt::Felt;
use zkthreads_program::input::OsInput;

use super::programs::{Op, act, let_run, plain};
use super::sub_blocks::{one, second, signed};
use crate::sub_block_support::address;

#[test]
fn another_chain() {
    signed().refuses(|input| input.chain_id += Felt::ONE);
}

/// Transactions hash otherwise on another chain, even if nobody signs them.
#[test]
fn another_chain_is_told() {
    let honest = one(&[act(Op::Write, [1_u64, 5])]);
    let told = honest.tells(|input| input.chain_id += Felt::ONE);
    assert_ne!(told.chain_id, honest.statement().chain_id);
    assert_ne!(told.inner_transactions[0].hash, honest.statement().inner_transactions[0].hash);
}

/// Who may submit is for the prover to say, once: the statement carries it, and nothing else depends on it.
#[test]
fn the_submitter_is_the_provers_choice() {
    let honest = one(&[plain(Op::Context)]);
    let other = address(0x50c_u64);
    let told = honest.tells(|input| input.submitter = other);
    let mut expected = honest.statement().clone();
    expected.submitter = other;
    assert_eq!(told, expected);
}

const FORGERIES: [fn(&mut OsInput); 3] = [
    |input| input.base_block.number = BlockNumber(1235),
    |input| input.base_block.timestamp = BlockTimestamp(1_700_000_124),
    |input| input.base_block.sequencer = address(0x5ea_u64),
];

/// The node compares the base block with the chain's.
#[test]
fn a_forged_base_block_is_told() {
    let honest = one(&[act(Op::Write, [1_u64, 5])]);
    for forge in FORGERIES {
        let mut forged = honest.executed.input.clone();
        forge(&mut forged);
        assert_eq!(honest.tells(forge).base_block, forged.base_block);
    }
}

/// A call that returns a digest of the whole execution info tells its caller another than the recording says.
#[test]
fn contracts_see_the_base_block_that_is_stated() {
    let honest = one(&[let_run(second(), &[plain(Op::Context)])]);
    for forge in FORGERIES {
        honest.refuses(forge);
    }
}

/// A block hash is a cell of a contract of the chain's, and told like any other.
#[test]
fn a_forged_block_hash_is_told() {
    let honest = one(&[act(Op::BlockHash, [1_u64, 1000])]);
    honest.tells(|input| {
        input.transactions[0].execute.block_hash_reads[0] = Felt::from(0xbad);
    });
}

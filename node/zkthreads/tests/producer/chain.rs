//! Commands that change what is stored: blocks undone, accepted, forgotten; messages delivered.

use std::sync::Arc;

use anyhow::{Context, Result};
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::block::BlockNumber;
use starknet_api::core::Nonce;
use starknet_api::transaction::L1HandlerTransaction;
use starknet_api::transaction::fields::{Calldata, Fee};
use zkthreads_execution::{PendingTransaction, Submission};
use zkthreads_producer::{BlockMode, CommandError, ProducerConfig};
use zkthreads_protocol::L1Message;
use zkthreads_rpc_api::{ChainEvent, PoolStatus, TransactionSink};
use zkthreads_storage::{ExecutionStatus, StorageError};

use super::support::Running;

#[test]
fn blocks_can_be_undone_and_made_anew() -> Result<()> {
    let (mut running, _directory) = Running::new(BlockMode::OnDemand)?;
    let mut made = Vec::new();
    for nonce in 0..3 {
        running.until_executed(running.transfer(0, nonce)?)?;
        made.push(running.producer.create_block()?);
    }
    let pending = running.transfer(0, 3)?;
    running.until_executed(pending)?;
    running.events()?;
    let undone = running.producer.revert_to(BlockNumber(1))?.context("blocks")?;
    assert_eq!((undone.first.0, undone.last.0), (made[1].hash, made[2].hash));
    assert_eq!(running.latest()?, 1);
    let open = running.open_block()?;
    assert_eq!((open.number(), open.len(), open.parent_hash()), (BlockNumber(2), 0, made[0].hash));
    assert!(matches!(running.mempool.status(pending), Some(PoolStatus::Rejected { .. })));
    assert!(running.events()?.iter().any(|event| matches!(
        event,
        ChainEvent::Reorg { first, last } if (first, last) == (&undone.first, &undone.last)
    )));

    // The account's nonce is again what it was.
    running.until_executed(running.transfer(0, 1)?)?;
    assert_eq!(running.producer.create_block()?.number, BlockNumber(2));
    assert_eq!(running.producer.revert_to(BlockNumber(2))?, None);
    let unknown = running.producer.revert_to(BlockNumber(3));
    assert!(matches!(unknown, Err(CommandError::UnknownBlock(BlockNumber(3)))), "{unknown:?}");

    running.producer.restart()?;
    assert_eq!((running.latest()?, running.open_block()?.number()), (0, BlockNumber(1)));
    running.stop()??;
    Ok(())
}

#[test]
fn old_states_are_forgotten_if_so_configured() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let config = ProducerConfig { mode: BlockMode::OnDemand, start_time: None, state_history: Some(2) };
    let running = Running::open(directory.path(), config)?;
    for _ in 0..5 {
        running.producer.create_block()?;
    }
    let account = running.accounts[0].address;
    let storage = running.executor.storage();
    assert_eq!(storage.oldest_state(), BlockNumber(4));
    assert!(storage.state_at(BlockNumber(4)).nonce(account).is_ok());
    let forgotten = storage.state_at(BlockNumber(3)).nonce(account);
    assert!(matches!(forgotten, Err(StorageError::Pruned { .. })), "{forgotten:?}");
    assert!(storage.header(BlockNumber(1))?.is_some());
    running.stop()??;
    Ok(())
}

#[test]
fn messages_from_l1_are_delivered_and_blocks_accepted_there() -> Result<()> {
    let (mut running, _directory) = Running::new(BlockMode::OnTransaction)?;
    let message = L1Message {
        tx: L1HandlerTransaction {
            version: L1HandlerTransaction::VERSION,
            nonce: Nonce(0.into()),
            contract_address: running.accounts[0].address,
            entry_point_selector: selector_from_name("deposit"),
            calldata: Calldata(Arc::new(vec![1.into()])),
        },
        paid_fee: Fee(1),
        l1_transaction: None,
    };
    let admitted = running.executor.admit(Submission::L1Handler(message.clone()))?;
    let hash = admitted.hash;
    running.producer.deliver(admitted)?;
    assert_eq!(running.until_stored(hash)?, BlockNumber(1));
    let (_, _, stored) = running.executor.storage().transaction(hash)?.context("stored")?;
    // An account has no such handler.
    assert!(matches!(stored.receipt.status, ExecutionStatus::Reverted { .. }));
    let twice = running.executor.admit(Submission::L1Handler(message))?;
    let query = PendingTransaction { hash: Default::default(), only_query: true, ..twice.clone() };
    assert!(matches!(running.producer.deliver(twice), Err(CommandError::Known(known)) if known == hash));
    assert!(matches!(running.producer.deliver(query), Err(CommandError::Refused(_))));

    running.producer.accept_on_l1(BlockNumber(1))?;
    assert_eq!(running.executor.storage().l1_accepted()?, Some(BlockNumber(1)));
    assert!(running.events()?.iter().any(|event| matches!(event, ChainEvent::L1Accepted(BlockNumber(1)))));
    let unknown = running.producer.accept_on_l1(BlockNumber(9));
    assert!(matches!(unknown, Err(CommandError::UnknownBlock(BlockNumber(9)))), "{unknown:?}");
    running.stop()??;
    Ok(())
}

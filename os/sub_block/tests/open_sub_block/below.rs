//! The state below: it moves, sub-blocks settle on it, and it may be out of reach.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use starknet_types_core::felt::Felt;
use zkthreads_execution::Executor;
use zkthreads_execution::thread::conflicts;
use zkthreads_protocol::StateCell;
use zkthreads_storage::Storage;
use zkthreads_sub_block::{Cell, LeftOutReason, OpenSubBlock};

use super::stage::{chain, context, deploy, open, pay, put, refusal};
use crate::support::remote::Remote;

#[test]
fn it_is_put_on_another_state() {
    let mut chain = chain(4);
    let (bob, carol) = (chain.users[1].address, chain.users[2].address);
    let mut open = open(&chain);
    for calls in [vec![put(1, 5)], vec![deploy(1)], vec![put(1, 6), put(2, 7)]] {
        open.execute(chain.users[0].inner(&calls)).expect("included");
    }
    let before = open.close().unwrap().statement;
    // A block of the chain that moves nothing which was read.
    let moved = chain.users[3].invoke(&[pay(carol, 9), put(3, 4)]);
    chain.block(vec![moved]);
    assert_eq!(conflicts(&chain.state(), &before).unwrap(), []);
    open.rebase(chain.state());
    assert_eq!(open.close().unwrap().statement, before, "the same reads, the same writes");
    // What comes now sees the sub-block's writes. The block's are newer than the sub-block, which has no place for who reads them.
    let newer = chain.users[1].clone().inner(&[put(3, 4), put(2, 7)]);
    assert_eq!(refusal(&mut open, newer.clone()), LeftOutReason::StaleBase);
    let mut next = OpenSubBlock::open(open.state().clone(), context(&chain.executor));
    next.execute(newer).expect("included over the newest block");
    let executed = open.execute(chain.users[1].inner(&[put(2, 7)])).expect("included");
    let writes: Vec<_> = executed.accesses.writes.iter().copied().collect();
    assert_eq!(writes, [Cell { contract: bob, cell: StateCell::Nonce }]);
    let statement = open.close().unwrap().statement;
    assert_eq!(conflicts(&chain.state(), &statement).unwrap(), []);
}

#[test]
fn what_has_moved_is_named() {
    let mut chain = chain(3);
    let (alice, bob) = (chain.users[0].address, chain.users[1].address);
    let mut open = open(&chain);
    open.execute(chain.users[0].inner(&[put(1, 5), pay(bob, 1)])).expect("included");
    let executed = Arc::clone(&open.executed()[0]);
    let statement = open.close().unwrap().statement;
    let payment = chain.users[2].invoke(&[put(1, 9)]);
    chain.block(vec![payment]);
    let found = conflicts(&chain.state(), &statement).unwrap();
    let cells: Vec<Cell> = found.iter().map(Cell::from).collect();
    assert_eq!(cells.len(), 1, "{found:?}");
    assert!(executed.accesses.reads.contains(&cells[0]));
    assert_eq!((found[0].expected, found[0].found), (Felt::ZERO, Felt::from(9)));

    // On its own output, the sub-block conflicts in what it wrote, its nonce foremost.
    let settled = chain.state().with(&statement);
    assert_eq!(settled.nonce(alice).unwrap().0, Felt::ONE);
    let cells: Vec<Cell> = conflicts(&settled, &statement).unwrap().iter().map(Cell::from).collect();
    assert!(cells.iter().all(|cell| executed.accesses.writes.contains(cell)));
    assert!(cells.contains(&Cell { contract: alice, cell: StateCell::Nonce }));
}

#[test]
fn the_next_one_starts_from_its_output() {
    let mut chain = chain(2);
    let bob = chain.users[1].address;
    let mut first = open(&chain);
    first.execute(chain.users[0].inner(&[pay(bob, 7), put(1, 5)])).expect("included");
    let output = chain.state().with(&first.close().unwrap().statement);
    let transaction = chain.users[0].inner(&[pay(bob, 1), put(1, 6)]);
    let mut on_output = OpenSubBlock::open(output, context(&chain.executor));
    on_output.execute(transaction.clone()).expect("included");
    let mut on_open = OpenSubBlock::open(first.state().clone(), context(&chain.executor));
    on_open.execute(transaction).expect("included");
    assert_eq!(on_output.close().unwrap().statement, on_open.close().unwrap().statement);
}

#[test]
fn a_state_out_of_reach_is_no_verdict() {
    let mut chain = chain(2);
    let bob = chain.users[1].address;
    let directory = tempfile::tempdir().unwrap();
    let away = Arc::new(AtomicBool::new(false));
    let head = chain.executor.latest_header().unwrap();
    let number = head.block_header_without_hash.block_number;
    let remote = Arc::new(Remote { state: chain.state(), away: Arc::clone(&away) });
    let storage = Storage::open_forked(directory.path(), remote, (number, head.block_hash)).unwrap();
    let executor = Executor::new(storage, chain.executor.config().clone());
    let mut open = OpenSubBlock::open(executor.state_after(number), context(&chain.executor));

    let transaction = chain.users[0].inner(&[pay(bob, 7)]);
    away.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let reason = refusal(&mut open, transaction.clone());
        assert!(matches!(reason, LeftOutReason::Unreadable { .. }), "{reason}");
    }
    away.store(false, Ordering::SeqCst);
    open.execute(transaction).expect("nothing of the failure remains");
    let failing = chain.users[0].inner(&[put(1, 1)]);
    away.store(true, Ordering::SeqCst);
    // The account is known by now, the contract is not: it would be reverted, were the failure its own.
    let reason = refusal(&mut open, failing.clone());
    assert!(matches!(reason, LeftOutReason::Unreadable { .. }), "{reason}");
    assert!(open.close().is_err() && conflicts(open.state(), &statement_of(&chain)).is_err());
    away.store(false, Ordering::SeqCst);
    open.execute(failing).expect("included");
    let run = zkthreads_runner::run(&open.close().unwrap().input).expect("the OS runs");
    assert_eq!(run.statement.inner_transactions.len(), 2);
}

fn statement_of(chain: &crate::support::TestChain) -> zkthreads_protocol::Statement {
    let mut open = open(chain);
    let mut stranger = chain.users[1].clone();
    open.execute(stranger.inner(&[put(5, 5)])).expect("included");
    open.close().unwrap().statement
}

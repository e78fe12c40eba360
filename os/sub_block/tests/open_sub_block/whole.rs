//! What has grown is what a list makes at once, and as large as it says.

use starknet_types_core::felt::Felt;
use zkthreads_protocol::{InnerTransaction, StateCell, Statement};
use zkthreads_sub_block::{OpenSubBlock, SubBlockError};

use super::stage::{chain, context, deploy, open, pay, pay_too_much, put, send};
use crate::support::TestChain;

/// Some of everything.
fn mixed(chain: &mut TestChain) -> Vec<InnerTransaction> {
    let bob = chain.users[1].address;
    let [alice, bobby, carol] = &mut chain.users[..] else { panic!("three users") };
    vec![
        alice.inner(&[pay(bob, 7)]),
        bobby.inner(&[put(1, 5), put(2, 6)]),
        carol.inner(&[pay_too_much(bob)]),
        alice.inner(&[deploy(1), send(Felt::from(0xe1), &[4, 5, 6])]),
        carol.inner(&[pay(bob, 1), put(1, 9)]),
        alice.inner(&[]),
    ]
}

fn grown(chain: &TestChain, transactions: &[InnerTransaction]) -> OpenSubBlock {
    let mut open = open(chain);
    for transaction in transactions {
        open.execute(transaction.clone()).expect("included");
    }
    open
}

#[test]
fn a_list_makes_the_same() {
    let mut chain = chain(3);
    let transactions = mixed(&mut chain);
    let open = grown(&chain, &transactions);
    let executed = open.close().unwrap();
    let listed =
        zkthreads_sub_block::execute(chain.state(), &context(&chain.executor), transactions.clone()).unwrap();
    assert!(listed.left_out.is_empty());
    assert_eq!(executed.statement, listed.statement);
    assert_eq!(executed.events, listed.events);
    assert_eq!(executed.steps, listed.steps);
    let reverted: Vec<bool> = open.executed().iter().map(|inner| inner.is_reverted()).collect();
    assert_eq!(reverted, [false, false, true, false, false, false]);
    let run = zkthreads_runner::run(&executed.input).expect("the OS runs");
    assert_eq!(run.statement, executed.statement);
}

#[test]
fn its_size_is_known_while_it_is_open() {
    let mut chain = chain(3);
    let mut open = open(&chain);
    assert!(open.is_empty() && matches!(open.close(), Err(SubBlockError::Empty { .. })));
    for transaction in mixed(&mut chain) {
        let (steps, inner) = (open.steps(), open.execute(transaction).expect("included"));
        let executed = open.close().unwrap();
        assert_eq!(open.felts(), executed.statement.encode().len());
        assert_eq!(executed.steps, open.steps());
        assert!(open.steps() >= steps + inner.steps);
        assert_eq!(open.bytes(), executed.into_package(vec![]).encode().len());
    }
}

/// The cells that the statement makes preconditions.
fn preconditions(statement: &Statement) -> Vec<zkthreads_sub_block::Cell> {
    let mut cells = Vec::new();
    for access in &statement.contracts {
        let contract = access.address;
        let storage = access.storage.iter().map(|cell| StateCell::Storage(cell.key));
        let nonce = access.consumes_nonces().then_some(StateCell::Nonce);
        let all = storage.chain(nonce).chain([StateCell::ClassHash]);
        cells.extend(all.map(|cell| zkthreads_sub_block::Cell { contract, cell }));
    }
    cells.sort();
    cells
}

#[test]
fn what_its_transactions_read_is_what_it_states() {
    let mut chain = chain(3);
    let transactions = mixed(&mut chain);
    for count in 1..=transactions.len() {
        let open = grown(&chain, &transactions[..count]);
        let statement = open.close().unwrap().statement;
        let reads = open.executed().iter().flat_map(|inner| inner.accesses.reads.iter().copied());
        let reads: std::collections::BTreeSet<_> = reads.collect();
        assert_eq!(reads.into_iter().collect::<Vec<_>>(), preconditions(&statement));
        let writes: std::collections::BTreeSet<_> =
            open.executed().iter().flat_map(|inner| inner.accesses.writes.iter().copied()).collect();
        for access in &statement.contracts {
            let written =
                |cell| writes.contains(&zkthreads_sub_block::Cell { contract: access.address, cell });
            assert!(!access.changes_class() || written(StateCell::ClassHash));
            assert_eq!(access.consumes_nonces(), written(StateCell::Nonce));
            for cell in access.storage.iter().filter(|cell| cell.is_write()) {
                assert!(written(StateCell::Storage(cell.key)));
            }
        }
    }
}

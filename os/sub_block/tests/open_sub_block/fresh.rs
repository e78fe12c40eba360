//! Storage cells that hold something for the first time: what one account may make of them, and a sub-block hold.

use zkthreads_sub_block::{LeftOutReason, OpenSubBlock, SubBlockContext};

use super::stage::{chain, context, open, pay, pay_too_much, put, refusal};
use crate::support::{Call, TestChain};

/// A sub-block in which an account may make so many.
fn open_with(chain: &TestChain, per_account: usize) -> OpenSubBlock {
    let max_fresh_cells_per_account = Some(per_account);
    let context = SubBlockContext { max_fresh_cells_per_account, ..context(&chain.executor) };
    OpenSubBlock::open(chain.state(), context)
}

/// A sub-block that holds so many.
fn open_for(chain: &TestChain, in_all: usize) -> OpenSubBlock {
    let context = SubBlockContext { max_fresh_cells: Some(in_all), ..context(&chain.executor) };
    OpenSubBlock::open(chain.state(), context)
}

/// Puts something into so many cells from `first` on.
fn fill(first: u64, cells: u64) -> Vec<Call> {
    (first..first + cells).map(|key| put(key, 1)).collect()
}

#[test]
fn an_account_that_makes_too_many_is_refused_without_a_trace_until_the_next_sub_block() {
    let mut chain = chain(2);
    let alice = chain.users[0].address;
    let mut open = open_with(&chain, 3);
    open.execute(chain.users[0].inner(&fill(1, 2))).expect("included");
    let before = open.close().unwrap().statement;
    let second = chain.users[0].inner(&fill(11, 2));
    let spent = LeftOutReason::FreshCellsSpent { account: alice, cells: 4, max: 3 };
    assert_eq!(refusal(&mut open, second.clone()), spent);
    assert!(spent.to_string().contains("would have made 4 storage cells"), "{spent}");
    assert_eq!(open.close().unwrap().statement, before);

    open.execute(chain.users[1].inner(&fill(21, 3))).expect("every account has its own");
    let mut next = OpenSubBlock::open(open.state().clone(), open.context().clone());
    next.execute(second).expect("so does every sub-block");
}

#[test]
fn what_makes_too_many_by_itself_is_refused_for_good() {
    let mut chain = chain(1);
    let alice = chain.users[0].address;
    let mut open = open_with(&chain, 3);
    let many = chain.users[0].inner(&fill(1, 4));
    let too_many = LeftOutReason::TooManyFreshCells { account: alice, cells: 4, max: 3 };
    assert_eq!(refusal(&mut open, many), too_many);
    let told = too_many.to_string();
    assert!(
        told.contains(&format!("{:#x}", alice.0.key())) && told.contains("4") && told.contains("3"),
        "{told}"
    );
}

#[test]
fn only_cells_count_that_are_fresh_when_the_sub_block_is_complete() {
    let mut chain = chain(2);
    let bob = chain.users[1].address;
    let mut open = open_with(&chain, 2);
    // Written again, paid to an account that has something, undone: none of it is fresh.
    open.execute(chain.users[0].inner(&fill(1, 2))).expect("included");
    open.execute(chain.users[0].inner(&[put(1, 7), pay(bob, 1)])).expect("no fresh cell");
    let reverted = [fill(31, 5), vec![pay_too_much(bob)]].concat();
    assert!(open.execute(chain.users[0].inner(&reverted)).expect("included").is_reverted());
    // Zero again, it costs nothing; so there is room for another one.
    open.execute(chain.users[0].inner(&[put(1, 0)])).expect("included");
    open.execute(chain.users[0].inner(&[put(3, 1)])).expect("two are fresh");
    let third = chain.users[0].clone().inner(&[put(4, 1)]);
    assert!(matches!(refusal(&mut open, third), LeftOutReason::FreshCellsSpent { cells: 3, .. }));
    // On top of it they are not fresh any more.
    let mut next = OpenSubBlock::open(open.state().clone(), open.context().clone());
    next.execute(chain.users[0].inner(&[put(2, 0), put(3, 0)])).expect("included");
    next.execute(chain.users[0].inner(&[put(2, 1), put(3, 1), put(5, 1), put(6, 1)]))
        .expect("two of them held something when it was opened");
}

#[test]
fn what_was_acknowledged_is_executed_again_whatever_its_account_may_make() {
    let mut chain = chain(1);
    let alice = chain.users[0].address;
    let mut generous = open(&chain);
    let many = chain.users[0].inner(&fill(1, 5));
    let executed = generous.execute(many.clone()).expect("included");

    let mut again = open_with(&chain, 3);
    again.execute_again(many).expect("it was taken");
    let mut adopted = open_with(&chain, 3);
    adopted.adopt(&executed).expect("it was taken");
    let more = chain.users[0].inner(&fill(11, 1));
    for mut open in [again, adopted] {
        let spent = LeftOutReason::FreshCellsSpent { account: alice, cells: 6, max: 3 };
        assert_eq!(refusal(&mut open, more.clone()), spent, "they count for what comes after them");
    }
}

#[test]
fn a_sub_block_is_full_before_it_has_too_many() {
    let mut chain = chain(2);
    let mut open = open_for(&chain, 3);
    open.execute(chain.users[0].inner(&fill(1, 2))).expect("included");
    let second = chain.users[1].inner(&fill(11, 2));
    assert_eq!(refusal(&mut open, second.clone()), LeftOutReason::Full);
    let mut next = OpenSubBlock::open(open.state().clone(), open.context().clone());
    let executed = next.execute(second).expect("the next one has room");
    assert_eq!(open.adopt(&executed).err(), Some(LeftOutReason::Full));
    let mut alone = OpenSubBlock::open(next.state().clone(), open.context().clone());
    alone.execute_again(chain.users[0].inner(&fill(21, 4))).expect("what was taken is never too large");
    assert_eq!(refusal(&mut alone, chain.users[0].inner(&fill(31, 1))), LeftOutReason::Full);
}

#[test]
fn accesses_count_for_every_transaction() {
    let mut chain = chain(2);
    let mut open = open(&chain);
    let executed = [0, 1].map(|user| open.execute(chain.users[user].inner(&[put(1, 5)])).expect("included"));
    let counts = executed.map(|executed| executed.accesses.count());
    assert!(counts.iter().all(|count| *count > 4), "{counts:?}");
    assert_eq!(open.accesses(), counts[0] + counts[1]);
    assert_eq!(open.close().unwrap().accesses, open.accesses());
}

//! Work of many owners, taken in turns.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use parking_lot::{Condvar, Mutex};

/// A queue in which owners take turns: after a piece of work of one, everybody else who has some comes first. Of each
/// owner one piece is under way at a time, and its pieces are taken in the order they came. So an owner with a lot of
/// work delays another by one piece at most, and occupies one worker.
#[derive(Debug)]
pub(super) struct FairQueue<O, W> {
    state: Mutex<State<O, W>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<O, W> {
    /// Owners with work that waits and none under way: whoever is first is next.
    turns: VecDeque<O>,
    /// Owners with work that waits or is under way.
    owners: HashMap<O, Owner<W>>,
    closed: bool,
}

#[derive(Debug)]
struct Owner<W> {
    waiting: VecDeque<W>,
    busy: bool,
}

/// A piece of work that is under way until this is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a, O: Copy + Eq + Hash, W> {
    queue: &'a FairQueue<O, W>,
    owner: O,
    /// Gone once it is taken.
    work: Option<W>,
}

impl<O: Copy + Eq + Hash, W> FairQueue<O, W> {
    pub(super) fn new() -> Self {
        let state = State { turns: VecDeque::new(), owners: HashMap::new(), closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Puts work at the end of its owner's.
    pub(super) fn push(&self, owner: O, work: W) {
        let mut state = self.state.lock();
        let entry = state.owners.entry(owner).or_insert(Owner { waiting: VecDeque::new(), busy: false });
        let gets_in_line = entry.waiting.is_empty() && !entry.busy;
        entry.waiting.push_back(work);
        if gets_in_line {
            state.turns.push_back(owner);
            self.changed.notify_one();
        }
    }

    /// Waits for the next piece of work; `None` once the queue is closed.
    pub(super) fn next(&self) -> Option<Turn<'_, O, W>> {
        let mut state = self.state.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(turn) = self.try_next(&mut state) {
                return Some(turn);
            }
            self.changed.wait(&mut state);
        }
    }

    /// Pieces that wait.
    pub(super) fn waiting(&self) -> usize {
        self.state.lock().owners.values().map(|owner| owner.waiting.len()).sum()
    }

    /// Ends all waits, now and later. What waits is dropped.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.turns.clear();
        state.owners.clear();
        self.changed.notify_all();
    }

    fn try_next(&self, state: &mut State<O, W>) -> Option<Turn<'_, O, W>> {
        let owner = state.turns.pop_front()?;
        let entry = state.owners.get_mut(&owner)?;
        entry.busy = true;
        let work = entry.waiting.pop_front();
        Some(Turn { queue: self, owner, work })
    }

    fn finished(&self, owner: O) {
        let mut state = self.state.lock();
        let Some(entry) = state.owners.get_mut(&owner) else { return };
        entry.busy = false;
        if entry.waiting.is_empty() {
            state.owners.remove(&owner);
        } else {
            state.turns.push_back(owner);
            self.changed.notify_one();
        }
    }
}

impl<O: Copy + Eq + Hash, W> Turn<'_, O, W> {
    /// The work itself; `None` if it was taken before.
    pub(super) fn take(&mut self) -> Option<W> {
        self.work.take()
    }
}

impl<O: Copy + Eq + Hash, W> Drop for Turn<'_, O, W> {
    fn drop(&mut self) {
        self.queue.finished(self.owner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(work: &[(char, u8)]) -> FairQueue<char, u8> {
        let queue = FairQueue::new();
        work.iter().for_each(|(owner, piece)| queue.push(*owner, *piece));
        queue
    }

    fn take(queue: &FairQueue<char, u8>) -> (char, u8) {
        let mut turn = queue.next().unwrap();
        (turn.owner, turn.take().unwrap())
    }

    #[test]
    fn owners_take_turns_and_each_keeps_its_order() {
        let queue = queue(&[('a', 0), ('a', 1), ('a', 2), ('b', 0), ('b', 1), ('c', 0)]);
        assert_eq!(queue.waiting(), 6);
        let order: Vec<_> = (0..6).map(|_| take(&queue)).collect();
        assert_eq!(order, [('a', 0), ('b', 0), ('c', 0), ('a', 1), ('b', 1), ('a', 2)]);
        assert!(queue.state.lock().owners.is_empty());
    }

    #[test]
    fn a_newcomer_waits_for_one_piece_of_a_flood() {
        let flood: Vec<_> = (0..100).map(|piece| ('a', piece)).collect();
        let queue = queue(&flood);
        assert_eq!(take(&queue), ('a', 0));
        queue.push('b', 0);
        assert_eq!([take(&queue), take(&queue)], [('a', 1), ('b', 0)]);
    }

    #[test]
    fn one_piece_of_an_owner_is_under_way_at_a_time() {
        let queue = queue(&[('a', 0), ('a', 1), ('b', 0)]);
        let first = queue.next().unwrap();
        let second = queue.next().unwrap();
        assert_eq!((first.owner, second.owner), ('a', 'b'));
        assert!(queue.try_next(&mut queue.state.lock()).is_none());
        drop(first);
        assert_eq!(take(&queue), ('a', 1));
    }

    #[test]
    fn waits_end_when_the_queue_closes() {
        let queue = FairQueue::<char, u8>::new();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| queue.next().is_none());
            queue.close();
            assert!(waiter.join().unwrap());
        });
        queue.push('a', 0);
        assert!(queue.next().is_none());
    }
}

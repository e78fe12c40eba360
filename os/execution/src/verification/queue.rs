//! Work of many owners, taken in turns.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;

use parking_lot::{Condvar, Mutex};

/// When it is an owner's turn among those who have work: whoever is in good standing, then who pays more for a piece, then
/// who has waited for longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    last: bool,
    pays: Reverse<u128>,
}

impl Rank {
    /// The rank of a piece of work for which so much is paid, in any unit, even if it turns out bad. With `last`, of an owner
    /// whose work was bad lately, or not paid for: such are taken up when nobody else has any, one at a time.
    #[must_use]
    pub fn new(pays: u128, last: bool) -> Self {
        Self { last, pays: Reverse(pays) }
    }
}

/// A queue in which owners take turns: one by [`Rank`], the next by who of those in good standing has waited longest. Of each
/// owner one piece is under way at a time, and its pieces are taken in the order they came. So an owner with a lot of work
/// occupies one worker, and nobody in good standing waits for ever, however much others pay.
#[derive(Debug)]
pub(super) struct FairQueue<O, W> {
    state: Mutex<QueueState<O, W>>,
    changed: Condvar,
}

#[derive(Debug)]
struct QueueState<O, W> {
    /// Owners with work that waits and none under way: whoever is first is next. Of those of one rank, by a number that
    /// counts up.
    turns: BTreeMap<(Rank, u64), O>,
    /// The same, but for those who come last, by that number.
    by_age: BTreeMap<u64, Rank>,
    next_number: u64,
    /// Whether the next turn goes by age.
    is_by_age: bool,
    /// Whether work of an owner who comes last is under way.
    last_is_busy: bool,
    /// Owners with work that waits or is under way.
    owners: HashMap<O, Owner<W>>,
    closed: bool,
}

#[derive(Debug)]
struct Owner<W> {
    waiting: VecDeque<(Rank, W)>,
    busy: bool,
}

/// A piece of work that is under way until this is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a, O: Copy + Eq + Hash, W> {
    queue: &'a FairQueue<O, W>,
    owner: O,
    rank: Rank,
    /// Gone once it is taken.
    work: Option<W>,
}

impl<O: Copy + Eq + Hash, W> FairQueue<O, W> {
    pub(super) fn new() -> Self {
        let state = QueueState {
            turns: BTreeMap::new(),
            by_age: BTreeMap::new(),
            next_number: 0,
            is_by_age: false,
            last_is_busy: false,
            owners: HashMap::new(),
            closed: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Puts work at the end of its owner's.
    pub(super) fn push(&self, owner: O, rank: Rank, work: W) {
        let mut state = self.state.lock();
        let entry = state.owners.entry(owner).or_insert(Owner { waiting: VecDeque::new(), busy: false });
        let gets_in_line = entry.waiting.is_empty() && !entry.busy;
        entry.waiting.push_back((rank, work));
        if gets_in_line {
            state.get_in_line(owner, rank);
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
        state.by_age.clear();
        state.owners.clear();
        self.changed.notify_all();
    }

    fn try_next(&self, state: &mut QueueState<O, W>) -> Option<Turn<'_, O, W>> {
        let (rank, owner) = state.next_owner()?;
        state.last_is_busy |= rank.last;
        let entry = state.owners.get_mut(&owner)?;
        entry.busy = true;
        let work = entry.waiting.pop_front().map(|(_, work)| work);
        Some(Turn { queue: self, owner, rank, work })
    }

    fn finished(&self, owner: O, rank: Rank) {
        let mut state = self.state.lock();
        if rank.last {
            state.last_is_busy = false;
        }
        // Somebody who comes last may be next, too.
        self.changed.notify_one();
        let Some(entry) = state.owners.get_mut(&owner) else { return };
        entry.busy = false;
        match entry.waiting.front() {
            None => drop(state.owners.remove(&owner)),
            Some((rank, _)) => {
                let rank = *rank;
                state.get_in_line(owner, rank);
            }
        }
    }
}

impl<O, W> QueueState<O, W> {
    fn get_in_line(&mut self, owner: O, rank: Rank) {
        self.turns.insert((rank, self.next_number), owner);
        if !rank.last {
            self.by_age.insert(self.next_number, rank);
        }
        self.next_number = self.next_number.wrapping_add(1);
    }

    /// Whose turn it is, taken out of the line.
    fn next_owner(&mut self) -> Option<(Rank, O)> {
        let by_age = self.by_age.first_key_value().filter(|_| self.is_by_age);
        let (rank, number) = match by_age {
            Some((number, rank)) => (*rank, *number),
            None => *self.turns.first_key_value()?.0,
        };
        if rank.last && self.last_is_busy {
            return None;
        }
        self.is_by_age = !self.is_by_age;
        self.by_age.remove(&number);
        Some((rank, self.turns.remove(&(rank, number))?))
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
        self.queue.finished(self.owner, self.rank);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANK: Rank = Rank { last: false, pays: Reverse(1) };

    fn queue(work: &[(char, u8)]) -> FairQueue<char, u8> {
        let queue = FairQueue::new();
        work.iter().for_each(|(owner, piece)| queue.push(*owner, RANK, *piece));
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
        queue.push('b', RANK, 0);
        assert_eq!([take(&queue), take(&queue)], [('a', 1), ('b', 0)]);
    }

    #[test]
    fn who_pays_more_comes_first_and_who_was_bad_comes_last() {
        let queue = queue(&[('a', 0), ('a', 1)]);
        queue.push('x', Rank::new(9, true), 0);
        queue.push('y', Rank::new(9, true), 0);
        queue.push('b', Rank::new(2, false), 0);
        queue.push('c', Rank::new(3, false), 0);
        queue.push('d', Rank::new(2, false), 0);
        // Every second turn by age.
        let order: Vec<_> = (0..5).map(|_| take(&queue)).collect();
        assert_eq!(order, [('c', 0), ('a', 0), ('b', 0), ('d', 0), ('a', 1)]);
        // One at a time.
        let first = queue.next().unwrap();
        assert_eq!(first.owner, 'x');
        assert!(queue.try_next(&mut queue.state.lock()).is_none());
        queue.push('b', RANK, 1);
        assert_eq!(take(&queue), ('b', 1));
        drop(first);
        assert_eq!(take(&queue), ('y', 0));
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
        queue.push('a', RANK, 0);
        assert!(queue.next().is_none());
    }
}

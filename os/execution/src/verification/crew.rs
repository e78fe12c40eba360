//! Work on the parts of one thing, side by side.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Threads that work at the same time, all uses together. Whoever comes works in any case, on his own thread; further
/// threads lend a hand while there are fewer than the limit at work.
#[derive(Debug)]
pub(super) struct Crew {
    limit: usize,
    at_work: AtomicUsize,
}

/// One thread at work.
struct CrewSeat<'a>(&'a Crew);

impl Crew {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, at_work: AtomicUsize::new(0) }
    }

    /// What `work` makes of each item, in order. If it fails for some, the first of them and why: parts are taken in
    /// order and none after a failure, so those before it are all known by the end.
    pub(super) fn try_each<T: Sync, R: Send, E: Send>(
        &self,
        items: &[T],
        work: impl Fn(&T) -> Result<R, E> + Sync,
    ) -> Result<Vec<R>, (usize, E)> {
        let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let take = || {
            let mut done = Vec::new();
            while !failed.load(Ordering::Acquire) {
                let index = next.fetch_add(1, Ordering::AcqRel);
                let Some(item) = items.get(index) else { break };
                let result = work(item);
                if result.is_err() {
                    failed.store(true, Ordering::Release);
                }
                done.push((index, result));
            }
            done
        };
        let mut done = std::thread::scope(|scope| {
            let _place = self.enter();
            let helpers: Vec<_> = (1..items.len()).map_while(|_| self.try_enter()).collect();
            let helpers: Vec<_> = helpers
                .into_iter()
                .filter_map(|place| {
                    let help = || {
                        let _place = place;
                        take()
                    };
                    std::thread::Builder::new()
                        .name("verifier-help".to_owned())
                        .spawn_scoped(scope, help)
                        .ok()
                })
                .collect();
            let mut done = take();
            for helper in helpers {
                match helper.join() {
                    Ok(helped) => done.extend(helped),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            done
        });
        done.sort_unstable_by_key(|(index, _)| *index);
        done.into_iter().map(|(index, result)| result.map_err(|error| (index, error))).collect()
    }

    fn enter(&self) -> CrewSeat<'_> {
        self.at_work.fetch_add(1, Ordering::AcqRel);
        CrewSeat(self)
    }

    fn try_enter(&self) -> Option<CrewSeat<'_>> {
        let more = |at_work: usize| at_work.checked_add(1).filter(|at_work| *at_work <= self.limit);
        self.at_work.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok().map(|_| CrewSeat(self))
    }
}

impl Drop for CrewSeat<'_> {
    fn drop(&mut self) {
        self.0.at_work.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn parts_are_worked_on_side_by_side_and_come_back_in_order() {
        let crew = Crew::new(4);
        // Nobody passes the barrier unless all four are at work.
        let barrier = Barrier::new(4);
        let doubled = crew.try_each(&[1, 2, 3, 4], |item| {
            barrier.wait();
            Ok::<_, ()>(item * 2)
        });
        assert_eq!(doubled, Ok(vec![2, 4, 6, 8]));
        assert_eq!(crew.at_work.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn no_more_than_the_limit_are_at_work_and_all_get_done() {
        let crew = Crew::new(3);
        let (at_work, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let items: Vec<_> = (0..8).collect();
        let count = || {
            crew.try_each(&items, |item| {
                most.fetch_max(at_work.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                at_work.fetch_sub(1, Ordering::SeqCst);
                Ok::<_, ()>(*item)
            })
        };
        std::thread::scope(|scope| {
            let both = [scope.spawn(count), scope.spawn(count)];
            both.into_iter().for_each(|one| assert_eq!(one.join().unwrap().unwrap(), items));
        });
        // Who comes works in any case.
        assert!(most.load(Ordering::SeqCst) <= 4);
    }

    #[test]
    fn the_first_failure_is_told_whoever_is_faster() {
        let crew = Crew::new(4);
        let barrier = Barrier::new(4);
        for _ in 0..50 {
            let result = crew.try_each(&[0, 1, 2, 3], |item| {
                barrier.wait();
                if *item > 0 { Err(*item * 10) } else { Ok(()) }
            });
            assert_eq!(result, Err((1, 10)));
        }
    }

    #[test]
    fn nothing_is_begun_after_a_failure() {
        let crew = Crew::new(1);
        let begun = AtomicUsize::new(0);
        let result = crew.try_each(&[(); 8], |()| {
            begun.fetch_add(1, Ordering::Relaxed);
            Err::<(), _>("no")
        });
        assert_eq!((result, begun.into_inner()), (Err((0, "no")), 1));
    }
}

//! Threads that validate transactions again, because what their validation saw has changed: time went on, or the account
//! did. The block producer does not do it, for whoever fails here is charged nothing.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// Validates; called once, on one of the threads.
type Work = Box<dyn FnOnce() + Send>;

/// What nearly all validations take less than, in processor time.
const QUICK: Duration = Duration::from_millis(100);

/// How much time a validation gets: little at first, and all if that was too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Attempt {
    Quick,
    Slow,
}

impl Attempt {
    /// Its share of `all`.
    pub(crate) fn limit(self, all: Duration) -> Duration {
        match self {
            Self::Quick => all.min(QUICK),
            Self::Slow => all,
        }
    }
}

/// The threads. They end when it is dropped.
pub(crate) struct Validators {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    something: Condvar,
}

#[derive(Default)]
struct Queue {
    /// Quick attempts go first, so that nobody waits for those whose validation takes long; of several, what was asked for
    /// first.
    waiting: BTreeMap<(Attempt, u64), Work>,
    asked: u64,
    ended: bool,
}

impl Validators {
    /// Half of the machine's cores, one at least.
    pub(crate) fn start() -> Self {
        let this = Self { shared: Arc::default() };
        let count = available_parallelism().map_or(1, NonZeroUsize::get).div_ceil(2);
        for _ in 0..count {
            let shared = Arc::clone(&this.shared);
            let started =
                std::thread::Builder::new().name("validator".to_owned()).spawn(move || shared.work());
            if let Err(error) = started {
                tracing::error!(%error, "a thread that validates transactions cannot be started");
            }
        }
        this
    }

    /// Has `work` done. It must not panic.
    pub(crate) fn ask(&self, attempt: Attempt, work: impl FnOnce() + Send + 'static) {
        let mut queue = self.shared.queue.lock();
        queue.asked += 1;
        let number = queue.asked;
        queue.waiting.insert((attempt, number), Box::new(work));
        drop(queue);
        self.shared.something.notify_one();
    }
}

impl Drop for Validators {
    fn drop(&mut self) {
        self.shared.queue.lock().ended = true;
        self.shared.something.notify_all();
    }
}

impl Shared {
    fn work(&self) {
        while let Some(work) = self.next() {
            work();
        }
    }

    /// Waits for work; none is left to do at the end.
    fn next(&self) -> Option<Work> {
        let mut queue = self.queue.lock();
        loop {
            if queue.ended {
                return None;
            }
            if let Some((_, work)) = queue.waiting.pop_first() {
                return Some(work);
            }
            self.something.wait(&mut queue);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn quick_attempts_go_first_and_nothing_is_left_at_the_end() {
        let (tell, told) = channel();
        let validators = Validators { shared: Arc::default() };
        for (name, attempt) in
            [('a', Attempt::Slow), ('b', Attempt::Quick), ('c', Attempt::Slow), ('d', Attempt::Quick)]
        {
            let tell = tell.clone();
            validators.ask(attempt, move || tell.send(name).unwrap());
        }
        let shared = Arc::clone(&validators.shared);
        (0..3).for_each(|_| shared.next().unwrap()());
        assert_eq!(told.try_iter().collect::<String>(), "bda");
        drop(validators);
        assert!(shared.next().is_none());
    }

    #[test]
    fn threads_do_the_work() {
        let (tell, told) = channel();
        let validators = Validators::start();
        (0..20).for_each(|number| {
            let tell = tell.clone();
            validators.ask(Attempt::Quick, move || tell.send(number).unwrap());
        });
        drop(tell);
        let mut done: Vec<i32> = told.iter().collect();
        done.sort_unstable();
        assert_eq!(done, (0..20).collect::<Vec<_>>());
    }
}

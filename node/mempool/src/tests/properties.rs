//! Whatever happens, the books agree, and what is taken of an account comes in the order of its nonces.

use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::Budget;

#[derive(Debug, Clone)]
enum Step {
    Insert(Sample),
    Take,
    PutBack,
    Reject,
    ValidateAgain,
    Validated { pick: usize, passed: bool },
    Begin { pick: usize, preconditions_hold: bool },
    Verified { pick: usize, accepted: bool },
    Verify,
    Commit { skip: [bool; 3] },
    Abandon,
    Open { second: u64, strict: bool },
    OthersFirst,
    TakeDue,
    Wait(u64),
    Clear,
}

fn sample() -> impl Strategy<Value = Sample> {
    (0_u8..3, 0_u64..8, 0_u64..4, 0_u64..3, prop::bool::weighted(0.3), 0_u64..4, any::<bool>()).prop_map(
        |(account, ahead, tip, price, thread, due, calls)| Sample {
            account,
            nonce: ahead,
            tip: tip * 10,
            price: 100 + price * 10,
            thread,
            due: if thread { due } else { 0 },
            calls: thread && calls,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => sample().prop_map(Step::Insert),
        6 => Just(Step::Take),
        1 => Just(Step::PutBack),
        1 => Just(Step::Reject),
        2 => Just(Step::ValidateAgain),
        2 => (0_usize..8, prop::bool::weighted(0.7))
            .prop_map(|(pick, passed)| Step::Validated { pick, passed }),
        4 => (0_usize..8, prop::bool::weighted(0.7))
            .prop_map(|(pick, preconditions_hold)| Step::Begin { pick, preconditions_hold }),
        4 => (0_usize..8, prop::bool::weighted(0.7))
            .prop_map(|(pick, accepted)| Step::Verified { pick, accepted }),
        2 => Just(Step::Verify),
        2 => prop::array::uniform3(prop::bool::weighted(0.2)).prop_map(|skip| Step::Commit { skip }),
        1 => Just(Step::Abandon),
        3 => (0_u64..5, any::<bool>()).prop_map(|(second, strict)| Step::Open { second, strict }),
        1 => Just(Step::OthersFirst),
        1 => Just(Step::TakeDue),
        2 => (0_u64..30).prop_map(Step::Wait),
        1 => Just(Step::Clear),
    ]
}

/// A pool, and what surrounds it.
struct World {
    pool: Pool,
    /// Canonical nonces.
    canonical: [u64; 3],
    /// Nonces after those taken.
    next: [u64; 3],
    /// What was taken last, if that can be undone.
    last: Option<PendingTransaction>,
    /// Whose proofs are to be looked at, and are.
    asked: Vec<TransactionHash>,
    begun: Vec<TransactionHash>,
    /// What is being validated again.
    in_validation: Vec<PendingTransaction>,
    /// What is in the journal.
    journal: HashSet<TransactionHash>,
    now: Seconds,
}

impl World {
    fn new() -> Self {
        let budget = |transactions| Budget {
            transactions,
            account_transactions: 5,
            ..MempoolLimits::default().threads
        };
        let limits = MempoolLimits {
            ordinary: budget(9),
            threads: budget(4),
            nonce_gap: 6,
            ttl: Duration::from_secs(40),
            rejections: 5,
        };
        Self {
            pool: Pool::new(limits),
            canonical: [0; 3],
            next: [0; 3],
            last: None,
            asked: Vec::new(),
            begun: Vec::new(),
            in_validation: Vec::new(),
            journal: HashSet::new(),
            now: 0,
        }
    }

    fn insert(&mut self, sample: Sample) {
        let canonical = self.canonical[usize::from(sample.account)];
        // Nonces around where the account is.
        let sample = Sample { nonce: (canonical + sample.nonce).saturating_sub(1), ..sample };
        let before = self.pool.status(sample.hash());
        match self.pool.insert_at(sample, canonical, self.now) {
            Ok(()) => {
                assert_eq!(self.pool.status(sample.hash()), Some(PoolStatus::Received));
                self.journal.insert(sample.hash());
                let kind = if sample.thread { Kind::Thread } else { Kind::Ordinary };
                let usage = self.pool.accounts[&sample.account.into()].usage(kind);
                kind.budget(&self.pool.limits).check_account(usage, kind).unwrap();
            }
            Err(_) => assert_eq!(self.pool.status(sample.hash()), before),
        }
    }

    fn take(&mut self) {
        match self.pool.take() {
            Some(taken) => self.took(taken),
            None => assert!(!self.pool.has_ready()),
        }
    }

    fn took(&mut self, taken: PendingTransaction) {
        assert!(self.pool.is_due(taken.hash));
        let account = account(&taken);
        assert_eq!(taken.nonce(), nonce(self.next[account]), "in the order of nonces");
        self.next[account] += 1;
        self.last = Some(taken);
    }

    fn undo(&mut self) -> Option<PendingTransaction> {
        let taken = self.last.take()?;
        self.next[account(&taken)] -= 1;
        Some(taken)
    }

    fn nonces(&self) -> Vec<(ContractAddress, Nonce)> {
        (0..3).map(|account| at(account, self.canonical[usize::from(account)])).collect()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Insert(sample) => self.insert(sample),
            Step::Take => self.take(),
            Step::PutBack => {
                if let Some(taken) = self.undo() {
                    self.pool.put_back(taken.hash);
                }
            }
            Step::Reject => {
                if let Some(taken) = self.undo() {
                    self.pool.reject(taken.hash, "no".into(), false);
                }
            }
            Step::ValidateAgain => {
                if let Some(taken) = self.undo() {
                    self.pool.validate_again(taken.hash);
                }
            }
            Step::Validated { pick, passed } => {
                if !self.in_validation.is_empty() {
                    let validated = self.in_validation.swap_remove(pick % self.in_validation.len());
                    let hash = validated.hash;
                    self.pool.validated(hash, if passed { Ok(validated) } else { Err("no".into()) });
                }
            }
            Step::Begin { pick, preconditions_hold } => {
                if !self.asked.is_empty() {
                    let hash = self.asked.swap_remove(pick % self.asked.len());
                    match self.pool.begin_proof(hash) {
                        true if preconditions_hold => self.begun.push(hash),
                        true => self.pool.defer(hash),
                        false => {}
                    }
                }
            }
            Step::Verified { pick, accepted } => {
                if !self.begun.is_empty() {
                    let hash = self.begun.swap_remove(pick % self.begun.len());
                    self.pool.verified(hash, accepted, None);
                }
            }
            Step::Verify => {
                // What is given back is asked for whatever holds.
                if self.last.as_ref().is_some_and(|taken| taken.deferred)
                    && let Some(taken) = self.undo()
                {
                    self.pool.verify(taken.hash);
                }
            }
            Step::Commit { skip } => {
                // Some accounts' nonces are consumed by threads, too.
                let skipped = skip.map(u64::from);
                self.canonical = std::array::from_fn(|account| self.next[account] + skipped[account]);
                self.next = self.canonical;
                self.pool.settle(self.nonces(), |_| false);
                self.last = None;
            }
            Step::Abandon => {
                self.next = self.canonical;
                self.pool.abandon(self.nonces());
                self.last = None;
            }
            Step::Open { second, strict } => {
                let timestamp = BlockTimestamp(second);
                self.pool.block_opened(OpenedBlock { timestamp, strict });
            }
            Step::OthersFirst => self.pool.others_go_first(),
            Step::TakeDue => {
                if let Some(taken) = self.pool.take_due() {
                    self.took(taken);
                }
            }
            Step::Wait(seconds) => {
                self.now += seconds;
                self.pool.expire(self.now);
            }
            Step::Clear => {
                self.next = self.canonical;
                self.pool.clear("anew");
                self.last = None;
            }
        }
        self.check();
    }

    fn check(&mut self) {
        let outbox = self.pool.empty_outbox();
        for hash in outbox.dropped.gone {
            self.journal.remove(&hash);
        }
        self.in_validation.extend(outbox.validations);
        self.asked.extend(outbox.proofs.into_iter().map(|request| request.hash));
        self.pool.check();
        let held = self.pool.places.len() + self.pool.taken.len();
        assert_eq!(self.journal.len(), held, "the journal holds what the pool does");
        assert!(self.journal.iter().all(|hash| self.pool.transaction(*hash).is_some()));
    }
}

fn account(transaction: &PendingTransaction) -> usize {
    (0..3_u8).find(|account| ContractAddress::from(*account) == transaction.sender()).unwrap().into()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn the_books_agree(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        steps.into_iter().for_each(|step| world.step(step));
    }
}

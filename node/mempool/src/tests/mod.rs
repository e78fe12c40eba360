//! The pool's bookkeeping, by theme.

mod blocks;
mod due;
mod limits;
mod order;
mod proofs;
mod properties;
mod replacement;
mod time;

use std::sync::{Arc, LazyLock};

use starknet_api::block::{BlockTimestamp, GasPrice};
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::{AllResourceBounds, Calldata, Tip, ValidResourceBounds};
use zkthreads_execution::PendingBody;
use zkthreads_protocol::{OsProgramHash, Package, PackageDigest, Segment, ThreadFacts, ThreadTransaction};

use super::*;
use crate::waiting::Kind;

const ALICE: u8 = 0xa;
const BOB: u8 = 0xb;
const CAROL: u8 = 0xc;

/// A transaction to be. Its hash tells everything apart.
#[derive(Debug, Clone, Copy)]
struct Sample {
    account: u8,
    nonce: u64,
    tip: u64,
    price: u64,
    thread: bool,
    /// The time of the thread's only segment.
    due: u64,
    /// Whether the thread's envelope makes calls.
    calls: bool,
}

impl Sample {
    fn new(account: u8, nonce: u64) -> Self {
        Self { account, nonce, tip: 0, price: 100, thread: false, due: 0, calls: false }
    }

    fn tip(self, tip: u64) -> Self {
        Self { tip, ..self }
    }

    fn price(self, price: u64) -> Self {
        Self { price, ..self }
    }

    fn thread(self) -> Self {
        Self { thread: true, ..self }
    }

    fn due(self, due: u64) -> Self {
        Self { due, ..self.thread() }
    }

    fn calls(self) -> Self {
        Self { calls: true, ..self.thread() }
    }

    fn hash(self) -> TransactionHash {
        let Self { account, nonce, tip, price, thread, due, calls } = self;
        let parts = [account.into(), nonce, tip, price, thread.into(), due, calls.into()];
        TransactionHash(
            parts.iter().fold(Felt::ZERO, |hash, part| hash * Felt::from(1_u64 << 40) + Felt::from(*part)),
        )
    }

    fn pending(self) -> PendingTransaction {
        if self.due == 0 { self.with_package(&SMALL) } else { self.with_package(&small(self.due)) }
    }

    /// A thread, if it is one, with this package.
    fn with_package(self, package: &Arc<[u8]>) -> PendingTransaction {
        let mut invoke = InvokeTransactionV3 {
            resource_bounds: bounds(self.price),
            tip: Tip(self.tip),
            signature: Default::default(),
            nonce: nonce(self.nonce),
            sender_address: self.account.into(),
            calldata: Calldata(Arc::new(vec![Felt::from(u64::from(self.calls))])),
            nonce_data_availability_mode: DataAvailabilityMode::L1,
            fee_data_availability_mode: DataAvailabilityMode::L1,
            paymaster_data: Default::default(),
            account_deployment_data: Default::default(),
            proof_facts: Default::default(),
        };
        let body = if self.thread {
            let package_digest = PackageDigest::of(package);
            let facts = ThreadFacts { os_program_hash: OsProgramHash(Felt::ONE), package_digest };
            invoke.proof_facts = facts.to_proof_facts();
            let thread = Arc::new(ThreadTransaction::new(invoke, package).unwrap());
            PendingBody::Thread(thread)
        } else {
            PendingBody::Invoke(Arc::new(invoke))
        };
        PendingTransaction {
            hash: self.hash(),
            body,
            only_query: false,
            impersonated: false,
            validated: None,
            deferred: false,
        }
    }
}

/// A real sub-block of one transfer, if it were from second 0.
static PACKAGE: LazyLock<Package> = LazyLock::new(|| {
    let path = "../../prover/verifier/tests/fixtures/sub_block.package";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut package = Package::decode(&std::fs::read(path).unwrap()).unwrap();
    package.segments[0].statement.base_block.timestamp = BlockTimestamp(0);
    package
});

/// The same without the proof, which nothing here looks at.
static SMALL: LazyLock<Arc<[u8]>> = LazyLock::new(|| small(0));

/// The same, from this second.
fn small(due: u64) -> Arc<[u8]> {
    let [segment] = PACKAGE.segments.as_slice() else { panic!("one segment") };
    let mut segment = Segment { proof: Vec::new(), ..segment.clone() };
    segment.statement.base_block.timestamp = BlockTimestamp(due);
    Package::from(segment).encode().into()
}

fn bounds(price: u64) -> ValidResourceBounds {
    let mut bounds = AllResourceBounds::default();
    bounds.l2_gas.max_price_per_unit = GasPrice(price.into());
    ValidResourceBounds::AllResources(bounds)
}

fn nonce(number: u64) -> Nonce {
    Nonce(Felt::from(number))
}

/// An account and its canonical nonce.
fn at(account: u8, number: u64) -> (ContractAddress, Nonce) {
    (account.into(), nonce(number))
}

fn pool() -> Pool {
    Pool::new(MempoolLimits::default())
}

impl Pool {
    /// Puts a transaction in at second 0.
    fn insert(&mut self, sample: Sample, canonical: u64) -> Result<(), SubmitError> {
        self.insert_at(sample, canonical, 0)
    }

    fn insert_at(&mut self, sample: Sample, canonical: u64, now: Seconds) -> Result<(), SubmitError> {
        let waiting = Waiting::new(sample.pending(), self.arrive(0), now);
        let plan = self.plan(&waiting, nonce(canonical))?;
        self.put(waiting, plan);
        Ok(())
    }

    /// Puts transactions in whose accounts are at nonce 0.
    fn fill(&mut self, samples: impl IntoIterator<Item = Sample>) {
        samples.into_iter().for_each(|sample| self.insert(sample, 0).unwrap());
    }

    /// Opens a block at this second; what may be taken then is there at once.
    fn open_at(&mut self, second: u64) {
        self.block_opened(OpenedBlock { timestamp: BlockTimestamp(second), strict: false });
    }

    fn drain(&mut self) -> Vec<TransactionHash> {
        std::iter::from_fn(|| self.take()).map(|transaction| transaction.hash).collect()
    }

    fn is_rejected(&self, sample: Sample, because: &str) -> bool {
        matches!(self.status(sample.hash()), Some(PoolStatus::Rejected { reason }) if reason.contains(because))
    }

    /// Whether all its books agree.
    fn check(&self) {
        let mut usages = Usages::default();
        let mut waiting = 0;
        for (account, queue) in &self.accounts {
            assert!(!queue.is_idle());
            let head = queue.waiting.get(&queue.next).filter(|head| head.is_ready());
            let is_due = head.is_some_and(|head| self.block.may_take(head));
            assert_eq!(queue.ready, head.filter(|_| is_due).map(|head| self.block.priority(head)));
            assert_eq!(queue.held, head.filter(|_| !is_due).map(|head| head.due_at));
            if let Some(priority) = queue.ready {
                assert_eq!(self.ready.get(&priority), Some(account));
            }
            if let Some(due_at) = queue.held {
                assert!(self.held.contains(&(due_at, *account)));
            }
            for (nonce, it) in &queue.waiting {
                assert!(*nonce >= queue.next);
                assert_eq!(self.places.get(&it.transaction.hash), Some(&(*account, *nonce)));
                assert_eq!(self.by_age.get(&it.arrival), Some(&(*account, *nonce)));
                assert!(!self.taken.contains_key(&it.transaction.hash));
                assert!(self.rejections.get(it.transaction.hash).is_none());
                usages.of_mut(it.kind()).add(it.bytes);
            }
            let asked = queue.waiting.values().filter(|it| matches!(it.proof, Proof::Asked)).count();
            assert!(asked <= 1, "one proof of an account at a time");
            waiting += queue.waiting.len();
        }
        self.taken.values().for_each(|it| usages.of_mut(it.kind()).add(it.bytes));
        assert_eq!(usages, self.usages);
        for kind in [Kind::Ordinary, Kind::Thread] {
            kind.budget(&self.limits).check_all(usages.of(kind), kind).unwrap();
        }
        assert_eq!((self.places.len(), self.by_age.len()), (waiting, waiting));
        let ready = self.accounts.values().filter(|queue| queue.ready.is_some()).count();
        assert_eq!(self.ready.len(), ready);
        let held = self.accounts.values().filter(|queue| queue.held.is_some()).count();
        assert_eq!(self.held.len(), held);
        let taken: usize = self.accounts.values().map(|queue| queue.taken).sum();
        assert_eq!(self.taken.len(), taken);
    }
}

fn hashes(samples: &[Sample]) -> Vec<TransactionHash> {
    samples.iter().map(|sample| sample.hash()).collect()
}

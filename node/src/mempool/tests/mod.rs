//! The pool's bookkeeping, by theme.

mod blocks;
mod limits;
mod order;
mod proofs;
mod properties;
mod replacement;
mod time;

use std::sync::{Arc, LazyLock};

use starknet_api::block::GasPrice;
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::{AllResourceBounds, Tip, ValidResourceBounds};
use zkthreads_execution::PendingBody;
use zkthreads_protocol::{OsProgramHash, Package, PackageDigest, Segment, ThreadFacts, ThreadTransaction};

use super::*;
use crate::mempool::waiting::Kind;

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
}

impl Sample {
    fn new(account: u8, nonce: u64) -> Self {
        Self { account, nonce, tip: 0, price: 100, thread: false }
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

    fn hash(self) -> TransactionHash {
        let parts = [u64::from(self.account), self.nonce, self.tip, self.price, self.thread.into()];
        TransactionHash(
            parts.iter().fold(Felt::ZERO, |hash, part| hash * Felt::from(1_u64 << 40) + Felt::from(*part)),
        )
    }

    fn pending(self) -> PendingTransaction {
        self.with_package(&SMALL)
    }

    /// A thread, if it is one, with this package.
    fn with_package(self, package: &Arc<[u8]>) -> PendingTransaction {
        let mut invoke = InvokeTransactionV3 {
            resource_bounds: bounds(self.price),
            tip: Tip(self.tip),
            signature: Default::default(),
            nonce: nonce(self.nonce),
            sender_address: self.account.into(),
            calldata: Default::default(),
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
            PendingBody::Thread { thread, package: Arc::clone(package) }
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

/// A real sub-block of one transfer.
static PACKAGE: LazyLock<Package> = LazyLock::new(|| {
    let path = "../prover/verifier/tests/fixtures/sub_block.package";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    Package::decode(&std::fs::read(path).unwrap()).unwrap()
});

/// The same without the proof, which nothing here looks at.
static SMALL: LazyLock<Arc<[u8]>> = LazyLock::new(|| {
    let [segment] = PACKAGE.segments.as_slice() else { panic!("one segment") };
    Package::from(Segment { proof: Vec::new(), ..segment.clone() }).encode().into()
});

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
    Pool::new(Limits::default())
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
            assert_eq!(queue.ready, head.map(Waiting::priority));
            if let Some(priority) = queue.ready {
                assert_eq!(self.ready.get(&priority), Some(account));
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
        let taken: usize = self.accounts.values().map(|queue| queue.taken).sum();
        assert_eq!(self.taken.len(), taken);
    }
}

fn hashes(samples: &[Sample]) -> Vec<TransactionHash> {
    samples.iter().map(|sample| sample.hash()).collect()
}

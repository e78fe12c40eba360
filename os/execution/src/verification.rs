//! Proof verification off the execution path.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use moka::sync::Cache;
use parking_lot::Mutex;
use starknet_api::core::{ChainId, EthAddress};
use starknet_api::transaction::{Event, L2ToL1Payload, MessageToL1};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::commitments::events_commitment;
use zkthreads_protocol::{
    OsProgram, OsProgramHash, Package, PackageDigest, SettleError, Statement, ThreadTransaction,
};
use zkthreads_verifier::{VerifiedThread, Verifier};

/// Verdicts remembered. Each holds a statement and its events: at most a few megabytes.
const REMEMBERED_VERDICTS: u64 = 256;

/// Packages waiting for a worker. A package beyond is checked when a block needs its verdict.
const QUEUE: usize = 1_024;

/// What was found out about a package by looking at nothing but the package.
pub type Verdict = Result<Arc<CheckedThread>, Arc<SettleError>>;

/// A package whose proof is verified and whose inner transactions and events are the ones the statement binds. Only
/// [`VerificationPool`] makes one.
#[derive(Debug)]
pub struct CheckedThread {
    verified: VerifiedThread,
    events: Vec<Event>,
    messages: Vec<MessageToL1>,
}

impl CheckedThread {
    /// What the proof proves.
    #[must_use]
    pub fn statement(&self) -> &Statement {
        self.verified.statement()
    }

    /// The verifier's word for it.
    #[must_use]
    pub fn verified(&self) -> &VerifiedThread {
        &self.verified
    }

    /// Events of the inner transactions, in order.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Messages to L1 of the inner transactions, in order.
    #[must_use]
    pub fn messages(&self) -> &[MessageToL1] {
        &self.messages
    }
}

/// Checks packages on a few threads of its own and remembers the verdicts by package digest. Cheap to clone.
#[derive(Clone)]
pub struct VerificationPool {
    checker: Arc<Checker>,
    queue: SyncSender<Arc<ThreadTransaction>>,
}

struct Checker {
    verifier: Verifier,
    chain_id: ChainId,
    verdicts: Cache<(OsProgramHash, PackageDigest), Verdict>,
}

impl VerificationPool {
    /// A pool for threads of `chain_id` that accepts proofs of `programs`. Its workers end with its last clone.
    #[must_use]
    pub fn new(chain_id: ChainId, programs: impl IntoIterator<Item = OsProgram>) -> Self {
        let checker = Arc::new(Checker {
            verifier: Verifier::new(programs),
            chain_id,
            verdicts: Cache::new(REMEMBERED_VERDICTS),
        });
        let (queue, packages) = sync_channel(QUEUE);
        let packages = Arc::new(Mutex::new(packages));
        let workers = std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
        for index in 0..workers {
            let (checker, packages) = (Arc::clone(&checker), Arc::clone(&packages));
            let spawned = std::thread::Builder::new()
                .name(format!("verifier-{index}"))
                .spawn(move || work(&checker, &packages));
            if let Err(error) = spawned {
                tracing::warn!(%error, "no verification worker; proofs are checked when a block needs them");
            }
        }
        Self { checker, queue }
    }

    /// Starts checking a package in the background, unless its verdict is known or under way.
    pub fn submit(&self, thread: &Arc<ThreadTransaction>) {
        if !self.checker.verdicts.contains_key(&key(thread)) {
            // A full queue is no loss: `verdict` computes what is absent.
            let _ = self.queue.try_send(Arc::clone(thread));
        }
    }

    /// The verdict on a package. Waits for it if it is under way, computes it now if it is not.
    ///
    /// # Errors
    /// Why the package cannot settle in any state.
    pub fn verdict(&self, thread: &ThreadTransaction) -> Verdict {
        self.checker.verdict(thread)
    }

    /// The verdict, if it is known already.
    #[must_use]
    pub fn known_verdict(&self, thread: &ThreadTransaction) -> Option<Verdict> {
        self.checker.verdicts.get(&key(thread))
    }
}

fn key(thread: &ThreadTransaction) -> (OsProgramHash, PackageDigest) {
    (thread.facts().os_program_hash, thread.facts().package_digest)
}

fn work(checker: &Checker, packages: &Mutex<Receiver<Arc<ThreadTransaction>>>) {
    loop {
        // The lock is released before the check: a temporary of this statement only.
        let next = packages.lock().recv();
        match next {
            Ok(thread) => drop(checker.verdict(&thread)),
            Err(_) => return,
        }
    }
}

impl Checker {
    /// At most one computation per package runs at a time; others wait for it.
    fn verdict(&self, thread: &ThreadTransaction) -> Verdict {
        self.verdicts.get_with(key(thread), || {
            catch_unwind(AssertUnwindSafe(|| self.check(thread)))
                .unwrap_or_else(|_| Err(SettleError::Proof { reason: "the check panicked".to_owned() }))
                .map(Arc::new)
                .map_err(Arc::new)
        })
    }

    fn check(&self, thread: &ThreadTransaction) -> Result<CheckedThread, SettleError> {
        let package = thread.package();
        check_inner_transactions(package, &self.chain_id)?;
        check_events(package)?;
        let messages = messages(&package.statement)?;
        let verified = self
            .verifier
            .verify(thread.facts().os_program_hash, package)
            .map_err(|error| SettleError::Proof { reason: error.to_string() })?;
        Ok(CheckedThread { verified, events: events(package), messages })
    }
}

/// Whether the package's inner transactions hash to what the statement names.
fn check_inner_transactions(package: &Package, chain_id: &ChainId) -> Result<(), SettleError> {
    let named = package.statement.transaction_hashes();
    for (index, (included, named)) in (0_u32..).zip(package.inner_transactions.iter().zip(named)) {
        let computed = included
            .transaction
            .hash(chain_id)
            .map_err(|error| SettleError::Execution { reason: error.to_string() })?;
        if computed != named {
            return Err(SettleError::InnerTransaction { index, computed, named });
        }
    }
    Ok(())
}

/// Whether the package's events are those the statement commits to.
fn check_events(package: &Package) -> Result<(), SettleError> {
    let statement = &package.statement;
    let named = statement.events_commitment;
    let hashes: Vec<_> = statement.transaction_hashes().collect();
    let computed = events_commitment(&package.events, &hashes).unwrap_or(Felt::ZERO);
    if computed == named { Ok(()) } else { Err(SettleError::Events { computed, named }) }
}

fn events(package: &Package) -> Vec<Event> {
    let convert = |event: &zkthreads_protocol::InnerEvent| Event {
        from_address: event.from_address,
        content: event.content.clone(),
    };
    package.events.iter().map(convert).collect()
}

/// The statement's messages in the chain's own form, which knows Ethereum's addresses only.
fn messages(statement: &Statement) -> Result<Vec<MessageToL1>, SettleError> {
    let convert = |message: &zkthreads_protocol::InnerMessage| {
        let to_address = EthAddress::try_from(message.to_address)
            .map_err(|error| SettleError::Execution { reason: format!("message to L1: {error}") })?;
        Ok(MessageToL1 {
            from_address: message.from_address,
            to_address,
            payload: L2ToL1Payload(message.payload.clone()),
        })
    };
    statement.messages.iter().map(convert).collect()
}

//! Blocks on top of another chain's state, which may be out of reach.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use tempfile::TempDir;
use zkthreads_execution::{
    AdmitError, ExecutionError, Executor, GenesisState, OpenBlock, Refusal, SimulationFlags,
};
use zkthreads_storage::{BaseStateError, CachedBase, ForkPoint, Storage, StorageError};

use crate::support::chain::GENESIS;
use crate::support::remote::Remote;
use crate::support::{TestChain, address, eth, transfer};

/// A chain that was forked off `origin`; what it reads of it is kept.
struct Forked {
    origin: TestChain,
    executor: Executor,
    away: Arc<AtomicBool>,
    _directories: [TempDir; 2],
}

impl Forked {
    fn new(users: u64) -> Self {
        let origin = TestChain::new(users);
        let directories =
            [tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory")];
        let head = origin.executor.latest_header().expect("a block");
        let fork = ForkPoint { number: head.block_header_without_hash.block_number, hash: head.block_hash };
        let away = Arc::new(AtomicBool::new(false));
        let remote = Remote { state: origin.state(), away: Arc::clone(&away) };
        let cached = Arc::new(CachedBase::open(directories[0].path(), fork, remote).expect("a cache"));
        let storage = Storage::open_forked(directories[1].path(), cached, (fork.number, fork.hash));
        let executor = Executor::new(storage.expect("a database"), origin.executor.config().clone());
        executor
            .commit_genesis(GenesisState { timestamp: GENESIS, ..GenesisState::default() })
            .expect("a block");
        Self { origin, executor, away, _directories: directories }
    }

    fn open(&self) -> OpenBlock {
        self.executor.open_block(self.executor.config().block_env(GENESIS)).expect("opens")
    }

    /// The origin is away from now on, or there again.
    fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }
}

fn is_unreachable(error: &ExecutionError) -> bool {
    matches!(error, ExecutionError::Storage(StorageError::Base(BaseStateError::Unreachable { .. })))
}

/// The sealing of a block asks for aliases that no transaction asks for. The node once stopped where they could not be read.
#[test]
fn what_sealing_needs_is_there_before_a_transaction_is_taken_in() {
    let mut forked = Forked::new(2);
    let bob = forked.origin.users[1].address;
    let payment = forked.origin.users[0].invoke(&[transfer(eth(), bob, 7)]);
    // It reads all that executing it reads.
    let prepared = forked.executor.prepare(payment.clone(), false).expect("prepared");
    let latest = forked.executor.storage().latest().expect("reads").expect("a block");
    forked.executor.simulate(latest, vec![prepared], SimulationFlags::default()).expect("simulates");
    let admitted = forked.executor.admit(payment).expect("admitted");

    forked.set_away(true);
    let mut open = forked.open();
    let Err(Refusal::Rejected { reason }) = open.execute(admitted.clone()) else { panic!("taken in") };
    assert!(matches!(*reason, AdmitError::Internal(error) if is_unreachable(&error)));
    assert!(
        open.write_storage(eth(), StorageKey::from(1_000_000_u128), Felt::ONE)
            .is_err_and(|error| is_unreachable(&error))
    );
    assert!(open.is_empty());
    forked.executor.commit(open.seal().expect("seals nothing")).expect("commits");

    forked.set_away(false);
    let mut open = forked.open();
    open.execute(admitted).expect("taken in");
    forked.set_away(true);
    let sealed = open.seal().expect("needs nothing of the origin");
    let aliases = &sealed.state_diff().storage_diffs[&address(2_u64)];
    assert!(aliases.len() > 3, "{aliases:?}");
    forked.executor.commit(sealed).expect("commits");
}

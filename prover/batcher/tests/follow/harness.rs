//! A thread that follows a node.

use std::sync::Arc;
use std::time::Duration;

use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use zkthreads_batcher::follow::{ChainFollower, Unfollowed, begin, fork_point};
use zkthreads_batcher::thread::{Thread, ThreadConfig, ThreadHandle, ThreadParts};
use zkthreads_client::NodeClient;
use zkthreads_execution::Executor;
use zkthreads_rpc_api::ChainFeed;
use zkthreads_storage::{
    BaseState, BaseStateError, ClassRecord, ForkPoint, JournalOwner, StateView, Storage, ThreadJournal,
};

use super::node::Node;
use crate::support::{address, strk};

/// How long a test that hangs is let go on.
const PATIENCE: Duration = Duration::from_secs(300);

/// A node's state after a block, as the base of who follows it from there on.
struct NodeState(StateView);

impl BaseState for NodeState {
    fn storage(&self, contract: ContractAddress, key: StorageKey) -> Result<Felt, BaseStateError> {
        Ok(self.0.storage(contract, key).unwrap())
    }

    fn nonce(&self, contract: ContractAddress) -> Result<Nonce, BaseStateError> {
        Ok(self.0.nonce(contract).unwrap())
    }

    fn class_hash(&self, contract: ContractAddress) -> Result<ClassHash, BaseStateError> {
        Ok(self.0.class_hash(contract).unwrap())
    }

    fn class(&self, hash: ClassHash) -> Result<Option<ClassRecord>, BaseStateError> {
        Ok(self.0.class(hash).unwrap().map(|class| class.as_ref().clone()))
    }
}

pub(crate) struct Harness {
    pub handle: ThreadHandle,
    pub executor: Executor,
    thread: std::thread::JoinHandle<()>,
    follower: JoinHandle<Unfollowed>,
    stop: oneshot::Sender<()>,
    _directory: TempDir,
}

/// Opens a database that follows `node` from `fork` on.
pub(crate) fn open_following(directory: &TempDir, node: &Node, fork: Option<ForkPoint>) -> Storage {
    let fork = fork.map(|fork| {
        let state = node.chain.executor.storage().state_at(fork.number);
        (fork, Arc::new(NodeState(state)) as Arc<dyn BaseState>)
    });
    Storage::open_following(&directory.path().join("chain"), fork).unwrap()
}

impl Harness {
    /// A thread that follows `node` over `url`, and begins `depth` blocks below its newest one.
    pub(crate) async fn follow(node: &Node, url: &str, depth: u64) -> Self {
        let client = NodeClient::new(url).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let storage = open_following(&directory, node, fork_point(&client, depth).await.unwrap());
        begin(&client, &storage).await.unwrap();
        let executor = Executor::new(storage.clone(), node.chain.executor.config().clone());
        let chain_id = executor.config().chain_id.clone();
        let submitter = address(0x5b_u64);
        let owner = JournalOwner { chain_id: chain_id.clone(), submitter };
        let parts = ThreadParts {
            executor: executor.clone(),
            journal: ThreadJournal::open(&directory.path().join("journal"), &owner).unwrap(),
            feed: ChainFeed::default(),
            provers: Arc::new(Vec::new),
            config: ThreadConfig::new(url.to_owned(), submitter),
        };
        let (handle, thread) = Thread::start(parts).unwrap();
        let poll = Duration::from_millis(10);
        let follower = ChainFollower { node: client, thread: handle.clone(), storage, chain_id, poll };
        let (stop, stopped) = oneshot::channel();
        let follower = tokio::spawn(follower.run(async move { drop(stopped.await) }));
        Self { handle, executor, thread, follower, stop, _directory: directory }
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&ThreadHandle) -> bool) {
        let waiting = async {
            while !is_so(&self.handle) {
                assert!(!self.follower.is_finished(), "following ended before {what}");
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
    }

    /// Waits until the thread has the node's newest block; then it has the node's state, too.
    pub(crate) async fn has_all_of(&self, node: &Node) {
        self.until("the node's newest block", |handle| handle.head() == node.head()).await;
        let user = &node.chain.users[1];
        let (ours, theirs) = (self.executor.storage(), node.chain.executor.storage());
        let (latest, _) = node.head();
        assert_eq!(ours.latest().unwrap(), Some(latest));
        let key = starknet_api::abi::abi_utils::get_fee_token_var_address(user.address);
        let balance = |storage: &Storage| storage.state_at(latest).storage(strk(), key).unwrap();
        assert_eq!(balance(ours), balance(theirs));
        assert_eq!(ours.export_block(latest).unwrap(), theirs.export_block(latest).unwrap());
        assert!(ours.check().is_sound(), "{:?}", ours.check());
    }

    /// Waits until following ends by itself; gives the reason.
    pub(crate) async fn ends(self) -> Unfollowed {
        let ended = timeout(PATIENCE, self.follower).await.expect("it ends").unwrap();
        self.handle.stop();
        self.thread.join().unwrap();
        ended
    }

    /// Ends following.
    pub(crate) async fn stop(self) -> Unfollowed {
        self.stop.send(()).unwrap();
        let ended = timeout(PATIENCE, self.follower).await.expect("it ends").unwrap();
        self.handle.stop();
        self.thread.join().unwrap();
        ended
    }
}

//! A node's state at one block, read over JSON-RPC as blockifier needs it.

mod classes;
mod legacy;
mod remote;

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use blockifier::execution::contract_class::RunnableCompiledClass;
use blockifier::state::errors::StateError;
use blockifier::state::state_api::{StateReader, StateResult};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use parking_lot::Mutex;
use starknet_api::block::BlockHash;
use starknet_api::core::{ChainId, ClassHash, CompiledClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_rust::core::types::BlockId;
use starknet_rust::providers::ProviderError;
use starknet_rust::providers::jsonrpc::HttpTransport;
use starknet_types_core::felt::Felt;
use tokio::runtime::Handle;
use zkthreads_execution::ClassSource;
use zkthreads_protocol::BaseBlock;

pub use classes::ClassCache;
pub use remote::{RemoteClass, RemoteClassError, RemoteState};

use crate::node::{NodeClient, NodeError};

/// A node's state at one block. Every value is fetched once. Cheap to clone; clones share what they fetched.
///
/// Its [`StateReader`] blocks on the network: use it where blocking is allowed (`spawn_blocking`), never on an
/// asynchronous task.
#[derive(Clone)]
pub struct ForkClient {
    fork: Arc<Fork>,
}

struct Fork {
    node: RemoteState<HttpTransport>,
    runtime: Handle,
    chain_id: ChainId,
    base_block: BaseBlock,
    classes: ClassCache,
    storage: Mutex<HashMap<(ContractAddress, StorageKey), Felt>>,
    nonces: Mutex<HashMap<ContractAddress, Nonce>>,
    class_hashes: Mutex<HashMap<ContractAddress, ClassHash>>,
    /// The first time the node did not answer: everything executed since is worthless.
    failure: Mutex<Option<String>>,
}

impl ForkClient {
    /// Pins the node's latest block.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn latest(node: NodeClient, classes: ClassCache) -> Result<Self, NodeError> {
        let chain_id = node.chain_id().await?;
        let (hash, base_block) = node.latest_block().await?;
        Ok(Self::at(node, classes, chain_id, hash, base_block))
    }

    /// Pins a block that is already known. Must be called on a tokio runtime.
    #[must_use]
    pub fn at(
        node: NodeClient,
        classes: ClassCache,
        chain_id: ChainId,
        hash: BlockHash,
        base_block: BaseBlock,
    ) -> Self {
        let fork = Fork {
            node: node.state_at(BlockId::Hash(hash.0)),
            runtime: Handle::current(),
            chain_id,
            base_block,
            classes,
            storage: Mutex::default(),
            nonces: Mutex::default(),
            class_hashes: Mutex::default(),
            failure: Mutex::default(),
        };
        Self { fork: Arc::new(fork) }
    }

    /// The chain's id.
    #[must_use]
    pub fn chain_id(&self) -> &ChainId {
        &self.fork.chain_id
    }

    /// The pinned block.
    #[must_use]
    pub fn base_block(&self) -> BaseBlock {
        self.fork.base_block
    }

    /// The first failure to read, if any: a transaction that failed since may be sound.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.fork.failure.lock().clone()
    }
}

impl Fork {
    /// The value of `key`, fetched if it is not in `cache`.
    fn get<K: Hash + Eq + Copy, V: Copy, F>(
        &self,
        cache: &Mutex<HashMap<K, V>>,
        key: K,
        fetch: F,
    ) -> StateResult<V>
    where
        F: Future<Output = Result<V, ProviderError>>,
    {
        if let Some(value) = cache.lock().get(&key) {
            return Ok(*value);
        }
        let value = self.runtime.block_on(fetch).map_err(|error| self.failed(error.to_string()))?;
        cache.lock().insert(key, value);
        Ok(value)
    }

    fn failed(&self, reason: String) -> StateError {
        self.failure.lock().get_or_insert_with(|| reason.clone());
        StateError::StateReadError(reason)
    }

    fn class(&self, class_hash: ClassHash) -> StateResult<classes::ForkedClass> {
        if let Some(class) = self.classes.get(class_hash) {
            return Ok(class);
        }
        let definition = self.runtime.block_on(self.node.class(class_hash));
        let definition = definition.map_err(|error| self.failed(error.to_string()))?;
        let definition = definition.ok_or(StateError::UndeclaredClassHash(class_hash))?;
        self.classes
            .insert(class_hash, definition)
            .map_err(|reason| self.failed(format!("class {:#x}: {reason}", class_hash.0)))
    }
}

impl StateReader for ForkClient {
    fn get_storage_at(&self, contract: ContractAddress, key: StorageKey) -> StateResult<Felt> {
        let Fork { node, storage, .. } = &*self.fork;
        self.fork.get(storage, (contract, key), node.storage(contract, key))
    }

    fn get_nonce_at(&self, contract: ContractAddress) -> StateResult<Nonce> {
        let Fork { node, nonces, .. } = &*self.fork;
        self.fork.get(nonces, contract, node.nonce(contract))
    }

    fn get_class_hash_at(&self, contract: ContractAddress) -> StateResult<ClassHash> {
        let Fork { node, class_hashes, .. } = &*self.fork;
        self.fork.get(class_hashes, contract, node.class_hash(contract))
    }

    fn get_compiled_class(&self, class_hash: ClassHash) -> StateResult<RunnableCompiledClass> {
        Ok(self.fork.class(class_hash)?.runnable)
    }

    fn get_compiled_class_hash(&self, class_hash: ClassHash) -> StateResult<CompiledClassHash> {
        Ok(self.fork.class(class_hash)?.compiled_class_hash)
    }

    fn get_compiled_class_hash_v2(
        &self,
        class_hash: ClassHash,
        _: &RunnableCompiledClass,
    ) -> StateResult<CompiledClassHash> {
        self.get_compiled_class_hash(class_hash)
    }
}

impl ClassSource for ForkClient {
    fn casm(&self, class_hash: ClassHash) -> StateResult<Arc<CasmContractClass>> {
        let casm = self.fork.class(class_hash)?.hardened.and_then(|hardened| hardened.casm().cloned());
        casm.ok_or(StateError::UndeclaredClassHash(class_hash))
    }

    fn in_threads(&self, class_hash: ClassHash) -> StateResult<RunnableCompiledClass> {
        Ok(self.fork.class(class_hash)?.in_threads)
    }

    fn unhardened(&self, class_hash: ClassHash) -> StateResult<Option<String>> {
        let hardened = self.fork.class(class_hash)?.hardened;
        let hardened = hardened.ok_or(StateError::UndeclaredClassHash(class_hash))?;
        Ok(hardened.refusal().map(str::to_owned))
    }
}

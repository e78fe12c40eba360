//! The origin's state after the pinned block.

use std::future::Future;
use std::sync::Arc;

use starknet_api::block::BlockNumber;
use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_rust::providers::ProviderError;
use starknet_rust::providers::jsonrpc::JsonRpcClientError;
use starknet_types_core::felt::Felt;
use tokio::runtime::Handle;
use zkthreads_client::{RemoteClass, RemoteClassError, RemoteState};
use zkthreads_execution::{AdmitError, class};
use zkthreads_storage::{BaseState, BaseStateError, CachedBase, ClassRecord};

use crate::client::{AskError, OriginClient};
use crate::compiling::Compiling;
use crate::wait::wait;

/// The contract that holds block hashes. It has no class.
const BLOCK_HASH_TABLE: Felt = Felt::ONE;
/// The contract that holds aliases of storage keys. It has no class.
const ALIASES: Felt = Felt::TWO;
/// How many blocks later a block's hash is written.
const BLOCK_HASH_LAG: u64 = 10;

/// The state as the origin tells it.
pub(super) struct RemoteBase {
    pub(super) state: RemoteState<Arc<OriginClient>>,
    pub(super) runtime: Handle,
    pub(super) fork: BlockNumber,
    pub(super) compiling: Arc<Compiling>,
}

impl RemoteBase {
    fn wait<T, E, F>(&self, future: F) -> Result<T, BaseStateError>
    where
        T: Send + 'static,
        E: Into<RemoteClassError> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        match wait(&self.runtime, future) {
            Some(answer) => answer.map_err(|error| failure(&error.into())),
            None => Err(BaseStateError::Unreachable { reason: "this node is shutting down".to_owned() }),
        }
    }
}

impl BaseState for RemoteBase {
    fn storage(&self, contract: ContractAddress, key: StorageKey) -> Result<Felt, BaseStateError> {
        let state = self.state.clone();
        self.wait(async move { state.storage(contract, key).await })
    }

    fn nonce(&self, contract: ContractAddress) -> Result<Nonce, BaseStateError> {
        let state = self.state.clone();
        self.wait(async move { state.nonce(contract).await })
    }

    fn class_hash(&self, contract: ContractAddress) -> Result<ClassHash, BaseStateError> {
        let state = self.state.clone();
        self.wait(async move { state.class_hash(contract).await })
    }

    fn class(&self, hash: ClassHash) -> Result<Option<ClassRecord>, BaseStateError> {
        self.compiling.check_time()?;
        let state = self.state.clone();
        let record = match self.wait(async move { state.class(hash).await })? {
            None => return Ok(None),
            Some(RemoteClass::Legacy(class)) => class::legacy(*class),
            Some(RemoteClass::Sierra(class)) => self
                .compiling
                .compile(|| class::compile(class))
                .map_err(|error| not_compiled(hash, &error))?,
        };
        Ok(Some(ClassRecord { declared_at: self.fork, ..record }))
    }
}

fn not_compiled(hash: ClassHash, error: &AdmitError) -> BaseStateError {
    let reason = format!("class {:#x}: {error}", hash.0);
    match error {
        AdmitError::CompilerBusy => BaseStateError::Busy { reason },
        _ => BaseStateError::Invalid { reason },
    }
}

fn failure(error: &RemoteClassError) -> BaseStateError {
    let reason = error.to_string();
    match error {
        RemoteClassError::Provider(ProviderError::Other(cause)) => {
            match cause.as_any().downcast_ref::<JsonRpcClientError<AskError>>() {
                Some(JsonRpcClientError::TransportError(
                    AskError::Unreachable(_) | AskError::Status { .. },
                )) => BaseStateError::Unreachable { reason },
                _ => BaseStateError::Invalid { reason },
            }
        }
        _ => BaseStateError::Invalid { reason },
    }
}

/// The state as the origin told it, and what need not be asked because it cannot be otherwise.
pub(super) struct ForkedState<B> {
    cached: CachedBase<B>,
    fork: BlockNumber,
    compiling: Arc<Compiling>,
}

impl<B: BaseState> ForkedState<B> {
    pub(super) fn new(cached: CachedBase<B>, fork: BlockNumber, compiling: Arc<Compiling>) -> Self {
        Self { cached, fork, compiling }
    }

    /// The hash of a block is written some blocks later, which for the newest ones the origin had not come to.
    fn is_unwritten_hash(&self, contract: ContractAddress, key: StorageKey) -> bool {
        let number: Option<u64> = (*key.0.key()).try_into().ok();
        *contract.0.key() == BLOCK_HASH_TABLE
            && number.is_some_and(|number| number.saturating_add(BLOCK_HASH_LAG) > self.fork.0)
    }

    /// A contract that was never deployed has written nothing.
    fn is_absent(&self, contract: ContractAddress) -> Result<bool, BaseStateError> {
        if [BLOCK_HASH_TABLE, ALIASES].contains(contract.0.key()) {
            return Ok(false);
        }
        Ok(self.class_hash(contract)? == ClassHash::default())
    }
}

impl<B: BaseState> BaseState for ForkedState<B> {
    fn storage(&self, contract: ContractAddress, key: StorageKey) -> Result<Felt, BaseStateError> {
        if self.is_unwritten_hash(contract, key) || self.is_absent(contract)? {
            return Ok(Felt::ZERO);
        }
        self.cached.storage(contract, key)
    }

    fn nonce(&self, contract: ContractAddress) -> Result<Nonce, BaseStateError> {
        if self.is_absent(contract)? {
            return Ok(Nonce::default());
        }
        self.cached.nonce(contract)
    }

    fn class_hash(&self, contract: ContractAddress) -> Result<ClassHash, BaseStateError> {
        self.cached.class_hash(contract)
    }

    /// One that an older program kept is compiled for threads when it is read first.
    fn class(&self, hash: ClassHash) -> Result<Option<ClassRecord>, BaseStateError> {
        let Some(record) = self.cached.class(hash)? else { return Ok(None) };
        if !class::is_pending(&record) {
            return Ok(Some(record));
        }
        self.compiling.check_time()?;
        let completed = self
            .compiling
            .compile(|| class::completed(record))
            .map_err(|error| not_compiled(hash, &error))?;
        self.cached.keep_class(hash, &completed)?;
        Ok(Some(completed))
    }
}

#[cfg(test)]
mod tests {
    use starknet_api::block::BlockHash;
    use zkthreads_storage::ForkPoint;

    use super::*;

    /// A network where everything is 7, except that some contracts do not exist; it must not be asked about those.
    struct Sevens;

    const PRESENT: u64 = 5;
    const FORK: BlockNumber = BlockNumber(100);

    fn seven() -> Felt {
        Felt::from(7)
    }

    impl BaseState for Sevens {
        fn storage(&self, contract: ContractAddress, _: StorageKey) -> Result<Felt, BaseStateError> {
            assert_ne!(contract, address(6), "a cell of a contract that does not exist");
            Ok(seven())
        }

        fn nonce(&self, contract: ContractAddress) -> Result<Nonce, BaseStateError> {
            assert_eq!(contract, address(PRESENT));
            Ok(Nonce(seven()))
        }

        fn class_hash(&self, contract: ContractAddress) -> Result<ClassHash, BaseStateError> {
            Ok(ClassHash(if contract == address(PRESENT) { seven() } else { Felt::ZERO }))
        }

        fn class(&self, _: ClassHash) -> Result<Option<ClassRecord>, BaseStateError> {
            Ok(None)
        }
    }

    fn address(felt: u64) -> ContractAddress {
        Felt::from(felt).try_into().unwrap()
    }

    fn key(felt: u64) -> StorageKey {
        Felt::from(felt).try_into().unwrap()
    }

    #[test]
    fn what_cannot_be_otherwise_is_not_asked() {
        let directory = tempfile::tempdir().unwrap();
        let point = ForkPoint { number: FORK, hash: BlockHash(Felt::ONE) };
        let cached = CachedBase::open(directory.path(), point, Sevens).unwrap();
        let state = ForkedState::new(cached, FORK, Arc::new(Compiling::new()));
        assert_eq!(state.storage(address(PRESENT), key(1)), Ok(seven()));
        assert_eq!(state.nonce(address(PRESENT)), Ok(Nonce(seven())));
        assert_eq!(state.storage(address(6), key(1)), Ok(Felt::ZERO));
        assert_eq!(state.nonce(address(6)), Ok(Nonce::default()));
        // Block 90's hash is written in block 100, block 91's in the first local one.
        assert_eq!(state.storage(address(1), key(90)), Ok(seven()));
        assert_eq!(state.storage(address(1), key(91)), Ok(Felt::ZERO));
        assert_eq!(state.storage(address(2), key(91)), Ok(seven()));
    }
}

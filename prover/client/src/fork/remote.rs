//! A node's state at one block, asked value by value.

use std::sync::Arc;

use starknet_api::core::{ClassHash, ContractAddress, EntryPointSelector, Nonce};
use starknet_api::deprecated_contract_class::ContractClass as LegacyContractClass;
use starknet_api::rpc_transaction::EntryPointByType;
use starknet_api::state::{EntryPoint, FunctionIndex, SierraContractClass, StorageKey};
use starknet_rust::core::types::{
    BlockId, ContractClass, FlattenedSierraClass, SierraEntryPoint, StarknetError,
};
use starknet_rust::providers::jsonrpc::JsonRpcTransport;
use starknet_rust::providers::{JsonRpcClient, Provider, ProviderError};
use starknet_types_core::felt::Felt;

use super::legacy;

/// A node's state at one block. What the node says does not exist is zero. Cheap to clone.
#[derive(Debug)]
pub struct RemoteState<T> {
    client: Arc<JsonRpcClient<T>>,
    block: BlockId,
}

/// A class as its node gave it.
#[derive(Debug, Clone)]
pub enum RemoteClass {
    /// A Cairo 1 class; its hash is the one that was asked for.
    Sierra(SierraContractClass),
    /// A Cairo 0 class.
    Legacy(Box<LegacyContractClass>),
}

/// Why there is no class.
#[derive(Debug, thiserror::Error)]
pub enum RemoteClassError {
    /// The node refuses, or cannot be reached, or answers outside the specification.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// It answered with another class, or one that is none.
    #[error("class {class_hash:#x}: {reason}")]
    Invalid {
        /// What was asked for.
        class_hash: Felt,
        /// What is wrong.
        reason: String,
    },
}

impl<T> Clone for RemoteState<T> {
    fn clone(&self) -> Self {
        Self { client: Arc::clone(&self.client), block: self.block }
    }
}

impl<T: JsonRpcTransport + Send + Sync + 'static> RemoteState<T> {
    /// The state after `block`.
    #[must_use]
    pub fn new(client: Arc<JsonRpcClient<T>>, block: BlockId) -> Self {
        Self { client, block }
    }

    /// A storage cell.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn storage(&self, contract: ContractAddress, key: StorageKey) -> Result<Felt, ProviderError> {
        let answer = self.client.get_storage_at(contract.0.key(), key.0.key(), self.block, None).await;
        or_absent(answer.map(|answer| answer.value()))
    }

    /// A contract's nonce.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn nonce(&self, contract: ContractAddress) -> Result<Nonce, ProviderError> {
        or_absent(self.client.get_nonce(self.block, contract.0.key()).await).map(Nonce)
    }

    /// A contract's class.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn class_hash(&self, contract: ContractAddress) -> Result<ClassHash, ProviderError> {
        or_absent(self.client.get_class_hash_at(self.block, contract.0.key()).await).map(ClassHash)
    }

    /// A class; `None` if it was not declared by then.
    ///
    /// # Errors
    /// If the node does not answer, or with another class.
    pub async fn class(&self, class_hash: ClassHash) -> Result<Option<RemoteClass>, RemoteClassError> {
        let class = match self.client.get_class(self.block, class_hash.0).await {
            Ok(class) => class,
            Err(ProviderError::StarknetError(StarknetError::ClassHashNotFound)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let class = match class {
            ContractClass::Sierra(class) => sierra(class_hash, class).map(RemoteClass::Sierra),
            ContractClass::Legacy(class) => legacy::class(class).map(Box::new).map(RemoteClass::Legacy),
        };
        class.map(Some).map_err(|reason| RemoteClassError::Invalid { class_hash: class_hash.0, reason })
    }
}

fn or_absent(answer: Result<Felt, ProviderError>) -> Result<Felt, ProviderError> {
    match answer {
        Err(ProviderError::StarknetError(StarknetError::ContractNotFound)) => Ok(Felt::ZERO),
        answer => answer,
    }
}

/// The class, unless it is another one than was asked for.
fn sierra(class_hash: ClassHash, class: FlattenedSierraClass) -> Result<SierraContractClass, String> {
    let points = &class.entry_points_by_type;
    let convert = |points: &[SierraEntryPoint]| points.iter().map(entry_point).collect();
    let entry_points_by_type = EntryPointByType {
        constructor: convert(&points.constructor),
        external: convert(&points.external),
        l1handler: convert(&points.l1_handler),
    };
    let class = SierraContractClass {
        sierra_program: class.sierra_program,
        contract_class_version: class.contract_class_version,
        entry_points_by_type,
        abi: class.abi,
    };
    let computed = class.calculate_class_hash();
    if computed != class_hash {
        return Err(format!("the node gave class {:#x} instead", computed.0));
    }
    Ok(class)
}

fn entry_point(point: &SierraEntryPoint) -> EntryPoint {
    EntryPoint {
        function_idx: FunctionIndex(usize::try_from(point.function_idx).unwrap_or(usize::MAX)),
        selector: EntryPointSelector(point.selector),
    }
}

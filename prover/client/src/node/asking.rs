//! What users and threads ask a node: about transactions, accounts, contracts, blocks.

use jsonrpsee::core::client::ClientT;
use jsonrpsee::core::params::ObjectParams;
use serde_json::{Map, Value};
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use starknet_rust::core::types::{
    BlockId, BlockTag, BlockWithReceipts, ConfirmedBlockId, ContractStorageKeys, FunctionCall,
    MaybePreConfirmedBlockWithReceipts, StarknetError, StorageKey, StorageProof,
    TransactionReceiptWithBlockInfo, TransactionStatus,
};
use starknet_rust::providers::{Provider, ProviderError};
use starknet_types_core::felt::Felt;

use super::{Answer, NodeClient, NodeError};

impl NodeClient {
    /// Any other method's answer, with parameters by name.
    ///
    /// # Errors
    /// If the node refuses.
    pub fn request<'a>(&'a self, method: &'a str, parameters: Map<String, Value>) -> Answer<'a, Value> {
        Box::pin(async move {
            let mut params = ObjectParams::new();
            for (name, value) in parameters {
                params.insert(&name, value).map_err(super::unsendable)?;
            }
            Ok(self.zkthread.request(method, params).await?)
        })
    }

    /// Where a transaction is.
    ///
    /// # Errors
    /// If the node does not know it.
    pub fn transaction_status(&self, hash: TransactionHash) -> Answer<'_, TransactionStatus> {
        Box::pin(async move { Ok(self.starknet.get_transaction_status(hash.0).await?) })
    }

    /// A transaction's receipt, be it of the open block; `None` as long as there is none.
    ///
    /// # Errors
    /// If the node does not answer.
    pub fn receipt_now(&self, hash: TransactionHash) -> Answer<'_, Option<TransactionReceiptWithBlockInfo>> {
        Box::pin(async move {
            match self.starknet.get_transaction_receipt(hash.0).await {
                Ok(receipt) => Ok(Some(receipt)),
                Err(ProviderError::StarknetError(StarknetError::TransactionHashNotFound)) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
    }

    /// The account's next nonce after the block that `tag` names.
    ///
    /// # Errors
    /// If there is no such account.
    pub fn nonce_after(&self, account: ContractAddress, tag: BlockTag) -> Answer<'_, Nonce> {
        Box::pin(async move { Ok(Nonce(self.starknet.get_nonce(BlockId::Tag(tag), account.0.key()).await?)) })
    }

    /// What a function returns, after the block that `tag` names.
    ///
    /// # Errors
    /// If it fails.
    pub fn call(&self, call: FunctionCall, tag: BlockTag) -> Answer<'_, Vec<Felt>> {
        Box::pin(async move { Ok(self.starknet.call(call, BlockId::Tag(tag)).await?) })
    }

    /// A storage cell after the newest block.
    ///
    /// # Errors
    /// If there is no such contract.
    pub fn storage(&self, contract: Felt, key: Felt) -> Answer<'_, Felt> {
        Box::pin(async move {
            let latest = BlockId::Tag(BlockTag::Latest);
            Ok(self.starknet.get_storage_at(contract, key, latest, None).await?.value())
        })
    }

    /// The proof of a storage cell after the newest block.
    ///
    /// # Errors
    /// If the node does not give one.
    pub fn storage_proof(&self, contract: Felt, key: Felt) -> Answer<'_, StorageProof> {
        Box::pin(async move {
            let storage_keys = vec![StorageKey(format!("{key:#x}"))];
            let keys = ContractStorageKeys { contract_address: contract, storage_keys };
            let (classes, contracts): ([Felt; 0], _) = ([], [contract]);
            let latest = ConfirmedBlockId::Latest;
            Ok(self.starknet.get_storage_proof(latest, classes, contracts, [keys]).await?)
        })
    }

    /// A block with its transactions' receipts.
    ///
    /// # Errors
    /// If there is no such block.
    pub fn block_with_receipts(&self, number: u64) -> Answer<'_, BlockWithReceipts> {
        Box::pin(async move {
            match self.starknet.get_block_with_receipts(BlockId::Number(number), None).await? {
                MaybePreConfirmedBlockWithReceipts::Block(block) => Ok(block),
                MaybePreConfirmedBlockWithReceipts::PreConfirmedBlock(_) => Err(NodeError::NotABlock),
            }
        })
    }
}

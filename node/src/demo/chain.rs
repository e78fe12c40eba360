//! What the demo reads from the node: over HTTP, as any user would.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::core::{ChainId, ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use starknet_rust::core::types::{
    BlockId, BlockTag, ConfirmedBlockId, ContractStorageKeys, FunctionCall,
    MaybePreConfirmedBlockWithTxHashes, StorageKey, StorageProof, TransactionReceiptWithBlockInfo,
};
use starknet_rust::providers::Provider;
use starknet_types_core::felt::Felt;
use zkthreads_batcher::NodeClient;

use crate::devnet::constants::STRK_ADDRESS;

const LATEST: BlockId = BlockId::Tag(BlockTag::Latest);
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(60);

/// A node, as its users see it.
pub(crate) struct Chain {
    pub(crate) node: NodeClient,
    pub(crate) id: ChainId,
}

impl Chain {
    pub(crate) async fn connect(url: &str) -> Result<Self> {
        let node = NodeClient::new(url)?;
        let id = node.chain_id().await.context("the node does not answer")?;
        Ok(Self { node, id })
    }

    /// The newest block's state root.
    pub(crate) async fn state_root(&self) -> Result<Felt> {
        match self.node.starknet().get_block_with_tx_hashes(LATEST).await? {
            MaybePreConfirmedBlockWithTxHashes::Block(block) => Ok(block.new_root),
            MaybePreConfirmedBlockWithTxHashes::PreConfirmedBlock(_) => {
                bail!("the latest block is not confirmed")
            }
        }
    }

    pub(crate) async fn nonce(&self, account: ContractAddress) -> Result<Nonce> {
        Ok(self.node.nonce(account).await?)
    }

    /// STRK of an account, in fri.
    pub(crate) async fn balance(&self, account: ContractAddress) -> Result<u128> {
        let call = FunctionCall {
            contract_address: STRK_ADDRESS,
            entry_point_selector: selector_from_name("balanceOf").0,
            calldata: vec![*account.0.key()],
        };
        match self.node.starknet().call(call, LATEST).await?.as_slice() {
            [low, high] if *high == Felt::ZERO => {
                low.to_string().parse().context("a balance beyond 128 bits")
            }
            other => bail!("balanceOf returned {other:?}"),
        }
    }

    pub(crate) async fn storage(&self, contract: Felt, key: Felt) -> Result<Felt> {
        let value = self.node.starknet().get_storage_at(contract, key, LATEST, None).await?;
        Ok(value.value())
    }

    pub(crate) async fn storage_proof(&self, contract: Felt, key: Felt) -> Result<StorageProof> {
        let keys = ContractStorageKeys {
            contract_address: contract,
            storage_keys: vec![StorageKey(format!("{key:#x}"))],
        };
        let (classes, contracts): ([Felt; 0], _) = ([], [contract]);
        Ok(self
            .node
            .starknet()
            .get_storage_proof(ConfirmedBlockId::Latest, classes, contracts, [keys])
            .await?)
    }

    pub(crate) async fn receipt(&self, hash: TransactionHash) -> Result<TransactionReceiptWithBlockInfo> {
        Ok(self.node.receipt(hash, RECEIPT_TIMEOUT).await?)
    }
}

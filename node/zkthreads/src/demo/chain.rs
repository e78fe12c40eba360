//! What the demo asks of a node or of a thread: over HTTP, as any user would.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jsonrpsee::core::ClientError;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::core::{ChainId, ContractAddress, Nonce};
use starknet_api::transaction::{InvokeTransactionV3, TransactionHash};
use starknet_rust::core::types::{
    BlockTag, ExecutionResult, FunctionCall, StorageProof, TransactionReceiptWithBlockInfo,
};
use starknet_types_core::felt::Felt;
use zkthreads_client::{Account, Call, NodeClient, NodeError};
use zkthreads_rpc_api::thread::ThreadStatus;

/// Where JSON-RPC is.
const RPC_PATH: &str = "/rpc";
/// Longest that a transaction may take into a block.
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(60);
/// How often to ask for a receipt.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// A node or a thread, as its users see it. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    pub(crate) url: String,
    pub(crate) node: NodeClient,
    pub(crate) id: ChainId,
}

impl Chain {
    /// The one that listens at `address`.
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let url = format!("http://{address}{RPC_PATH}");
        let node = NodeClient::new(&url)?;
        let id = node.chain_id().await.with_context(|| format!("{url} does not answer"))?;
        Ok(Self { url, node, id })
    }

    /// What a browser opens, without a path.
    pub(crate) fn site(&self) -> &str {
        self.url.strip_suffix(RPC_PATH).unwrap_or(&self.url)
    }

    /// The newest block's number.
    pub(crate) async fn height(&self) -> Result<u64> {
        Ok(self.node.latest().await?.0.0)
    }

    /// Waits until this thread has the blocks that `node` has.
    pub(crate) async fn catch_up_with(&self, node: &Self) -> Result<()> {
        let height = node.height().await?;
        while self.status().await?.base_block.block_number.0 < height {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    /// The newest block's state root.
    pub(crate) async fn state_root(&self) -> Result<Felt> {
        let newest = self.height().await?;
        Ok(self.node.block_with_receipts(newest).await?.new_root)
    }

    /// The account's next nonce, after what waits for a block.
    pub(crate) async fn nonce(&self, account: ContractAddress) -> Result<Nonce> {
        Ok(self.node.nonce_after(account, BlockTag::PreConfirmed).await?)
    }

    /// What a contract's function returns, after what waits for a block.
    pub(crate) async fn view(
        &self,
        contract: ContractAddress,
        function: &str,
        calldata: Vec<Felt>,
    ) -> Result<Vec<Felt>> {
        let call = FunctionCall {
            contract_address: *contract.0.key(),
            entry_point_selector: selector_from_name(function).0,
            calldata,
        };
        Ok(self.node.call(call, BlockTag::PreConfirmed).await?)
    }

    pub(crate) async fn storage(&self, contract: Felt, key: Felt) -> Result<Felt> {
        Ok(self.node.storage(contract, key).await?)
    }

    pub(crate) async fn storage_proof(&self, contract: Felt, key: Felt) -> Result<StorageProof> {
        Ok(self.node.storage_proof(contract, key).await?)
    }

    /// The transaction's receipt as soon as there is one, be it of a block that is still open.
    pub(crate) async fn answer(&self, hash: TransactionHash) -> Result<TransactionReceiptWithBlockInfo> {
        self.receipt_if(hash, |_| true).await
    }

    /// The transaction's receipt once it is in a block.
    pub(crate) async fn receipt(&self, hash: TransactionHash) -> Result<TransactionReceiptWithBlockInfo> {
        self.receipt_if(hash, |receipt| receipt.block.is_block()).await
    }

    async fn receipt_if(
        &self,
        hash: TransactionHash,
        will_do: impl Fn(&TransactionReceiptWithBlockInfo) -> bool,
    ) -> Result<TransactionReceiptWithBlockInfo> {
        let asking = async {
            loop {
                match self.node.receipt_now(hash).await? {
                    Some(receipt) if will_do(&receipt) => return Ok(receipt),
                    Some(_) | None => {}
                }
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        };
        let late = |_| format!("transaction {:#x} is in no block after {RECEIPT_TIMEOUT:?}", hash.0);
        tokio::time::timeout(RECEIPT_TIMEOUT, asking).await.map_err(late).map_err(anyhow::Error::msg)?
    }

    /// Sends an ordinary transaction that must succeed, and waits for its block.
    pub(crate) async fn settle(
        &self,
        invoke: &InvokeTransactionV3,
    ) -> Result<TransactionReceiptWithBlockInfo> {
        let hash = self.node.add_invoke(invoke, None).await?;
        let receipt = self.receipt(hash).await?;
        match receipt.receipt.execution_result() {
            ExecutionResult::Succeeded => Ok(receipt),
            ExecutionResult::Reverted { reason } => bail!("transaction {:#x} reverted: {reason}", hash.0),
        }
    }

    /// Signs one with the account's next nonce, and does the same.
    pub(crate) async fn execute(&self, account: &Account, calls: &[Call]) -> Result<()> {
        let nonce = self.nonce(account.address).await?;
        let invoke = account.invoke(calls, nonce, Account::inner_bounds(), None)?;
        self.settle(&invoke).await.map(drop)
    }

    /// Why a transaction that had been taken was rejected later; `None` while it is not.
    pub(crate) async fn rejection(&self, hash: TransactionHash) -> Result<Option<String>> {
        let parameters = named(&[("transaction_hash", json!(hash.0))]);
        match self.node.request("starknet_getTransactionStatus", parameters).await {
            Ok(_) => Ok(None),
            Err(NodeError::Zkthread(ClientError::Call(error))) => {
                Ok(error.data().map(|data| data.get().trim_matches('"').to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// How the thread is.
    pub(crate) async fn status(&self) -> Result<ThreadStatus> {
        self.call("zkthread_status", &[]).await
    }

    /// Any method, with parameters by name.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        parameters: &[(&str, Value)],
    ) -> Result<T> {
        let answer = self.node.request(method, named(parameters)).await.with_context(|| method.to_owned())?;
        serde_json::from_value(answer).with_context(|| format!("the answer of {method}"))
    }
}

fn named(parameters: &[(&str, Value)]) -> Map<String, Value> {
    parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

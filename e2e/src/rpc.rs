//! JSON-RPC over HTTP, nothing typed: what a client in any language sees.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use starknet_types_core::felt::Felt;

use crate::receipt::Receipt;
use crate::wait::{PATIENCE, until};
use crate::{felt, hex};

/// A node's JSON-RPC.
#[derive(Debug, Clone)]
pub struct Rpc {
    client: reqwest::Client,
    url: String,
}

/// A JSON-RPC error.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{code} {message} {data}")]
pub struct Failure {
    /// Its code.
    pub code: i64,
    /// Its message.
    pub message: String,
    /// Its data, or null.
    pub data: Value,
}

impl Rpc {
    /// The JSON-RPC at `url`.
    ///
    /// # Errors
    /// If no HTTP client can be made.
    pub fn new(url: &str) -> Result<Self> {
        let builder = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
        // A request over a connection that the server is just closing is lost.
        let client = builder.pool_idle_timeout(Duration::from_secs(10)).build()?;
        Ok(Self { client, url: url.to_owned() })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Posts any body; the HTTP status and the answer's text.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn post(&self, body: impl Into<reqwest::Body>) -> Result<(u16, String)> {
        let request = self.client.post(&self.url).header("content-type", "application/json").body(body);
        let response = request.send().await?;
        Ok((response.status().as_u16(), response.text().await?))
    }

    /// Calls a method: its result, or the error it answers with.
    ///
    /// # Errors
    /// If there is no JSON-RPC answer.
    pub async fn try_call(&self, method: &str, params: Value) -> Result<Result<Value, Failure>> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let (status, text) = self.post(request.to_string()).await?;
        let mut answer: Value = serde_json::from_str(&text).with_context(|| format!("{status}: {text}"))?;
        if let Some(error) = answer.get("error") {
            return Ok(Err(Failure {
                code: error["code"].as_i64().with_context(|| format!("no code in {error}"))?,
                message: error["message"].as_str().unwrap_or_default().to_owned(),
                data: error["data"].clone(),
            }));
        }
        match answer.get_mut("result") {
            Some(result) => Ok(Ok(result.take())),
            None => bail!("neither result nor error in {text}"),
        }
    }

    /// Calls a method that must succeed.
    ///
    /// # Errors
    /// If it does not.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value> {
        self.try_call(method, params).await?.with_context(|| method.to_owned())
    }

    /// Calls a method that must fail.
    ///
    /// # Errors
    /// If it does not.
    pub async fn refusal(&self, method: &str, params: Value) -> Result<Failure> {
        match self.try_call(method, params).await? {
            Err(failure) => Ok(failure),
            Ok(result) => bail!("{method} was accepted: {result}"),
        }
    }

    /// The latest block's number.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn block_number(&self) -> Result<u64> {
        self.call("starknet_blockNumber", json!([])).await?.as_u64().context("not a number")
    }

    /// A block with its transactions' receipts.
    ///
    /// # Errors
    /// If there is no such block.
    pub async fn block(&self, number: u64) -> Result<Value> {
        let params = json!({ "block_id": { "block_number": number } });
        self.call("starknet_getBlockWithReceipts", params).await
    }

    /// An account's nonce in the latest block.
    ///
    /// # Errors
    /// If there is no such account.
    pub async fn nonce(&self, address: Felt) -> Result<u64> {
        let params = json!({ "block_id": "latest", "contract_address": hex(address) });
        let nonce = felt(&self.call("starknet_getNonce", params).await?)?;
        u64::try_from(nonce).map_err(|_| anyhow::anyhow!("nonce {nonce:#x}"))
    }

    /// A storage cell in the latest block.
    ///
    /// # Errors
    /// If there is no such contract.
    pub async fn storage(&self, contract: Felt, key: Felt) -> Result<Felt> {
        let params = json!({ "block_id": "latest", "contract_address": hex(contract), "key": hex(key) });
        felt(&self.call("starknet_getStorageAt", params).await?)
    }

    /// Calls a contract's view function on the latest block.
    ///
    /// # Errors
    /// If it fails.
    pub async fn view(&self, contract: Felt, function: &str, calldata: &[Felt]) -> Result<Vec<Felt>> {
        let selector = starknet_rust::core::utils::get_selector_from_name(function)?;
        let calldata: Vec<String> = calldata.iter().copied().map(hex).collect();
        let params = json!({
            "request": { "contract_address": hex(contract), "entry_point_selector": hex(selector), "calldata": calldata },
            "block_id": "latest",
        });
        let result = self.call("starknet_call", params).await?;
        result.as_array().context("not a list")?.iter().map(felt).collect()
    }

    /// The latest block's state root.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn state_root(&self) -> Result<Felt> {
        let block = self.call("starknet_getBlockWithTxHashes", json!({ "block_id": "latest" })).await?;
        felt(&block["new_root"])
    }

    /// Sends a signed INVOKE v3, as [`crate::wallet::wire`] makes it; its hash.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn send(&self, transaction: &Value) -> Result<Felt> {
        let params = json!({ "invoke_transaction": transaction });
        felt(&self.call("starknet_addInvokeTransaction", params).await?["transaction_hash"])
    }

    /// Waits until a transaction is in a sealed block.
    ///
    /// # Errors
    /// If it is rejected or takes too long.
    pub async fn wait(&self, hash: Felt) -> Result<Receipt> {
        Receipt::parse(self.receipt(hash, |receipt| receipt["finality_status"] != "PRE_CONFIRMED").await?)
    }

    /// Waits until the transaction has been executed, be it in a block that is still open.
    ///
    /// # Errors
    /// If it is rejected or takes too long.
    pub async fn wait_executed(&self, hash: Felt) -> Result<()> {
        self.receipt(hash, |_| true).await.map(drop)
    }

    /// The transaction's receipt, once there is one that will do.
    async fn receipt(&self, hash: Felt, will_do: impl Fn(&Value) -> bool) -> Result<Value> {
        let params = json!({ "transaction_hash": hex(hash) });
        let look = async || {
            match self.try_call("starknet_getTransactionReceipt", params.clone()).await? {
                Ok(receipt) => Ok(Some(receipt).filter(&will_do)),
                // An unknown one may be on its way, but not if there is a reason.
                Err(failure) if failure.code == 29 && !failure.data.is_null() => {
                    bail!("transaction {hash:#x} was rejected: {failure}")
                }
                Err(_) => Ok(None),
            }
        };
        until(&format!("transaction {hash:#x} is in a block"), look).await
    }

    /// Sends and waits.
    ///
    /// # Errors
    /// If it is refused or takes too long.
    pub async fn settle(&self, transaction: &Value) -> Result<Receipt> {
        let hash = self.send(transaction).await?;
        self.wait(hash).await
    }
}

//! What became of a transaction.

use anyhow::{Context, Result};
use serde_json::Value;
use starknet_types_core::felt::Felt;

use crate::felt;

/// A receipt's parts that scenarios look at.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The transaction.
    pub hash: Felt,
    /// Its block.
    pub block: u64,
    /// Why it reverted; `None` if it succeeded.
    pub revert_reason: Option<String>,
    /// What its sender paid, fri.
    pub fee: u128,
    /// The whole receipt.
    pub json: Value,
}

impl Receipt {
    /// Reads `starknet_getTransactionReceipt`'s answer.
    ///
    /// # Errors
    /// If a part is missing.
    pub fn parse(json: Value) -> Result<Self> {
        let reverted = match json["execution_status"].as_str() {
            Some("SUCCEEDED") => None,
            Some("REVERTED") => Some(json["revert_reason"].as_str().context("no revert reason")?.to_owned()),
            _ => anyhow::bail!("no execution status in {json}"),
        };
        let fee = felt(&json["actual_fee"]["amount"])?;
        Ok(Self {
            hash: felt(&json["transaction_hash"])?,
            block: json["block_number"].as_u64().context("no block")?,
            revert_reason: reverted,
            fee: u128::try_from(fee).map_err(|_| anyhow::anyhow!("fee {fee:#x}"))?,
            json,
        })
    }

    /// The reason of a transaction that must have reverted.
    ///
    /// # Panics
    /// If it succeeded.
    #[must_use]
    pub fn reverted(&self) -> &str {
        self.revert_reason.as_deref().unwrap_or_else(|| panic!("{:#x} succeeded", self.hash))
    }

    /// Requires success.
    ///
    /// # Panics
    /// If it reverted.
    pub fn succeeded(&self) {
        assert_eq!(self.revert_reason, None, "{:#x} reverted", self.hash);
    }

    /// Its events.
    #[must_use]
    pub fn events(&self) -> &[Value] {
        self.json["events"].as_array().map_or(&[], Vec::as_slice)
    }
}

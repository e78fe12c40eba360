//! Pinning a block of a network, at the first start.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use starknet_api::block::{BlockHash, BlockNumber, BlockTimestamp};
use starknet_api::core::ChainId;
use starknet_rust::core::utils::parse_cairo_short_string;
use starknet_types_core::felt::Felt;
use zkthreads_genesis::constants::STRK_ADDRESS;

use crate::client::OriginClient;
use crate::{ForkError, ForkRecord, client};

/// The versions of the specification that read a state the same way: the major one, and the minor ones.
const SPEC_VERSIONS: (u64, std::ops::RangeInclusive<u64>) = (0, 8..=10);

/// Codes of the specification.
const CONTRACT_NOT_FOUND: i32 = 20;
const BLOCK_NOT_FOUND: i32 = 24;

/// A pinned block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// The origin's chain.
    pub chain_id: ChainId,
    /// The block.
    pub record: ForkRecord,
}

#[derive(Deserialize)]
struct Block {
    block_number: u64,
    block_hash: Felt,
    timestamp: u64,
}

/// Pins block `number` of the node at `url`, or its latest.
///
/// # Errors
/// If there is no node, it speaks another language, has no such block, or does not tell that block's state.
pub async fn pin(url: &str, number: Option<u64>) -> Result<Pinned, ForkError> {
    let origin = client(url)?;
    let version: String = ask(&origin, "starknet_specVersion", json!([])).await?;
    if !is_supported(&version) {
        return Err(ForkError::SpecVersion { found: version });
    }
    let method = "starknet_chainId";
    let chain_id: Felt = ask(&origin, method, json!([])).await?;
    let chain_id = parse_cairo_short_string(&chain_id)
        .map_err(|error| ForkError::Nonsense { method, reason: error.to_string() })?;

    let block = block(&origin, number).await?;
    let record = ForkRecord {
        url: url.to_owned(),
        block_number: BlockNumber(block.block_number),
        block_hash: BlockHash(block.block_hash),
        timestamp: BlockTimestamp(block.timestamp),
    };
    check_state(&origin, &record).await?;
    Ok(Pinned { chain_id: ChainId::from(chain_id), record })
}

fn is_supported(version: &str) -> bool {
    let mut parts = version.split('.').map(str::parse::<u64>);
    let (major, minors) = SPEC_VERSIONS;
    matches!((parts.next(), parts.next()), (Some(Ok(found)), Some(Ok(minor))) if found == major && minors.contains(&minor))
}

async fn block(origin: &OriginClient, number: Option<u64>) -> Result<Block, ForkError> {
    let method = "starknet_getBlockWithTxHashes";
    let block_id = number.map_or_else(|| json!("latest"), |number| json!({ "block_number": number }));
    let block: Block = match origin.ask(method, json!({ "block_id": block_id })).await? {
        Ok(block) => parse(method, block.get())?,
        Err(error) => {
            return Err(match number {
                Some(number) if error.code() == BLOCK_NOT_FOUND => ForkError::NoSuchBlock { number },
                _ => ForkError::Refused { method, reason: error.to_string() },
            });
        }
    };
    match number {
        Some(number) if number != block.block_number => {
            Err(ForkError::Nonsense { method, reason: format!("it is block {}", block.block_number) })
        }
        _ => Ok(block),
    }
}

/// A node may have forgotten the state of a block that it still has.
async fn check_state(origin: &OriginClient, record: &ForkRecord) -> Result<(), ForkError> {
    let params =
        json!({ "block_id": { "block_hash": record.block_hash.0 }, "contract_address": STRK_ADDRESS });
    match origin.ask("starknet_getClassHashAt", params).await? {
        Err(error) if error.code() != CONTRACT_NOT_FOUND => {
            Err(ForkError::NoState { number: record.block_number, reason: error.to_string() })
        }
        _ => Ok(()),
    }
}

async fn ask<T: DeserializeOwned>(
    origin: &OriginClient,
    method: &'static str,
    params: Value,
) -> Result<T, ForkError> {
    match origin.ask(method, params).await? {
        Ok(answer) => parse(method, answer.get()),
        Err(error) => Err(ForkError::Refused { method, reason: error.to_string() }),
    }
}

fn parse<T: DeserializeOwned>(method: &'static str, answer: &str) -> Result<T, ForkError> {
    serde_json::from_str(answer).map_err(|error| ForkError::Nonsense { method, reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_from_0_8_to_0_10_are_understood() {
        for version in ["0.8.0", "0.8.1", "0.9.0", "0.10.0", "0.10.3", "0.10.1-rc.2"] {
            assert!(is_supported(version), "{version}");
        }
        for version in ["0.7.1", "0.11.0", "1.8.0", "", "0", "v0.8", "0.x.1"] {
            assert!(!is_supported(version), "{version}");
        }
    }
}

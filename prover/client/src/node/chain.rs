//! A node's chain: which block is the newest, and whole blocks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonrpsee::core::ClientError;
use jsonrpsee::core::client::ClientT;
use jsonrpsee::core::params::ObjectParams;
use serde::Deserialize;
use serde_json::{Value, json};
use starknet_api::block::{BlockHash, BlockNumber};
use starknet_rust::core::types::{BlockId, MaybePreConfirmedBlockWithTxHashes, StarknetError};
use starknet_rust::providers::{Provider, ProviderError};
use starknet_types_core::felt::Felt;
use zkthreads_storage::{FollowedBlock, MAX_BLOCK_BYTES};

use super::{Answer, NodeClient, NodeError};

/// Code of a block that is not found, in the specification.
const BLOCK_NOT_FOUND: i32 = 24;

/// What `zkthread_exportBlock` answers.
#[derive(Deserialize)]
struct Part {
    block_hash: Felt,
    parts: usize,
    data: String,
}

impl NodeClient {
    /// The newest block.
    ///
    /// # Errors
    /// If the node does not tell.
    pub fn latest(&self) -> Answer<'_, (BlockNumber, BlockHash)> {
        Box::pin(async move {
            let latest = self.starknet.block_hash_and_number().await?;
            Ok((BlockNumber(latest.block_number), BlockHash(latest.block_hash)))
        })
    }

    /// The hash of a block; `None` if the node has no such block.
    ///
    /// # Errors
    /// If the node does not tell.
    pub fn block_hash(&self, number: BlockNumber) -> Answer<'_, Option<BlockHash>> {
        Box::pin(async move {
            match self.starknet.get_block_with_tx_hashes(BlockId::Number(number.0)).await {
                Ok(MaybePreConfirmedBlockWithTxHashes::Block(block)) => Ok(Some(BlockHash(block.block_hash))),
                Ok(MaybePreConfirmedBlockWithTxHashes::PreConfirmedBlock(_)) => Err(NodeError::NotABlock),
                Err(ProviderError::StarknetError(StarknetError::BlockNotFound)) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
    }

    /// A block with all that belongs to it; `None` if the node itself has no such block (if it is a fork, it does not
    /// have those of its origin).
    ///
    /// # Errors
    /// If the node does not answer, or with something else.
    pub fn export_block(&self, number: BlockNumber) -> Answer<'_, Option<FollowedBlock>> {
        Box::pin(async move {
            let Some(first) = self.part(json!({ "block_number": number.0 }), 0).await? else {
                return Ok(None);
            };
            let mut bytes = decoded(&first.data)?;
            for part in 1..first.parts {
                // By its hash: by now another block may have the number.
                let Some(next) = self.part(json!({ "block_hash": first.block_hash }), part).await? else {
                    return Ok(None);
                };
                bytes.extend(decoded(&next.data)?);
                if bytes.len() > MAX_BLOCK_BYTES {
                    return Err(out_of_range("block's length", bytes.len()));
                }
            }
            let block = FollowedBlock::decode(&bytes)?;
            let found = block.header.block_header_without_hash.block_number;
            if found != number {
                return Err(out_of_range("block's number", found));
            }
            Ok(Some(block))
        })
    }

    async fn part(&self, block_id: Value, part: usize) -> Result<Option<Part>, NodeError> {
        let mut params = ObjectParams::new();
        params.insert("block_id", block_id).map_err(super::unsendable)?;
        params.insert("part", part).map_err(super::unsendable)?;
        match self.zkthread.request("zkthread_exportBlock", params).await {
            Ok(part) => Ok(Some(part)),
            Err(ClientError::Call(error)) if error.code() == BLOCK_NOT_FOUND => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn decoded(data: &str) -> Result<Vec<u8>, NodeError> {
    STANDARD.decode(data).map_err(|error| out_of_range("part of a block", error))
}

fn out_of_range(field: &'static str, value: impl ToString) -> NodeError {
    NodeError::OutOfRange { field, value: value.to_string() }
}

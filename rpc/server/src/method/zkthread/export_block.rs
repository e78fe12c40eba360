//! `zkthread_exportBlock`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use starknet_types_core::felt::Felt;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;

/// Longest part, bytes: in base64 a third of the largest response, so that three fit into a batch.
const PART_BYTES: usize = 16 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    block_id: BlockId,
    #[serde(default)]
    part: usize,
}

#[derive(Serialize)]
pub(super) struct ExportedPart {
    block_number: u64,
    block_hash: Felt,
    parent_hash: Felt,
    parts: usize,
    data: String,
}

/// A stored block with all that belongs to it (receipts, traces, packages, classes, state diff), as a node that follows this one
/// stores it. What does not fit into one answer comes in parts; ask for the later ones by the block's hash.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<ExportedPart, RpcError> {
    let number = context.resolve_stored(params.block_id)?;
    let (header, bytes) = context.storage.export_block_bytes(number)?.ok_or(RpcError::BlockNotFound)?;
    let mut parts = bytes.chunks(PART_BYTES);
    let count = parts.len();
    let part = parts.nth(params.part).ok_or_else(|| {
        RpcError::InvalidParams(format!("part: there is none {}, the block has {count}", params.part))
    })?;
    Ok(ExportedPart {
        block_number: number.0,
        block_hash: header.block_hash.0,
        parent_hash: header.block_header_without_hash.parent_hash.0,
        parts: count,
        data: STANDARD.encode(part),
    })
}

//! `starknet_getStateUpdate`.

use std::collections::HashSet;

use serde::Deserialize;
use starknet_api::block::BlockNumber;
use starknet_api::state::ThinStateDiff;
use starknet_rust_core::types::{MaybePreConfirmedStateUpdate, PreConfirmedStateUpdate, StateUpdate};
use starknet_types_core::felt::Felt;

use crate::context::RpcContext;
use crate::convert::state_diff::state_diff;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;
use crate::wire::number::AddressHex;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    block_id: BlockId,
    #[serde(default)]
    contract_addresses: Option<Vec<AddressHex>>,
}

/// What a block changed; of contracts only those asked for. The next block has changed nothing yet.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<MaybePreConfirmedStateUpdate, RpcError> {
    if params.block_id == BlockId::PreConfirmed {
        let latest = context.header(BlockId::Latest)?.block_header_without_hash;
        let state = context.state(BlockId::Latest)?;
        return Ok(MaybePreConfirmedStateUpdate::PreConfirmedUpdate(PreConfirmedStateUpdate {
            old_root: Some(latest.state_root.0),
            state_diff: state_diff(&ThinStateDiff::default(), &state)?,
        }));
    }
    let number = context.resolve(params.block_id)?;
    let header = context.header_at(number)?;
    let mut diff = context.storage.state_diff(number)?.ok_or(RpcError::BlockNotFound)?;
    if let Some(wanted) = params.contract_addresses {
        let wanted: HashSet<_> = wanted.into_iter().map(|address| address.0).collect();
        diff.deployed_contracts.retain(|address, _| wanted.contains(address));
        diff.storage_diffs.retain(|address, _| wanted.contains(address));
        diff.nonces.retain(|address, _| wanted.contains(address));
    }
    let (before, old_root) = match number.0.checked_sub(1).map(BlockNumber) {
        None => (context.storage.state_before_genesis(), Felt::ZERO),
        Some(parent) => {
            let root = context.header_at(parent)?.block_header_without_hash.state_root.0;
            (context.storage.state_at(parent), root)
        }
    };
    Ok(MaybePreConfirmedStateUpdate::Update(StateUpdate {
        block_hash: header.block_hash.0,
        old_root,
        new_root: header.block_header_without_hash.state_root.0,
        state_diff: state_diff(&diff, &before)?,
    }))
}

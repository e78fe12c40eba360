//! `starknet_getStateUpdate`.

use std::collections::HashSet;

use serde::Deserialize;
use starknet_api::block::BlockNumber;
use starknet_api::core::{ClassHash, ContractAddress};
use starknet_api::state::ThinStateDiff;
use starknet_rust_core::types::{MaybePreConfirmedStateUpdate, PreConfirmedStateUpdate, StateUpdate};
use starknet_types_core::felt::Felt;
use zkthreads_execution::{PreConfirmed, StateAt};
use zkthreads_rpc_api::number::AddressHex;

use crate::context::RpcContext;
use crate::convert::state_diff::state_diff;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    block_id: BlockId,
    #[serde(default)]
    contract_addresses: Option<Vec<AddressHex>>,
}

/// The contracts asked for; `None`: all.
type Wanted = Option<HashSet<ContractAddress>>;

/// What a block changed; of contracts only those asked for.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<MaybePreConfirmedStateUpdate, RpcError> {
    let wanted: Wanted =
        params.contract_addresses.map(|wanted| wanted.into_iter().map(|address| address.0).collect());
    match context.resolve(params.block_id)? {
        StateAt::Block(number) => stored(context, number, &wanted).map(MaybePreConfirmedStateUpdate::Update),
        StateAt::PreConfirmed(block) => {
            open(context, &block, &wanted).map(MaybePreConfirmedStateUpdate::PreConfirmedUpdate)
        }
    }
}

fn stored(context: &RpcContext, number: BlockNumber, wanted: &Wanted) -> Result<StateUpdate, RpcError> {
    let header = context.header_at(number)?;
    let diff = context.storage.state_diff(number)?.ok_or(RpcError::BlockNotFound)?;
    let parent = number.prev().map(|parent| context.storage.header(parent)).transpose()?.flatten();
    let before = context.state_before(number);
    Ok(StateUpdate {
        block_hash: header.block_hash.0,
        old_root: parent.map_or(Felt::ZERO, |parent| parent.block_header_without_hash.state_root.0),
        new_root: header.block_header_without_hash.state_root.0,
        state_diff: state_diff(&only(diff, wanted), |contract| {
            Ok(before.class_hash(contract)? != ClassHash::default())
        })?,
    })
}

fn open(
    context: &RpcContext,
    block: &PreConfirmed,
    wanted: &Wanted,
) -> Result<PreConfirmedStateUpdate, RpcError> {
    let before = block.state().stored();
    let latest = context.header_at(context.latest()?)?;
    let state_diff = state_diff(&only(block.state_diff()?, wanted), |contract| {
        Ok(before.class_hash(contract)? != ClassHash::default())
    })?;
    // The open block may have been stored in the meantime: then its parent is not the latest.
    let is_parent = latest.block_hash == block.parent_hash();
    let old_root = is_parent.then_some(latest.block_header_without_hash.state_root.0);
    Ok(PreConfirmedStateUpdate { old_root, state_diff })
}

fn only(mut diff: ThinStateDiff, wanted: &Wanted) -> ThinStateDiff {
    if let Some(wanted) = wanted {
        diff.deployed_contracts.retain(|address, _| wanted.contains(address));
        diff.storage_diffs.retain(|address, _| wanted.contains(address));
        diff.nonces.retain(|address, _| wanted.contains(address));
    }
    diff
}

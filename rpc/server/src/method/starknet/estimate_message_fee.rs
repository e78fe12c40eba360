//! `starknet_estimateMessageFee`.

use std::sync::Arc;

use serde::Deserialize;
use starknet_api::core::{EntryPointSelector, Nonce};
use starknet_api::transaction::L1HandlerTransaction;
use starknet_api::transaction::fields::{Calldata, Fee};
use starknet_rust_core::types::MessageFeeEstimate;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::L1Message;
use zkthreads_rpc_api::devnet::EthAddress;
use zkthreads_rpc_api::number::{AddressHex, FeltHex, felts};

use crate::context::RpcContext;
use crate::convert::fee::message_fee_estimate;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    message: Message,
    block_id: BlockId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    from_address: EthAddress,
    to_address: AddressHex,
    entry_point_selector: FeltHex,
    payload: Vec<FeltHex>,
}

/// What delivering a message from L1 would cost on L1.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<MessageFeeEstimate, RpcError> {
    let at = context.resolve_state(params.block_id)?;
    let Message { from_address, to_address, entry_point_selector, payload } = params.message;
    let calldata = std::iter::once(Felt::from(from_address)).chain(felts(payload));
    let message = L1Message {
        tx: L1HandlerTransaction {
            version: L1HandlerTransaction::VERSION,
            nonce: Nonce::default(),
            contract_address: to_address.0,
            entry_point_selector: EntryPointSelector(entry_point_selector.0),
            calldata: Calldata(Arc::new(calldata.collect())),
        },
        paid_fee: Fee(0),
        l1_transaction: None,
    };
    Ok(message_fee_estimate(&context.executor.estimate_message_fee(at, message)?))
}

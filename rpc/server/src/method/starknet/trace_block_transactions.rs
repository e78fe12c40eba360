//! `starknet_traceBlockTransactions`.

use serde::{Deserialize, Serialize};
use starknet_api::block::BlockNumber;
use starknet_rust_core::types::{InitialReads, TransactionTrace};
use starknet_types_core::felt::Felt;

use crate::context::RpcContext;
use crate::convert::initial_reads::initial_reads;
use crate::convert::trace::Traces;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;
use crate::wire::flags::{TraceFlag, has};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    block_id: BlockId,
    #[serde(default)]
    trace_flags: Option<Vec<TraceFlag>>,
}

#[derive(Serialize)]
pub(super) struct BlockTrace {
    transaction_hash: Felt,
    trace_root: TransactionTrace,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum BlockTraces {
    Plain(Vec<BlockTrace>),
    WithReads { traces: Vec<BlockTrace>, initial_reads: InitialReads },
}

/// What each transaction of a stored block did, and the state that they read if asked.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<BlockTraces, RpcError> {
    let number = context.resolve_stored(params.block_id)?;
    let traces = traces(context, number)?;
    if !has(&params.trace_flags, TraceFlag::ReturnInitialReads) {
        return Ok(BlockTraces::Plain(traces));
    }
    let reads = context.executor.initial_reads(number)?;
    let initial_reads = reads.map_or_else(unknown, |reads| initial_reads(&reads));
    Ok(BlockTraces::WithReads { traces, initial_reads })
}

/// Where execution anew does something else than the block did (a devnet writes to the state without a transaction),
/// the specification asks for an empty object.
fn unknown() -> InitialReads {
    InitialReads { storage: None, nonces: None, class_hashes: None, declared_contracts: None }
}

fn traces(context: &RpcContext, number: BlockNumber) -> Result<Vec<BlockTrace>, RpcError> {
    let transactions = context.transactions_at(number)?;
    let stored = context.storage.traces(number)?.ok_or(RpcError::BlockNotFound)?;
    let before = context.state_before(number);
    let mut traces = Traces::new(|contract| before.class_hash(contract));
    let convert = |(transaction, trace)| {
        let package = context.package_of_settled(transaction)?;
        let trace_root = traces.in_block(transaction, trace, package.as_ref())?;
        Ok(BlockTrace { transaction_hash: transaction.hash.0, trace_root })
    };
    transactions.iter().zip(&stored).map(convert).collect()
}

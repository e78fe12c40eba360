//! The `starknet` namespace, RPC 0.10.3.

mod add_declare_transaction;
mod add_deploy_account_transaction;
mod add_invoke_transaction;
mod block_hash_and_number;
mod block_number;
mod call;
mod chain_id;
mod estimate_fee;
mod estimate_message_fee;
mod get_block_transaction_count;
mod get_block_with_receipts;
mod get_block_with_tx_hashes;
mod get_block_with_txs;
mod get_class;
mod get_class_at;
mod get_class_hash_at;
mod get_compiled_casm;
mod get_events;
mod get_messages_status;
mod get_nonce;
mod get_state_update;
mod get_storage_at;
mod get_storage_proof;
mod get_transaction_by_block_id_and_index;
mod get_transaction_by_hash;
mod get_transaction_receipt;
pub(crate) mod get_transaction_status;
mod simulate_transactions;
mod spec_version;
mod syncing;
mod trace_block_transactions;
mod trace_transaction;

use jsonrpsee::server::RegisterMethodError;
use serde::Deserialize;
use starknet_rust_core::types::ExecutionResult;
use zkthreads_execution::StateAt;
use zkthreads_rpc_api::number::FeltHex;
use zkthreads_storage::{BlockTransaction, ExecutionStatus};

use super::registry::Registry;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::jobs::Lane;
use crate::wire::block::BlockOut;
use crate::wire::block_id::BlockId;
use crate::wire::place::Finality;

/// The version of the specification that this namespace follows.
pub(crate) const SPEC_VERSION: &str = "0.10.3";

/// Parameters of a method about a block.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockParams {
    block_id: BlockId,
}

/// Parameters of a method about a transaction.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TransactionParams {
    transaction_hash: FeltHex,
}

/// The block that `id` names, each of its transactions put into form by `form`.
fn block<T>(
    context: &RpcContext,
    id: BlockId,
    form: impl Fn(&BlockTransaction, Finality) -> T,
) -> Result<BlockOut<T>, RpcError> {
    match context.resolve(id)? {
        StateAt::Block(number) => {
            let (header, transactions) = (context.header_at(number)?, context.transactions_at(number)?);
            Ok(BlockOut::stored(&header, context.finality(number)?, &transactions, form))
        }
        StateAt::PreConfirmed(block) => Ok(BlockOut::open(&block, form)),
    }
}

/// Whether a transaction took effect.
pub(crate) fn execution_result(status: &ExecutionStatus) -> ExecutionResult {
    match status {
        ExecutionStatus::Succeeded => ExecutionResult::Succeeded,
        ExecutionStatus::Reverted { reason } => ExecutionResult::Reverted { reason: reason.clone() },
    }
}

pub(super) fn register(registry: &mut Registry) -> Result<(), RegisterMethodError> {
    registry
        .admission("starknet_addDeclareTransaction", Lane::Compilation, add_declare_transaction::answer)?
        .admission(
            "starknet_addDeployAccountTransaction",
            Lane::Admission,
            add_deploy_account_transaction::answer,
        )?
        .admission("starknet_addInvokeTransaction", Lane::Admission, add_invoke_transaction::answer)?
        .method("starknet_blockHashAndNumber", Lane::Reading, block_hash_and_number::answer)?
        .method("starknet_blockNumber", Lane::Reading, block_number::answer)?
        .method("starknet_call", Lane::Execution, call::answer)?
        .method("starknet_chainId", Lane::Reading, chain_id::answer)?
        .in_steps("starknet_estimateFee", Lane::Execution, estimate_fee::begin)?
        .method("starknet_estimateMessageFee", Lane::Execution, estimate_message_fee::answer)?
        .method("starknet_getBlockTransactionCount", Lane::Reading, get_block_transaction_count::answer)?
        .method("starknet_getBlockWithReceipts", Lane::Scanning, get_block_with_receipts::answer)?
        .method("starknet_getBlockWithTxHashes", Lane::Reading, get_block_with_tx_hashes::answer)?
        .method("starknet_getBlockWithTxs", Lane::Scanning, get_block_with_txs::answer)?
        .method("starknet_getClass", Lane::Scanning, get_class::answer)?
        .method("starknet_getClassAt", Lane::Scanning, get_class_at::answer)?
        .method("starknet_getClassHashAt", Lane::Reading, get_class_hash_at::answer)?
        .method("starknet_getCompiledCasm", Lane::Scanning, get_compiled_casm::answer)?
        .method("starknet_getEvents", Lane::Scanning, get_events::answer)?
        .method("starknet_getMessagesStatus", Lane::Reading, get_messages_status::answer)?
        .method("starknet_getNonce", Lane::Reading, get_nonce::answer)?
        .method("starknet_getStateUpdate", Lane::Scanning, get_state_update::answer)?
        .method("starknet_getStorageAt", Lane::Reading, get_storage_at::answer)?
        .method("starknet_getStorageProof", Lane::Scanning, get_storage_proof::answer)?
        .method(
            "starknet_getTransactionByBlockIdAndIndex",
            Lane::Reading,
            get_transaction_by_block_id_and_index::answer,
        )?
        .method("starknet_getTransactionByHash", Lane::Reading, get_transaction_by_hash::answer)?
        .method("starknet_getTransactionReceipt", Lane::Reading, get_transaction_receipt::answer)?
        .method("starknet_getTransactionStatus", Lane::Reading, get_transaction_status::answer)?
        .in_steps("starknet_simulateTransactions", Lane::Execution, simulate_transactions::begin)?
        .method("starknet_specVersion", Lane::Reading, spec_version::answer)?
        .method("starknet_syncing", Lane::Reading, syncing::answer)?
        .method("starknet_traceBlockTransactions", Lane::Scanning, trace_block_transactions::answer)?
        .method("starknet_traceTransaction", Lane::Scanning, trace_transaction::answer)?;
    Ok(())
}

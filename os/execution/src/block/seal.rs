//! Closing a block: roots, commitments, header, hash.

use std::sync::Arc;

use starknet_api::block::{BlockHash, BlockHeader, BlockHeaderWithoutHash, BlockInfo, FeeType};
use starknet_api::block_hash::block_hash_calculator::{
    BlockHeaderCommitments, PartialBlockHashComponents, TransactionHashingData, TransactionOutputForHash,
    calculate_block_commitments, calculate_block_hash,
};
use starknet_api::core::{ClassHash, GlobalRoot, SequencerContractAddress};
use starknet_api::data_availability::L1DataAvailabilityMode;
use starknet_api::execution_resources::GasAmount;
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::fields::TransactionSignature;
use starknet_api::transaction::{
    RevertedTransactionExecutionStatus, TransactionExecutionStatus, TransactionHash,
};
use zkthreads_protocol::{L1TransactionHash, Package, PackageDigest, Transaction};
use zkthreads_storage::{
    BlockCommit, BlockTransaction, ClassRecord, ExecutionStatus, SettledInner, Storage, ThreadTimes,
};

use super::SealedBlock;
use super::pre_confirmed::ExecutedInBlock;
use crate::error::ExecutionError;

/// How state diffs are published: as blobs.
const DA_MODE: L1DataAvailabilityMode = L1DataAvailabilityMode::Blob;

/// All that a block is made of, in order.
pub(super) struct Contents {
    pub(super) info: BlockInfo,
    pub(super) parent: BlockHash,
    pub(super) executed: Vec<ExecutedInBlock>,
    pub(super) classes: Vec<(ClassHash, ClassRecord)>,
    pub(super) state_diff: ThinStateDiff,
    pub(super) thread_times: ThreadTimes,
}

impl Contents {
    pub(super) fn seal(self, storage: &Storage) -> Result<SealedBlock, ExecutionError> {
        let state = storage.prepare_state(&self.state_diff)?;
        let commitments = self.commitments()?;
        let header = self.header(state.global_root(), commitments)?;
        let settled = self.settled();
        let l1_messages = self.l1_messages();
        let packages = self.packages();
        let Self { executed, classes, state_diff, thread_times, .. } = self;
        let (transactions, traces) =
            executed.into_iter().map(|executed| (executed.transaction, executed.trace)).unzip();
        let commit = BlockCommit {
            header,
            transactions,
            traces,
            packages,
            settled,
            l1_messages,
            state_diff,
            classes,
            thread_times,
            state,
        };
        Ok(SealedBlock { commit })
    }

    fn packages(&self) -> Vec<(PackageDigest, Arc<Package>)> {
        let threads = self.executed.iter().filter_map(|executed| executed.thread.as_ref());
        threads.map(|thread| (thread.facts().package_digest, Arc::clone(thread.package()))).collect()
    }

    fn settled(&self) -> Vec<(u32, SettledInner)> {
        let settled = (0..).zip(self.executed.iter().map(|executed| &executed.settled));
        settled
            .filter(|(_, settled)| !settled.is_empty())
            .map(|(at, settled)| (at, settled.clone()))
            .collect()
    }

    fn l1_messages(&self) -> Vec<(L1TransactionHash, TransactionHash)> {
        let sent = |executed: &ExecutedInBlock| match &executed.transaction.body {
            Transaction::L1Handler(message) => {
                message.l1_transaction.map(|sent| (sent, executed.transaction.hash))
            }
            _ => None,
        };
        self.executed.iter().filter_map(sent).collect()
    }

    fn header(
        &self,
        state_root: GlobalRoot,
        commitments: BlockHeaderCommitments,
    ) -> Result<BlockHeader, ExecutionError> {
        let info = &self.info;
        let components = PartialBlockHashComponents::new(info, commitments.clone());
        let block_hash = calculate_block_hash(&components, state_root, self.parent)?;
        let receipts = || self.executed.iter().map(|executed| &executed.transaction.receipt);
        let l2_gas = receipts().map(|receipt| receipt.gas.l2_gas.0).fold(0, u64::saturating_add);
        let events = receipts().map(|receipt| receipt.events.len());
        Ok(BlockHeader {
            block_hash,
            block_header_without_hash: BlockHeaderWithoutHash {
                parent_hash: self.parent,
                block_number: info.block_number,
                l1_gas_price: info.gas_prices.l1_gas_price_per_token(),
                l1_data_gas_price: info.gas_prices.l1_data_gas_price_per_token(),
                l2_gas_price: info.gas_prices.l2_gas_price_per_token(),
                l2_gas_consumed: GasAmount(l2_gas),
                next_l2_gas_price: info.gas_prices.l2_gas_price(&FeeType::Strk).get(),
                state_root,
                sequencer: SequencerContractAddress(info.sequencer_address),
                timestamp: info.block_timestamp,
                l1_da_mode: DA_MODE,
                starknet_version: info.starknet_version,
                fee_proposal_fri: None,
            },
            state_diff_commitment: Some(commitments.state_diff_commitment),
            state_diff_length: Some(self.state_diff.len()),
            transaction_commitment: Some(commitments.transaction_commitment),
            event_commitment: Some(commitments.event_commitment),
            n_transactions: self.executed.len(),
            n_events: events.fold(0, usize::saturating_add),
            receipt_commitment: Some(commitments.receipt_commitment),
        })
    }

    /// Starknet's calculator is asynchronous for its parallelism only; it gets a runtime and a thread of its own, so
    /// that blocks can be sealed from anywhere.
    fn commitments(&self) -> Result<BlockHeaderCommitments, ExecutionError> {
        let data: Vec<TransactionHashingData> =
            self.executed.iter().map(|it| hashing_data(&it.transaction)).collect();
        let failed = |reason: String| ExecutionError::Block(format!("commitments: {reason}"));
        std::thread::scope(|scope| {
            let calculator = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .map_err(|error| failed(error.to_string()))?;
                let version = &self.info.starknet_version;
                let commitments =
                    calculate_block_commitments(&data, self.state_diff.clone(), DA_MODE, version);
                Ok(runtime.block_on(commitments).0)
            });
            calculator.join().unwrap_or_else(|_| Err(failed("the calculator panicked".to_owned())))
        })
    }
}

fn hashing_data(transaction: &BlockTransaction) -> TransactionHashingData {
    let receipt = &transaction.receipt;
    let execution_status = match &receipt.status {
        ExecutionStatus::Succeeded => TransactionExecutionStatus::Succeeded,
        ExecutionStatus::Reverted { reason } => {
            let revert_reason = reason.clone();
            TransactionExecutionStatus::Reverted(RevertedTransactionExecutionStatus { revert_reason })
        }
    };
    TransactionHashingData {
        transaction_signature: signature(&transaction.body),
        transaction_output: TransactionOutputForHash {
            actual_fee: receipt.actual_fee,
            events: receipt.events.clone(),
            execution_status,
            gas_consumed: receipt.gas,
            messages_sent: receipt.messages.clone(),
        },
        transaction_hash: transaction.hash,
    }
}

fn signature(transaction: &Transaction) -> TransactionSignature {
    match transaction {
        Transaction::Invoke(tx) | Transaction::Thread { envelope: tx, .. } => tx.signature.clone(),
        Transaction::Declare(tx) => tx.signature.clone(),
        Transaction::DeployAccount(tx) => tx.signature.clone(),
        Transaction::L1Handler(_) => TransactionSignature::default(),
    }
}

//! A block that is still open, as others see it.

use std::sync::Arc;

use indexmap::IndexMap;
use rpds::VectorSync;
use starknet_api::block::{BlockHash, BlockHeader, BlockInfo, BlockNumber};
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{BaseBlock, ThreadTransaction};
use zkthreads_storage::{BlockTransaction, SettledInner, StorageError, TransactionTrace};

use super::order::sort;
use crate::context::{BlockEnv, STARKNET_VERSION};
use crate::error::ExecutionError;
use crate::state::ChainState;
use crate::thread::SettlingBlock;

/// A transaction that a block has executed.
#[derive(Debug, Clone)]
pub struct ExecutedInBlock {
    /// As the block will store it.
    pub transaction: BlockTransaction,
    /// What it did.
    pub trace: TransactionTrace,
    /// The inner transactions that it settled, if it is a thread.
    pub settled: SettledInner,
    /// Envelope and package, if it is a thread.
    pub thread: Option<Arc<ThreadTransaction>>,
}

/// An open block at one moment: what it holds so far, and the state after that. Cheap to clone; never changes.
#[derive(Clone)]
pub struct PreConfirmed(pub(super) Arc<Shown>);

/// What there is to see.
pub(super) struct Shown {
    pub(super) info: BlockInfo,
    pub(super) parent: BlockHash,
    pub(super) transactions: VectorSync<Arc<ExecutedInBlock>>,
    pub(super) state: ChainState,
    /// The block number that contracts are told.
    pub(super) told: BlockNumber,
    /// The block as it stands in time.
    pub(super) block: SettlingBlock,
}

impl std::fmt::Debug for PreConfirmed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PreConfirmed")
            .field("number", &self.number())
            .field("transactions", &self.len())
            .finish_non_exhaustive()
    }
}

impl PreConfirmed {
    /// What a thread shows on top of the latest block: its transactions that no block holds yet, and the state after
    /// them. Contracts that are called in it are told what they are told in the sub-block to come, which is executed at `base`.
    ///
    /// # Errors
    /// [`ExecutionError::BlockNumberOverflow`].
    pub fn of_thread(
        head: &BlockHeader,
        env: BlockEnv,
        base: BaseBlock,
        transactions: VectorSync<Arc<ExecutedInBlock>>,
        state: ChainState,
    ) -> Result<Self, ExecutionError> {
        let parent = &head.block_header_without_hash;
        let info = BlockInfo {
            block_number: parent.block_number.next().ok_or(ExecutionError::BlockNumberOverflow)?,
            block_timestamp: base.timestamp,
            starknet_version: STARKNET_VERSION,
            sequencer_address: base.sequencer,
            gas_prices: env.gas_prices,
            use_kzg_da: true,
        };
        let block = SettlingBlock::new(info.block_number, info.block_timestamp, parent.timestamp);
        let (parent, told) = (head.block_hash, base.number);
        Ok(Self(Arc::new(Shown { info, parent, transactions, state: state.apart(), told, block })))
    }

    /// The number it will have.
    #[must_use]
    pub fn number(&self) -> BlockNumber {
        self.0.info.block_number
    }

    /// The block number that contracts are told: its own, or that of a sub-block's base block.
    pub(crate) fn told_number(&self) -> BlockNumber {
        self.0.told
    }

    /// The block as it stands in time.
    pub(crate) fn settling(&self) -> SettlingBlock {
        self.0.block
    }

    /// Number, timestamp, prices, sequencer and version of the block.
    #[must_use]
    pub fn info(&self) -> &BlockInfo {
        &self.0.info
    }

    /// The latest block's hash.
    #[must_use]
    pub fn parent_hash(&self) -> BlockHash {
        self.0.parent
    }

    /// How many transactions it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.transactions.len()
    }

    /// Whether it holds no transaction.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.transactions.is_empty()
    }

    /// Its transactions in order.
    pub fn transactions(&self) -> impl Iterator<Item = &Arc<ExecutedInBlock>> {
        self.0.transactions.iter()
    }

    /// The transaction at an index.
    #[must_use]
    pub fn transaction(&self, index: usize) -> Option<&Arc<ExecutedInBlock>> {
        self.0.transactions.get(index)
    }

    /// The transaction of this hash, with its index.
    #[must_use]
    pub fn find(&self, hash: TransactionHash) -> Option<(usize, &Arc<ExecutedInBlock>)> {
        self.transactions().enumerate().find(|(_, executed)| executed.transaction.hash == hash)
    }

    /// The state after its transactions.
    #[must_use]
    pub fn state(&self) -> &ChainState {
        &self.0.state
    }

    /// What it has changed so far.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn state_diff(&self) -> Result<ThinStateDiff, StorageError> {
        let (overlay, stored) = (&self.0.state.overlay, self.0.state.stored());
        let mut diff = ThinStateDiff::default();
        for ((contract, key), value) in &overlay.storage {
            if stored.storage(*contract, *key)? != *value {
                let cells: &mut IndexMap<_, Felt> = diff.storage_diffs.entry(*contract).or_default();
                cells.insert(*key, *value);
            }
        }
        for (contract, nonce) in &overlay.nonces {
            if stored.nonce(*contract)? != *nonce {
                diff.nonces.insert(*contract, *nonce);
            }
        }
        for (contract, class_hash) in &overlay.class_hashes {
            if stored.class_hash(*contract)? != *class_hash {
                diff.deployed_contracts.insert(*contract, *class_hash);
            }
        }
        for (class_hash, declared) in &overlay.classes {
            diff.class_hash_to_compiled_class_hash.insert(*class_hash, declared.record.compiled_class_hash);
        }
        sort(&mut diff);
        Ok(diff)
    }
}

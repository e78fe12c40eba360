//! Going back to an open block as it was, for a devnet's snapshots.

use starknet_types_core::felt::Felt;
use zkthreads_storage::StorageError;

use super::OpenBlock;
use super::pre_confirmed::PreConfirmed;
use super::session::Session;
use crate::context::{BlockEnv, Capacity};
use crate::error::ExecutionError;
use crate::executor::Executor;

/// The contract whose storage holds block hashes: opening a block writes to it.
const BLOCK_HASHES: Felt = Felt::ONE;

impl Executor {
    /// Opens a block that holds what `shown` holds; nothing of it is executed again. How full the block is counts
    /// anew from there.
    ///
    /// # Errors
    /// If the latest block is not the one that `shown` builds on, or the database fails.
    pub fn reopen_block(&self, shown: &PreConfirmed) -> Result<OpenBlock, ExecutionError> {
        let parent = self.latest_header()?;
        if parent.block_hash != shown.0.parent {
            return Err(ExecutionError::Block("it builds on another block than the latest".to_owned()));
        }
        let env = BlockEnv::from(shown.info());
        let context = self.config().block_context(shown.number(), &env, Capacity::Block)?;
        let mut session = Session::open(self, parent.block_header_without_hash.block_number, context)?;
        session.adopt(&shown.0.state.overlay, shown.0.block)?;
        Ok(OpenBlock {
            session: session.for_sealing(),
            parent: shown.0.parent,
            transactions: shown.0.transactions.clone(),
            written: is_written(shown)?,
            executor: self.clone(),
        })
    }
}

/// Whether something besides its opening has changed the state.
fn is_written(block: &PreConfirmed) -> Result<bool, StorageError> {
    let diff = block.state_diff()?;
    Ok(diff.storage_diffs.keys().any(|contract| *contract.0.key() != BLOCK_HASHES))
}

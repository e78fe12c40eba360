//! How much a thread holds that is not finished, and whether it may take more.

use zkthreads_protocol::InnerTransaction;
use zkthreads_rpc_api::{InnerRefusal, ThreadLimit};

use super::config::ThreadConfig;
use super::work::{Fresh, Work};

impl Work {
    /// Whether there is room for one more transaction. Its own cells are known once it is executed: so the cells may be exceeded
    /// by those of one transaction.
    pub(super) fn has_room(&self, transaction: &InnerTransaction) -> Result<(), InnerRefusal> {
        let ThreadConfig { max_unsettled, max_unsettled_bytes, max_unsettled_cells, .. } = self.rules.config;
        let fresh = &self.turn.fresh;
        let fresh_bytes = fresh.iter().map(|Fresh { transaction, .. }| transaction.encoded_len());
        let bytes = self.ledger.bytes() + fresh_bytes.sum::<usize>() + transaction.encoded_len();
        let full = [
            (self.ledger.len() + fresh.len() >= max_unsettled, ThreadLimit::Unsettled, max_unsettled),
            (bytes > max_unsettled_bytes, ThreadLimit::UnsettledBytes, max_unsettled_bytes),
            (self.accesses() >= max_unsettled_cells, ThreadLimit::UnsettledCells, max_unsettled_cells),
        ];
        match full.into_iter().find(|(is_full, ..)| *is_full) {
            Some((_, limit, capacity)) => Err(InnerRefusal::Full { limit, capacity }),
            None => Ok(()),
        }
    }

    /// How many cells the transactions in sub-blocks read and write.
    fn accesses(&self) -> usize {
        let closed = self.unsettled.closed().map(|sub_block| sub_block.executed.accesses);
        closed.sum::<usize>() + self.unsettled.open.block.accesses()
    }
}

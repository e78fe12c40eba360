//! Where a subscription stands on the chain.

use starknet_api::block::{BlockHash, BlockHeader, BlockNumber};

use super::OriginBlock;
use crate::context::RpcContext;
use crate::error::RpcError;

/// The next block to tell of. Remembers the hash of the one before, and so notices when blocks were reverted and made
/// anew while it read: it then waits for the feed to say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    next: u64,
    /// Hash of the block before `next`, as it was when the cursor passed it.
    parent: Option<BlockHash>,
    /// The first block that does not exist yet, as far as the cursor was told.
    end: u64,
}

/// What reverted blocks mean to a cursor.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reverted {
    /// It had passed some of them, and has gone back.
    WentBack,
    /// It never came so far.
    Unmoved,
}

impl Cursor {
    /// Begins with block `first`, which is at most one after the latest.
    pub(super) fn new(context: &RpcContext, first: u64) -> Result<Self, RpcError> {
        let mut cursor = Self { next: first, parent: None, end: 0 };
        cursor.parent = cursor.hash_before(context)?;
        cursor.look(context)?;
        Ok(cursor)
    }

    /// Begins on the chain as it is now, which may have lost blocks since the cursor was made: nothing was told of those.
    pub(super) fn begin(&mut self, context: &RpcContext) -> Result<(), RpcError> {
        self.look(context)?;
        let parent_is_there = match self.parent {
            Some(parent) => context.storage.block_number(parent)?.is_some(),
            None => true,
        };
        if !parent_is_there || self.next > self.end {
            self.next = self.next.min(self.end);
            self.parent = self.hash_before(context)?;
        }
        Ok(())
    }

    /// The block to tell of next, if it exists.
    pub(super) fn pending(&self) -> Option<BlockNumber> {
        (self.next < self.end).then_some(BlockNumber(self.next))
    }

    /// The number of the next block, whether it exists or not.
    pub(super) fn next(&self) -> BlockNumber {
        BlockNumber(self.next)
    }

    /// Sees what the latest block is.
    pub(super) fn look(&mut self, context: &RpcContext) -> Result<(), RpcError> {
        self.end = context.storage.latest()?.map_or(0, |latest| latest.0.saturating_add(1));
        Ok(())
    }

    /// A block was made.
    pub(super) fn made(&mut self, number: BlockNumber) {
        self.end = self.end.max(number.0.saturating_add(1));
    }

    /// Whether `header` is the next block of the chain that the cursor has followed so far. If not, the cursor stands
    /// still until it hears what became of that chain.
    pub(super) fn follows(&mut self, header: Option<&BlockHeader>) -> bool {
        let follows = header.is_some_and(|header| {
            self.parent.is_none_or(|parent| parent == header.block_header_without_hash.parent_hash)
        });
        if !follows {
            self.end = self.next;
        }
        follows
    }

    /// The block was told.
    pub(super) fn pass(&mut self, header: &BlockHeader) {
        self.next = self.next.saturating_add(1);
        self.parent = Some(header.block_hash);
    }

    /// A block from before the fork was told.
    pub(super) fn pass_origins(&mut self, block: &OriginBlock) {
        self.next = self.next.saturating_add(1);
        self.parent = block.place.hash;
    }

    /// Blocks from `first` on were reverted.
    pub(super) fn revert(&mut self, context: &RpcContext, first: BlockNumber) -> Result<Reverted, RpcError> {
        let orphaned = match self.parent {
            // It may have come late and read nothing but what replaced them.
            Some(parent) if self.next > first.0 => context.storage.block_number(parent)?.is_none(),
            _ => false,
        };
        if orphaned {
            self.next = first.0;
            self.parent = self.hash_before(context)?;
        }
        self.look(context)?;
        Ok(if orphaned { Reverted::WentBack } else { Reverted::Unmoved })
    }

    fn hash_before(&self, context: &RpcContext) -> Result<Option<BlockHash>, RpcError> {
        let Some(before) = self.next.checked_sub(1) else { return Ok(None) };
        Ok(context.storage.header(BlockNumber(before))?.map(|header| header.block_hash))
    }
}

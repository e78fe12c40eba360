//! What a producer is doing at one moment, to be brought back later: a devnet's snapshots and dumps.

use std::io::Read;
use std::time::Instant;

use starknet_api::block::{BlockHash, BlockNumber, BlockTimestamp, GasPrices};
use zkthreads_execution::PreConfirmed;
use zkthreads_mempool::Contents;
use zkthreads_rpc_api::ChainEvent;
use zkthreads_storage::Storage;

use crate::Producer;
use crate::clock::ClockState;
use crate::handle::{CommandError, ProducerHandle};

/// A moment. Cheap to clone: it holds no copy of the database.
#[derive(Debug, Clone)]
pub struct ProducerSnapshot {
    latest: (BlockNumber, BlockHash),
    open: PreConfirmed,
    course: Course,
    pool: Contents,
}

/// What the database does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// The next block's timestamp, were it opened now.
    pub now: BlockTimestamp,
    /// How the clock was moved.
    pub clock: ClockState,
    /// Prices of the next block that is opened.
    pub gas_prices: GasPrices,
}

impl ProducerSnapshot {
    /// The latest block then.
    #[must_use]
    pub fn latest(&self) -> BlockNumber {
        self.latest.0
    }
}

impl ProducerHandle {
    /// The present.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub fn moment(&self) -> Result<ProducerSnapshot, CommandError> {
        self.ask(|producer| {
            let open = producer.block()?.pre_confirmed();
            let latest = BlockNumber(open.number().0.saturating_sub(1));
            Ok(ProducerSnapshot {
                latest: (latest, open.parent_hash()),
                open,
                course: producer.course(),
                pool: producer.mempool.contents(),
            })
        })
    }

    /// Goes back to a moment: later blocks are undone; the open block, the pool, clock and prices are as they were.
    ///
    /// # Errors
    /// If the latest block of then is gone.
    pub fn go_back(&self, moment: ProducerSnapshot) -> Result<(), CommandError> {
        self.ask(move |producer| producer.go_back(moment))
    }

    /// Does something with the database while no block is written to it, and with what it does not know.
    ///
    /// # Errors
    /// If the producer has ended.
    pub fn with_course<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Storage, Course) -> T + Send + 'static,
    ) -> Result<T, CommandError> {
        self.ask(move |producer| Ok(work(producer.executor.storage(), producer.course())))
    }

    /// Replaces the chain by an exported one, whose pending transactions are admitted after `prepare` has run.
    ///
    /// # Errors
    /// If the export is damaged or of another kind; nothing has changed then.
    pub fn load(
        &self,
        export: impl Read + Send + 'static,
        clock: ClockState,
        gas_prices: GasPrices,
        prepare: impl FnOnce() + Send + 'static,
    ) -> Result<(), CommandError> {
        self.ask(move |producer| producer.load(export, clock, gas_prices, prepare))
    }
}

impl Producer {
    fn course(&self) -> Course {
        let (now, clock) = (self.clock.next(), self.clock.state());
        Course { now, clock, gas_prices: self.gas_prices.clone() }
    }

    fn go_back(&mut self, moment: ProducerSnapshot) -> Result<(), CommandError> {
        let (number, hash) = moment.latest;
        let storage = self.executor.storage();
        if storage.header(number)?.is_none_or(|header| header.block_hash != hash) {
            return Err(CommandError::UnknownBlock(number));
        }
        let reverted = storage.revert_to(number)?;
        let block = self.executor.reopen_block(&moment.open)?;
        // What is in it does not tell where it came from.
        self.holds_others = !block.is_empty();
        self.filling_since = self.holds_others.then(Instant::now);
        self.show(&block);
        self.open = Some(block);
        self.clock.set_state(moment.course.clock);
        self.gas_prices = moment.course.gas_prices;
        self.mempool.bring_back(moment.pool, &format!("the chain was taken back to block {number}"))?;
        if let Some(reverted) = reverted {
            self.feed.publish(ChainEvent::Reorg { first: reverted.first, last: reverted.last });
        }
        Ok(())
    }

    fn load(
        &mut self,
        export: impl Read,
        clock: ClockState,
        gas_prices: GasPrices,
        prepare: impl FnOnce(),
    ) -> Result<(), CommandError> {
        let replaced = self.whole_chain()?;
        self.executor.storage().import(export)?;
        prepare();
        self.clock.set_state(clock);
        self.gas_prices = gas_prices;
        // The rows of the old chain's pool go with it, and with them one that both have.
        let journal = self.executor.storage().pool()?;
        self.begin_anew("the chain was replaced", Some(replaced))?;
        for row in &journal {
            self.executor.storage().pool_put(row)?;
        }
        self.mempool.restore()?;
        self.catch_up()?;
        Ok(())
    }
}

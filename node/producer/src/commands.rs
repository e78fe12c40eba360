//! The commands, and what the producer does for each.

use starknet_api::block::{BlockNumber, BlockTimestamp, GasPrices};
use starknet_api::core::ContractAddress;
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_execution::{BlockEnv, ExecutionError, PendingTransaction, Refusal};
use zkthreads_rpc_api::ChainEvent;
use zkthreads_storage::Reverted;

use crate::handle::{CommandError, MadeBlock, ProducerHandle};
use crate::{BlockMode, Producer, ProducerError};

impl ProducerHandle {
    /// Seals the open block, empty or not.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub fn create_block(&self) -> Result<MadeBlock, CommandError> {
        self.ask(Producer::make_block)
    }

    /// Undoes every block after `number`, gives up the open one, and drops what the mempool holds. What was undone;
    /// `None` if `number` is the latest block.
    ///
    /// # Errors
    /// If there is no such block, or its state is not kept any more.
    pub fn revert_to(&self, number: BlockNumber) -> Result<Option<Reverted>, CommandError> {
        self.ask(move |producer| producer.revert_to(number))
    }

    /// Sets a storage cell in the open block, which is sealed if blocks are made for every transaction.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub fn set_storage(
        &self,
        contract: ContractAddress,
        key: StorageKey,
        value: Felt,
    ) -> Result<(), CommandError> {
        self.ask(move |producer| producer.set_storage(contract, key, value))
    }

    /// Gives the next block exactly this timestamp, even one before its parent's, and lets time go on from there. If `seal` is set,
    /// that block is made now, of what the open one holds: its transactions are executed once more, in their order, at that time.
    /// (What came into it without the mempool cannot be, and what a snapshot brought back is not: such a block is sealed before.
    /// So is one for which threads were too early that are due now. Transactions that do not fit any more, and threads that are
    /// not due any more, are in a block after it.)
    ///
    /// # Errors
    /// See [`CommandError`].
    pub fn set_time(&self, time: BlockTimestamp, seal: bool) -> Result<Option<MadeBlock>, CommandError> {
        self.ask(move |producer| producer.set_time(time, seal))
    }

    /// Moves time forward and makes a block, as [`Self::set_time`] does.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub fn increase_time(&self, seconds: u64) -> Result<MadeBlock, CommandError> {
        self.ask(move |producer| {
            producer.clock.increase(seconds);
            producer.make_block_at_this_time()
        })
    }

    /// Sets the prices of the block after the open one, and of those after that; of an open one that is sealed empty by a command as
    /// well. If `seal` is set, a block with these prices is made now; one that holds something already is sealed before.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub fn set_gas_prices(&self, prices: GasPrices, seal: bool) -> Result<Option<MadeBlock>, CommandError> {
        self.ask(move |producer| {
            producer.gas_prices = prices;
            if !seal {
                return Ok(None);
            }
            if !producer.is_empty() {
                producer.seal()?;
            }
            producer.make_block().map(Some)
        })
    }

    /// The prices of the next block that is opened.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub fn gas_prices(&self) -> Result<GasPrices, CommandError> {
        self.ask(|producer| Ok(producer.gas_prices.clone()))
    }

    /// Executes a message from L1 in the open block, without the mempool.
    ///
    /// # Errors
    /// If no block can hold it.
    pub fn deliver(&self, message: PendingTransaction) -> Result<(), CommandError> {
        self.ask(move |producer| producer.deliver(message))
    }

    /// Marks the blocks up to this one as accepted on L1.
    ///
    /// # Errors
    /// If there is no such block.
    pub fn accept_on_l1(&self, number: BlockNumber) -> Result<(), CommandError> {
        self.ask(move |producer| {
            producer.executor.storage().accept_on_l1(number)?;
            producer.feed.publish(ChainEvent::L1Accepted(number));
            Ok(())
        })
    }

    /// Goes back to the first block, with nothing pending, the clock as it was started and the initial prices.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub fn restart(&self) -> Result<(), CommandError> {
        self.ask(|producer| {
            producer.clock.reset();
            producer.gas_prices = producer.executor.config().gas_prices.clone();
            let fork = producer.executor.storage().fork();
            let first = fork.map_or(BlockNumber::ZERO, |fork| fork.number.unchecked_next());
            producer.executor.storage().revert_to(first)?;
            // First of all, so that nobody is told of what is dropped.
            producer.feed.publish(ChainEvent::Restarted);
            Ok(producer.begin_anew("the chain was begun anew", None)?)
        })
    }
}

impl Producer {
    fn make_block(&mut self) -> Result<MadeBlock, CommandError> {
        if self.is_empty() {
            self.renew()?;
            // Threads may be due at this time that were not before.
            self.catch_up()?;
        }
        let (hash, number) = self.seal()?;
        Ok(MadeBlock { hash, number })
    }

    /// Makes a block with the clock's time, of the transactions in the open one. If threads are due at this time, the open one is
    /// sealed before, for they begin a block.
    fn make_block_at_this_time(&mut self) -> Result<MadeBlock, CommandError> {
        let are_due = self.mempool.next_due().is_some_and(|due| due <= self.clock.next());
        if self.holds_others || are_due && !self.is_empty() {
            self.seal()?;
        } else if let Some(block) = self.open.take_if(|block| !block.is_empty()) {
            let executed = block.pre_confirmed();
            // Who pays was told these prices.
            let env = BlockEnv { gas_prices: block.env().gas_prices, ..self.env() };
            match self.opened(env) {
                Ok(again) => self.open = Some(again),
                Err(error) => {
                    self.open = Some(block);
                    return Err(error.into());
                }
            }
            let transactions = executed.transactions();
            let again = transactions.filter_map(|executed| self.mempool.taken(executed.transaction.hash));
            self.take_in_again(again.collect())?;
        }
        self.make_block()
    }

    fn set_time(&mut self, asked: BlockTimestamp, seal: bool) -> Result<Option<MadeBlock>, CommandError> {
        self.clock.set(asked);
        if seal {
            return self.make_block_at_this_time().map(Some);
        }
        self.renew()?;
        Ok(None)
    }

    fn set_storage(
        &mut self,
        contract: ContractAddress,
        key: StorageKey,
        value: Felt,
    ) -> Result<(), CommandError> {
        self.refresh()?;
        let block = self.block()?;
        block.write_storage(contract, key, value)?;
        let shown = block.pre_confirmed();
        self.holds_others = true;
        self.feed.set_pre_confirmed(Some(shown));
        if self.config.mode == BlockMode::OnTransaction {
            self.seal()?;
        }
        Ok(())
    }

    fn deliver(&mut self, message: PendingTransaction) -> Result<(), CommandError> {
        let hash = message.hash;
        self.refresh()?;
        // What is due by now comes before a message that sees the block's time.
        self.catch_up()?;
        let is_open = self.block()?.pre_confirmed().find(hash).is_some();
        if is_open || self.executor.storage().transaction(hash)?.is_some() {
            return Err(CommandError::Known(hash));
        }
        let executed = match self.execute(message.clone()) {
            Err(Refusal::BlockFull) if !self.is_empty() => {
                self.seal()?;
                self.execute(message)
            }
            executed => executed,
        };
        match executed {
            Ok(_) => {
                self.holds_others = true;
                if self.config.mode == BlockMode::OnTransaction {
                    self.seal()?;
                }
                Ok(())
            }
            Err(Refusal::Rejected { reason }) => Err(CommandError::Refused(reason)),
            Err(Refusal::BlockFull) => Err(CommandError::TooLarge),
        }
    }

    fn revert_to(&mut self, number: BlockNumber) -> Result<Option<Reverted>, CommandError> {
        let reverted = self.executor.storage().revert_to(number)?;
        let event = reverted.map(|Reverted { first, last }| ChainEvent::Reorg { first, last });
        self.begin_anew(&format!("the chain was taken back to block {number}"), event)?;
        Ok(reverted)
    }

    /// That every block there is is gone.
    pub(crate) fn whole_chain(&self) -> Result<ChainEvent, ProducerError> {
        let storage = self.executor.storage();
        let last = self.executor.latest_header()?;
        let number = storage.fork().map_or(BlockNumber::ZERO, |fork| fork.number.unchecked_next());
        let first = storage.header(number)?.ok_or(ExecutionError::MissingBlock(number))?;
        Ok(ChainEvent::Reorg {
            first: (first.block_hash, number),
            last: (last.block_hash, last.block_header_without_hash.block_number),
        })
    }

    /// Goes on from the chain as it is now, with nothing pending, and tells what happened to it.
    pub(crate) fn begin_anew(&mut self, why: &str, event: Option<ChainEvent>) -> Result<(), ProducerError> {
        self.open = None;
        self.mempool.clear(why);
        self.block()?;
        if let Some(event) = event {
            self.feed.publish(event);
        }
        Ok(())
    }
}

//! The commands, and what the producer does for each.

use starknet_api::block::{BlockNumber, BlockTimestamp, GasPrices};
use starknet_api::core::ContractAddress;
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_execution::{ExecutionError, PendingTransaction, Refusal};
use zkthreads_rpc::ChainEvent;
use zkthreads_storage::Reverted;

use super::handle::{CommandError, MadeBlock, ProducerHandle};
use super::{BlockMode, Producer, ProducerError};

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

    /// Gives the next block exactly this timestamp, and lets time go on from there. If `seal` is set, that block is
    /// made now.
    ///
    /// # Errors
    /// If the latest block is younger.
    pub fn set_time(&self, time: BlockTimestamp, seal: bool) -> Result<Option<MadeBlock>, CommandError> {
        self.ask(move |producer| producer.set_time(time, seal))
    }

    /// Moves time forward and makes a block.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub fn increase_time(&self, seconds: u64) -> Result<MadeBlock, CommandError> {
        self.ask(move |producer| {
            producer.clock.increase(seconds);
            producer.next_block_now()
        })
    }

    /// Sets the prices of the next block and of those after it. If `seal` is set, that block is made now.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub fn set_gas_prices(&self, prices: GasPrices, seal: bool) -> Result<Option<MadeBlock>, CommandError> {
        self.ask(move |producer| {
            producer.gas_prices = prices;
            producer.changed(seal)
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

    /// Goes back to the first block, with nothing pending, the system's time and the initial prices.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub fn restart(&self) -> Result<(), CommandError> {
        self.ask(|producer| {
            producer.clock.reset();
            producer.gas_prices = producer.executor.config().gas_prices.clone();
            let fork = producer.executor.storage().fork();
            let first = fork.map_or(BlockNumber::ZERO, |fork| fork.number.unchecked_next());
            producer.revert_to(first).map(drop)
        })
    }
}

impl Producer {
    fn make_block(&mut self) -> Result<MadeBlock, CommandError> {
        self.refresh()?;
        let (hash, number) = self.seal()?;
        Ok(MadeBlock { hash, number })
    }

    /// Makes a block that is opened now. One that holds something already is sealed before.
    fn next_block_now(&mut self) -> Result<MadeBlock, CommandError> {
        if !self.is_empty() {
            self.seal()?;
        }
        self.open = None;
        self.make_block()
    }

    /// What the next block is opened with has changed.
    fn changed(&mut self, seal: bool) -> Result<Option<MadeBlock>, CommandError> {
        if seal {
            return self.next_block_now().map(Some);
        }
        self.open.take_if(|block| block.is_empty());
        self.block()?;
        Ok(None)
    }

    fn set_time(&mut self, asked: BlockTimestamp, seal: bool) -> Result<Option<MadeBlock>, CommandError> {
        let latest = match &self.open {
            Some(block) if !block.is_empty() => block.env().timestamp,
            _ => self.executor.latest_header()?.block_header_without_hash.timestamp,
        };
        if asked < latest {
            return Err(CommandError::TimeGoesBack { latest, asked });
        }
        if !self.is_empty() && seal {
            self.seal()?;
        }
        self.clock.set(asked);
        self.changed(seal)
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
        self.feed.set_pre_confirmed(Some(shown));
        if self.config.mode == BlockMode::OnTransaction {
            self.seal()?;
        }
        Ok(())
    }

    fn deliver(&mut self, message: PendingTransaction) -> Result<(), CommandError> {
        let hash = message.hash;
        self.refresh()?;
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
        self.begin_anew(&format!("the chain was taken back to block {number}"), reverted)?;
        Ok(reverted)
    }

    /// Every block there is.
    pub(super) fn whole_chain(&self) -> Result<Reverted, ProducerError> {
        let storage = self.executor.storage();
        let last = self.executor.latest_header()?;
        let number = storage.fork().map_or(BlockNumber::ZERO, |fork| fork.number.unchecked_next());
        let first = storage.header(number)?.ok_or(ExecutionError::MissingBlock(number))?;
        Ok(Reverted {
            first: (first.block_hash, number),
            last: (last.block_hash, last.block_header_without_hash.block_number),
        })
    }

    /// Goes on from the chain as it is now, with nothing pending.
    pub(super) fn begin_anew(&mut self, why: &str, gone: Option<Reverted>) -> Result<(), ProducerError> {
        self.open = None;
        self.mempool.clear(why);
        self.block()?;
        if let Some(Reverted { first, last }) = gone {
            self.feed.publish(ChainEvent::Reorg { first, last });
        }
        Ok(())
    }
}

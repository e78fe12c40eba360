//! The controls of a running devnet, over its block producer.

use std::net::SocketAddr;
use std::path::PathBuf;

use num_bigint::BigUint;
use parking_lot::Mutex;
use starknet_api::StarknetApiError;
use starknet_api::block::{BlockHash, BlockNumber, BlockTimestamp};
use starknet_api::core::{ClassHash, ContractAddress};
use starknet_api::state::StorageKey;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_execution::{ChainState, ExecutionError, Executor};
use zkthreads_producer::{BlockMode, CommandError, ProducerError, ProducerHandle};
use zkthreads_rpc_api::Outcomes;
use zkthreads_rpc_api::devnet::{
    DevnetAccount, DevnetConfig, DevnetControl, DevnetError, DumpPlace, EthAddress, FlushedMessages,
    GasPriceChange, Impersonated, L1Hash, LoadSource, MessageToL2, SentMessage, Unit,
};
use zkthreads_storage::StorageError;

use crate::Devnet;
use crate::delivery::Delivery;
use crate::mailbox::Mailbox;
use crate::mint::Mint;
use crate::options::{DevnetOptions, HIGHEST_GAS_PRICE, LATEST_TIME};
use crate::prices::{change_prices, show_prices};
use crate::set_up::config;
use crate::snapshots::{Snapshot, Snapshots};

/// Contracts without a class: they hold block hashes and aliases of keys.
const SYSTEM_CONTRACTS: [Felt; 2] = [Felt::ONE, Felt::TWO];

/// The controls.
pub struct Control {
    pub(super) producer: ProducerHandle,
    pub(super) delivery: Delivery,
    pub(super) options: DevnetOptions,
    mode: BlockMode,
    mint: Mint,
    /// Locked while something is done that must come before or after everything else of its kind.
    pub(super) state: Mutex<ControlState>,
}

/// What a devnet remembers besides its chain.
pub(super) struct ControlState {
    /// Where the chain's manifest is.
    pub(super) directory: PathBuf,
    pub(super) devnet: Devnet,
    pub(super) mailbox: Mailbox,
    pub(super) snapshots: Snapshots,
    address: SocketAddr,
}

/// The parts of a node that the controls reach for.
pub struct Parts {
    /// The block producer.
    pub producer: ProducerHandle,
    /// The chain.
    pub executor: Executor,
    /// What becomes of transactions.
    pub outcomes: Outcomes,
    /// When blocks are made.
    pub mode: BlockMode,
    /// Where the node will listen.
    pub address: SocketAddr,
    /// Where the chain lives.
    pub directory: PathBuf,
}

impl Control {
    /// The controls of a devnet.
    ///
    /// # Errors
    /// Never: the minting account's address is in range.
    pub fn new(devnet: Devnet, parts: Parts) -> Result<Self, StarknetApiError> {
        let Parts { producer, executor, outcomes, mode, address, directory } = parts;
        let options = devnet.options.clone();
        let (mailbox, snapshots) = (Mailbox::default(), Snapshots::default());
        Ok(Self {
            producer,
            delivery: Delivery { executor, outcomes },
            options,
            mode,
            mint: Mint::new()?,
            state: Mutex::new(ControlState { directory, devnet, mailbox, snapshots, address }),
        })
    }

    /// What the chain was made with.
    #[must_use]
    pub fn devnet(&self) -> Devnet {
        self.state.lock().devnet.clone()
    }

    /// Tells at which address the server listens after all.
    pub fn listens_at(&self, address: SocketAddr) {
        self.state.lock().address = address;
    }

    /// The first block, which cannot be undone.
    fn first_block(&self) -> BlockNumber {
        let fork = self.delivery.executor.storage().fork();
        fork.and_then(|fork| fork.number.next()).unwrap_or_default()
    }

    /// The state in the open block.
    pub(super) fn open_state(&self) -> Result<ChainState, ExecutionError> {
        Ok(self.delivery.executor.state(&self.delivery.open()?))
    }

    /// The class of a contract that must be there in the open block.
    pub(super) fn class_of(
        &self,
        state: &ChainState,
        contract: ContractAddress,
    ) -> Result<ClassHash, DevnetError> {
        let class_hash = state.class_hash(contract).map_err(storage_error)?;
        if class_hash == ClassHash::default() {
            return Err(DevnetError::ContractNotFound(contract));
        }
        Ok(class_hash)
    }

    /// The hashes of blocks that exist, the newest first.
    fn hashes(&self, first: BlockNumber, last: BlockNumber) -> Result<Vec<BlockHash>, StorageError> {
        let storage = self.delivery.executor.storage();
        let headers = (first.0..=last.0).rev().map(|number| storage.header(BlockNumber(number)));
        headers.filter_map(|header| header.map(|header| Some(header?.block_hash)).transpose()).collect()
    }
}

impl DevnetControl for Control {
    fn config(&self) -> DevnetConfig {
        let prices = self.producer.gas_prices();
        let prices = prices.unwrap_or_else(|_| self.delivery.executor.config().gas_prices.clone());
        let state = self.state.lock();
        config(&state.devnet, self.mode, state.address, show_prices(&prices))
    }

    fn accounts(&self) -> Vec<DevnetAccount> {
        let state = self.state.lock();
        let initial_balance = state.devnet.manifest.initial_balance.amount();
        let accounts = state.devnet.accounts.iter();
        accounts
            .map(|account| DevnetAccount {
                address: account.address,
                public_key: account.public_key,
                private_key: account.private_key,
                initial_balance: initial_balance.clone(),
            })
            .collect()
    }

    fn mint(
        &self,
        receiver: ContractAddress,
        amount: &BigUint,
        unit: Unit,
    ) -> Result<TransactionHash, DevnetError> {
        self.mint.mint(&self.delivery, receiver, amount, unit)
    }

    fn create_block(&self) -> Result<BlockHash, DevnetError> {
        Ok(self.producer.create_block().map_err(command_error)?.hash)
    }

    fn abort_blocks(&self, first: BlockNumber) -> Result<Vec<BlockHash>, DevnetError> {
        let mut state = self.state.lock();
        if first <= self.first_block() {
            return Err(DevnetError::GenesisAbort);
        }
        let latest = self.delivery.executor.storage().latest().map_err(storage_error)?;
        let aborted = self.hashes(first, latest.unwrap_or_default()).map_err(storage_error)?;
        let kept = BlockNumber(first.0 - 1);
        self.producer.revert_to(kept).map_err(command_error)?;
        state.snapshots.forget_after(kept);
        state.mailbox.undo(first);
        Ok(aborted)
    }

    fn accept_on_l1(&self, last: BlockNumber) -> Result<Vec<BlockHash>, DevnetError> {
        let _one_at_a_time = self.state.lock();
        let accepted = self.delivery.executor.storage().l1_accepted().map_err(storage_error)?;
        let first = match accepted {
            Some(accepted) if last <= accepted => return Err(DevnetError::AlreadyOnL1),
            Some(accepted) => BlockNumber(accepted.0 + 1),
            None => self.first_block(),
        };
        let newly = self.hashes(first, last).map_err(storage_error)?;
        self.producer.accept_on_l1(last).map_err(command_error)?;
        Ok(newly)
    }

    fn set_time(&self, time: BlockTimestamp, seal: bool) -> Result<Option<BlockHash>, DevnetError> {
        if time.0 > LATEST_TIME {
            return Err(DevnetError::TimeOutOfRange);
        }
        let made = self.producer.set_time(time, seal).map_err(command_error)?;
        Ok(made.map(|block| block.hash))
    }

    fn increase_time(&self, seconds: u64) -> Result<BlockHash, DevnetError> {
        let _one_at_a_time = self.state.lock();
        let now = self.producer.with_course(|_, course| course.now).map_err(command_error)?;
        if now.0.checked_add(seconds).is_none_or(|then| then > LATEST_TIME) {
            return Err(DevnetError::TimeOutOfRange);
        }
        Ok(self.producer.increase_time(seconds).map_err(command_error)?.hash)
    }

    fn set_gas_prices(&self, change: GasPriceChange, seal: bool) -> Result<GasPriceChange, DevnetError> {
        let _one_at_a_time = self.state.lock();
        let highest = HIGHEST_GAS_PRICE;
        if change.each().into_iter().flatten().any(|price| price.get() > highest) {
            return Err(DevnetError::GasPriceOutOfRange { highest });
        }
        let mut prices = self.producer.gas_prices().map_err(command_error)?;
        change_prices(&mut prices, change).map_err(internal)?;
        let all = show_prices(&prices);
        self.producer.set_gas_prices(prices, seal).map_err(command_error)?;
        Ok(all)
    }

    fn set_storage(
        &self,
        contract: ContractAddress,
        key: StorageKey,
        value: Felt,
    ) -> Result<(), DevnetError> {
        if !SYSTEM_CONTRACTS.contains(contract.0.key()) {
            self.class_of(&self.open_state().map_err(internal)?, contract)?;
        }
        self.producer.set_storage(contract, key, value).map_err(command_error)
    }

    fn restart(&self, replay_l1_messages: bool) -> Result<(), DevnetError> {
        let mut state = self.state.lock();
        self.producer.restart().map_err(command_error)?;
        self.set_impersonation(Impersonated::default());
        state.mailbox.restart(replay_l1_messages);
        state.snapshots.clear();
        Ok(())
    }

    fn dump(&self, place: DumpPlace) -> Result<Option<Vec<u8>>, DevnetError> {
        self.write_dump(place)
    }

    fn load(&self, source: LoadSource) -> Result<(), DevnetError> {
        self.read_dump(source)
    }

    fn snapshot(&self) -> Result<u64, DevnetError> {
        let mut state = self.state.lock();
        let moment = self.producer.moment().map_err(command_error)?;
        let (impersonation, mailbox) = (self.impersonation(), state.mailbox.clone());
        Ok(state.snapshots.keep(Snapshot { moment, impersonation, mailbox }))
    }

    fn revert(&self, snapshot: u64) -> Result<bool, DevnetError> {
        let mut state = self.state.lock();
        let Some(Snapshot { moment, impersonation, mailbox }) = state.snapshots.get(snapshot) else {
            return Ok(false);
        };
        self.producer.go_back(moment).map_err(command_error)?;
        self.set_impersonation(impersonation);
        state.mailbox = mailbox;
        state.snapshots.forget_from(snapshot);
        Ok(true)
    }

    fn impersonate(&self, account: ContractAddress, on: bool) {
        let impersonation = self.delivery.executor.impersonation();
        if on { impersonation.start(account) } else { impersonation.stop(account) }
    }

    fn impersonate_everyone(&self, on: bool) {
        self.delivery.executor.impersonation().set_all(on);
    }

    fn impersonation(&self) -> Impersonated {
        let impersonation = self.delivery.executor.impersonation();
        Impersonated { everyone: impersonation.covers_all(), accounts: impersonation.accounts() }
    }

    fn load_l1(&self, url: &str, contract: Option<EthAddress>) -> Result<EthAddress, DevnetError> {
        self.state.lock().mailbox.connect(url, contract)
    }

    fn flush_l1(&self, dry_run: bool) -> Result<FlushedMessages, DevnetError> {
        self.flush(dry_run)
    }

    fn send_to_l2(&self, message: MessageToL2) -> Result<TransactionHash, DevnetError> {
        self.send(message)
    }

    fn consume_from_l2(&self, message: &SentMessage) -> Result<L1Hash, DevnetError> {
        let mut state = self.state.lock();
        state.mailbox.collect(self.delivery.executor.storage()).map_err(storage_error)?;
        state.mailbox.consume(message)
    }
}

impl Control {
    fn set_impersonation(&self, Impersonated { everyone, accounts }: Impersonated) {
        self.delivery.executor.impersonation().replace(everyone, accounts);
    }
}

/// What a failed command says to who asked for it.
pub(super) fn command_error(error: CommandError) -> DevnetError {
    match error {
        CommandError::Stopped => DevnetError::Stopping,
        CommandError::UnknownBlock(_) => DevnetError::NoBlock,
        CommandError::Known(_) => DevnetError::Duplicate,
        CommandError::Production(ProducerError::Storage(error)) => storage_error(error),
        CommandError::Production(error) => internal(error),
        error => DevnetError::MessageRefused { reason: error.to_string() },
    }
}

/// What a failed database says.
pub(super) fn storage_error(error: StorageError) -> DevnetError {
    match error {
        StorageError::Pruned { oldest } => DevnetError::Pruned { oldest: oldest.0 },
        error => internal(error),
    }
}

/// What should not happen.
pub(super) fn internal(error: impl std::fmt::Display) -> DevnetError {
    DevnetError::Internal { reason: error.to_string() }
}

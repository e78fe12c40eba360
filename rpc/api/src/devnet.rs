//! What the `devnet` namespace asks of the node. Only a devnet has it; the node implements [`DevnetControl`].

mod config;
mod error;
mod messages;

use num_bigint::BigUint;
use starknet_api::block::{BlockHash, BlockNumber, BlockTimestamp};
use starknet_api::core::ContractAddress;
use starknet_api::state::StorageKey;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;

pub use config::{
    BlockGeneration, DevnetConfig, DumpOn, ForkConfig, GasPriceChange, ServerConfig, StateArchive,
};
pub use error::DevnetError;
pub use messages::{EthAddress, FlushedMessages, L1Hash, MessageToL2, SentMessage};

/// A token, by the name of its smallest part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Unit {
    /// Ether.
    Wei,
    /// STRK, which fees are paid in.
    #[default]
    Fri,
}

/// An account that exists from the beginning, with its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevnetAccount {
    /// Where it is.
    pub address: ContractAddress,
    /// What it checks signatures against.
    pub public_key: Felt,
    /// Signs for it.
    pub private_key: Felt,
    /// What it held of each token in the beginning.
    pub initial_balance: BigUint,
}

/// Who may send transactions without a valid signature.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Impersonated {
    /// Everyone.
    pub everyone: bool,
    /// These accounts.
    pub accounts: Vec<ContractAddress>,
}

/// Where a dump goes, or comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DumpPlace {
    /// The path that the node was started with; into the answer, if it was started with none.
    Default,
    /// A file on the node's machine.
    File(std::path::PathBuf),
    /// The request or the answer itself.
    Inline,
}

/// The controls of a devnet. Every method waits until it is done; they run on threads for blocking work.
///
/// Blocks are named by number here: whoever calls has looked up what a request named.
pub trait DevnetControl: Send + Sync + 'static {
    /// How the devnet is set up.
    fn config(&self) -> DevnetConfig;

    /// The predeployed accounts.
    fn accounts(&self) -> Vec<DevnetAccount>;

    /// Gives `receiver` `amount` more of a token, by a transaction of an account that may mint. Returns once the
    /// transaction has been executed; it is in a block, or in the pre-confirmed one.
    ///
    /// # Errors
    /// If the transaction reverted or was refused.
    fn mint(
        &self,
        receiver: ContractAddress,
        amount: &BigUint,
        unit: Unit,
    ) -> Result<TransactionHash, DevnetError>;

    /// Seals the pre-confirmed block, empty or not, and opens the next one.
    ///
    /// # Errors
    /// If the node is stopping.
    fn create_block(&self) -> Result<BlockHash, DevnetError>;

    /// Undoes block `first` and all after it; their hashes, the newest first.
    ///
    /// # Errors
    /// If there is no such block, or nothing would be left.
    fn abort_blocks(&self, first: BlockNumber) -> Result<Vec<BlockHash>, DevnetError>;

    /// Marks block `last` and all before it as accepted on L1; the hashes of those that were not so before, the
    /// newest first.
    ///
    /// # Errors
    /// If there is no such block, or it is accepted already.
    fn accept_on_l1(&self, last: BlockNumber) -> Result<Vec<BlockHash>, DevnetError>;

    /// Sets the clock. The next block has exactly this timestamp; it is made at once if `seal` is set.
    ///
    /// # Errors
    /// If the time is too far off.
    fn set_time(&self, time: BlockTimestamp, seal: bool) -> Result<Option<BlockHash>, DevnetError>;

    /// Sets the clock forward and makes a block.
    ///
    /// # Errors
    /// If the time is too far off.
    fn increase_time(&self, seconds: u64) -> Result<BlockHash, DevnetError>;

    /// Changes gas prices from the next block on, which is made at once if `seal` is set; all prices after that.
    ///
    /// # Errors
    /// If the node is stopping.
    fn set_gas_prices(&self, change: GasPriceChange, seal: bool) -> Result<GasPriceChange, DevnetError>;

    /// Writes a storage cell, in the pre-confirmed block.
    ///
    /// # Errors
    /// If there is no such contract.
    fn set_storage(&self, contract: ContractAddress, key: StorageKey, value: Felt)
    -> Result<(), DevnetError>;

    /// Goes back to the first block, with nothing pending and all settings as in the beginning. Messages from L1 may
    /// be delivered anew if `replay_l1_messages` is set.
    ///
    /// # Errors
    /// If the node is stopping.
    fn restart(&self, replay_l1_messages: bool) -> Result<(), DevnetError>;

    /// Writes the whole chain, what is pending and the settings into one file; the file's bytes if they are to be in
    /// the answer.
    ///
    /// # Errors
    /// If the file cannot be written.
    fn dump(&self, place: DumpPlace) -> Result<Option<Vec<u8>>, DevnetError>;

    /// Replaces everything by what a dump holds; nothing is executed again.
    ///
    /// # Errors
    /// If the dump cannot be read or is of another chain.
    fn load(&self, source: LoadSource) -> Result<(), DevnetError>;

    /// Remembers the present. The number names it in [`DevnetControl::revert`].
    ///
    /// # Errors
    /// If the node is stopping.
    fn snapshot(&self) -> Result<u64, DevnetError>;

    /// Returns to a snapshot and forgets it and those after it; false if there is no such snapshot (any more).
    ///
    /// # Errors
    /// If the node is stopping.
    fn revert(&self, snapshot: u64) -> Result<bool, DevnetError>;

    /// Lets an account send transactions without a valid signature, or no more.
    fn impersonate(&self, account: ContractAddress, on: bool);

    /// Lets all accounts, or no more all.
    fn impersonate_everyone(&self, on: bool);

    /// Who is impersonated.
    fn impersonation(&self) -> Impersonated;

    /// Connects to the L1 at `url`; the address of its messaging contract.
    ///
    /// # Errors
    /// If it is another L1 than the devnet's own.
    fn load_l1(&self, url: &str, contract: Option<EthAddress>) -> Result<EthAddress, DevnetError>;

    /// Delivers the messages that wait on either side. A dry run only tells those for L1.
    ///
    /// # Errors
    /// If no L1 is connected.
    fn flush_l1(&self, dry_run: bool) -> Result<FlushedMessages, DevnetError>;

    /// Sends a message from L1: puts an L1 handler transaction into the pool.
    ///
    /// # Errors
    /// If the transaction is refused.
    fn send_to_l2(&self, message: MessageToL2) -> Result<TransactionHash, DevnetError>;

    /// Consumes a message that a contract sent to L1; the message's hash.
    ///
    /// # Errors
    /// If there is no such message left.
    fn consume_from_l2(&self, message: &SentMessage) -> Result<L1Hash, DevnetError>;
}

/// Where a dump comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadSource {
    /// A file on the node's machine.
    File(std::path::PathBuf),
    /// Its bytes.
    Bytes(Vec<u8>),
}

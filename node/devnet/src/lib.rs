//! A running devnet: what it was made with, what it tells its user, and how it is controlled.
//!
//! It is a client of the block producer: a snapshot is a [`ProducerSnapshot`](zkthreads_producer::ProducerSnapshot) of it, a dump the database's export
//! behind the devnet's settings.

pub mod banner;
pub mod control;
mod delivery;
mod dump;
mod dumping;
mod mailbox;
pub mod manifest;
mod mint;
mod options;
mod postman;
mod prices;
mod running;
mod set_up;
mod snapshots;

use zkthreads_genesis::accounts::PredeployedAccount;

use manifest::Manifest;

pub use options::{DevnetOptions, HIGHEST_GAS_PRICE, LATEST_TIME};
pub use prices::change_prices;
pub use running::{RunningDevnet, StartError};
pub use set_up::block_mode;

/// What a devnet was made with.
#[derive(Debug, Clone)]
pub struct Devnet {
    /// The options.
    pub manifest: Manifest,
    /// The accounts they make.
    pub accounts: Vec<PredeployedAccount>,
    /// What this start decided.
    pub options: DevnetOptions,
    /// Whether the chain has just begun.
    pub is_new: bool,
}

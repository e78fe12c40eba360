//! What chains begin with: block 0 of a devnet, or of a chain of one's own, which a TOML file describes.
//!
//! [`state`] makes block 0 of token holders and accounts; [`constants`] and [`classes`] are starknet-devnet's, which its users
//! count on. [`Genesis`] is the file, and its copy in the data directory; [`Rules`] what a sequencer decides at each start.

pub mod account_class;
pub mod accounts;
pub mod balance;
pub mod chain_id;
pub mod classes;
pub mod constants;
mod file;
mod rules;
pub mod state;
mod tokens;
mod whole;

pub use file::{EXAMPLE, Genesis, GenesisAccount, GenesisFileError, HIGHEST_THREAD_LAG};
pub use rules::{Rules, chain_config, devnet_thread_rules};
pub use whole::write_whole;

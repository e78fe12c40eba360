//! What a chain of one's own begins with: a TOML file at its first start, of which the data directory keeps a copy.

mod account;
mod file;
mod rules;
mod thread_rules;

pub use account::GenesisAccount;
pub use file::{Genesis, GenesisFileError};
pub use rules::Rules;
pub use thread_rules::HIGHEST_THREAD_LAG;

/// A genesis file with everything it can say, as `--help` and the documentation show it.
pub const EXAMPLE: &str = include_str!("example.toml");
